import { describe, expect, it } from "vitest"
import { LIMIT_MS, quarter } from "./quarter.ts"
import { runSeed } from "./run.ts"

quarter(0)

describe("a run", () => {
  it(
    "is the same every time",
    async () => {
      for (const seed of [3, 5, 13]) {
        const [one, two] = [await runSeed(seed), await runSeed(seed)]
        expect(two).toEqual(one)
        expect(one.traceHash).not.toBe((await runSeed(seed + 1000, { steps: 20 })).traceHash)
      }
    },
    LIMIT_MS,
  )
})
