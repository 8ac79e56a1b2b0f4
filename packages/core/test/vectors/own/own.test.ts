import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { OWN, type Vectors } from "./compute.ts"

describe("the frozen vectors", () => {
  for (const [name, compute] of Object.entries(OWN))
    it(`of ${name} are what the code computes today, byte for byte`, async () => {
      const frozen = JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8")) as Vectors
      expect(await compute()).toEqual(frozen)
    })

  it("hold 40 ratchet messages, with ML-KEM steps offered and answered both ways", async () => {
    const { messages } = (await OWN["ratchet"]?.()) as {
      messages: { from: string; offers: boolean; answers: boolean }[]
    }
    expect(messages).toHaveLength(40)
    for (const from of ["alice", "bob"])
      for (const step of ["offers", "answers"] as const)
        expect(messages.some((message) => message.from === from && message[step])).toBe(true)
  })
})
