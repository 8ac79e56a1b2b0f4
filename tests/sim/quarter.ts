/**
 * A quarter of the seeds, so that they share the cores. A seed that fails prints its line to replay it;
 * `SIM_SEEDS` and `SIM_FROM` widen the range.
 */
import { describe, expect, it } from "vitest"
import { runSeed, told } from "./run.ts"

const FROM = Number(process.env["SIM_FROM"] ?? 1)
const SEEDS = Number(process.env["SIM_SEEDS"] ?? 200)
/** Seeds of one test: its time limit is a bound for a busy machine, not an expectation. */
const AT_ONCE = 25
export const LIMIT_MS = 300_000

/** @param part 0 to 3 */
export const quarter = (part: number): void => {
  const first = FROM + Math.floor((SEEDS * part) / 4)
  const end = FROM + Math.floor((SEEDS * (part + 1)) / 4)
  const ranges = Array.from({ length: Math.ceil((end - first) / AT_ONCE) }, (_, i) => {
    const from = first + i * AT_ONCE
    return { from, to: Math.min(from + AT_ONCE, end) - 1 }
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
  })
}
