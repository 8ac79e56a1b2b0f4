/**
 * Whole clients, the relay and everything that may go wrong, from one seed a run: testing.md row 8. A seed that fails
 * prints its line to replay it; `SIM_SEEDS` and `SIM_FROM` widen the range.
 */
import { describe, expect, it } from "vitest"
import { runSeed, told } from "./run.ts"

const FROM = Number(process.env["SIM_FROM"] ?? 1)
const SEEDS = Number(process.env["SIM_SEEDS"] ?? 60)
/** Seeds of one test: its time limit is a bound for a busy machine, not an expectation. */
const AT_ONCE = 20
const LIMIT_MS = 300_000

const ranges = Array.from({ length: Math.ceil(SEEDS / AT_ONCE) }, (_, i) => {
  const from = FROM + i * AT_ONCE
  return { from, to: Math.min(from + AT_ONCE, FROM + SEEDS) - 1 }
})

describe("a simulated world", () => {
  it.each(ranges)(
    "keeps every invariant, seeds $from to $to",
    async ({ from, to }) => {
      const broken: string[] = []
      for (let seed = from; seed <= to; seed++) {
        const outcome = await runSeed(seed)
        if (outcome.violations.length > 0) broken.push(told(outcome))
      }
      expect(broken.join("\n")).toBe("")
    },
    LIMIT_MS,
  )

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
