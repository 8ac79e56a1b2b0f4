/**
 * Proves that the simulation bites: each fault is planted into the sources as Node reads them, and the seed known for it
 * must show what it breaks. `npm run test:long sim` searches from the first seed on instead.
 */
import { describe, expect, it } from "vitest"
import { FAULTS } from "./faults.ts"
import { judgeSeeds } from "./pool.ts"
import { Progress } from "./progress.ts"

/** A bound for a busy machine, not an expectation. */
const LIMIT_MS = 120_000

describe("a fault planted into the product", () => {
  it("has its like in no other: one for each invariant, and fifteen at least", () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
    expect(FAULTS.length).toBeGreaterThanOrEqual(15)
    expect([...new Set(FAULTS.map(({ breaks }) => breaks))].toSorted()).toEqual([
      "I1",
      "I10",
      "I11",
      "I2",
      "I3",
      "I4",
      "I5",
      "I6",
      "I7",
      "I8",
      "I9",
    ])
  })

  it.concurrent.each(FAULTS)(
    "is found by the simulation: $name",
    async ({ name, breaks, seed }) => {
      const lines: string[] = []
      const progress = new Progress(1, breaks, (line) => lines.push(line))
      await judgeSeeds({
        seeds: [seed],
        workers: 1,
        plant: name,
        onVerdict: (verdict) => progress.add(verdict),
      })
      expect(lines.join("\n")).toContain(`\n  ${breaks} at record`)
    },
    LIMIT_MS,
  )
})
