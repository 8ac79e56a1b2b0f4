import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { bytesOf } from "../../test/support/back-ends.ts"
import { toHex } from "./text.ts"
import { Secret, secret } from "./secret.ts"

describe("a secret", () => {
  const raw = bytesOf("key", 32)
  const held = secret(raw)

  it("prints as [secret], however it is printed and however deep it lies", () => {
    const state = { phase: "open", chain: { key: held, list: [held] } }
    for (const printed of [
      String(held),
      JSON.stringify(state),
      inspect(state, { depth: 9, showHidden: true }),
    ]) {
      expect(printed).toContain("[secret]")
      expect(printed).not.toContain(toHex(raw).slice(0, 6))
      expect(printed).not.toContain(raw.subarray(0, 3).join(", "))
    }
    expect(structuredClone(held)).toEqual({})
  })

  it("is a copy of what it was made from, and the same array each time", () => {
    const source = bytesOf("key", 32)
    const own = new Secret(source)
    source.fill(0)
    expect(own.expose()).toEqual(raw)
    expect(own.expose()).toBe(own.expose())
    expect(own.length).toBe(32)
  })
})
