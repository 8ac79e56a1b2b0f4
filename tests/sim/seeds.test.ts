/**
 * Whole worlds, one from each seed, on all cores. A seed that fails prints its line to replay it. What may go wrong has
 * to go wrong, and to be seen: a kind of fault that never came is a test that fails.
 */
import { availableParallelism } from "node:os"
import { describe, expect, it } from "vitest"
import { HAPPENINGS } from "./mix.ts"
import { judgeSeeds, range } from "./pool.ts"
import { Progress } from "./progress.ts"

const SEEDS = 200
/** A bound for a busy machine, not an expectation. */
const LIMIT_MS = 600_000
const workers = availableParallelism()

/** What goes wrong on purpose, and what a person sees of it. */
const FAULTS_AND_SIGNS = [
  ...HAPPENINGS,
  ...["failBefore", "failAfter", "torn", "dieBefore", "dieAfter"],
  ...["frame lost", "frame repeated", "frame reordered"],
  ...["drop", "repeat", "hold", "mutate", "garble", "redirect", "replay"],
  ...["swapAnswers", "splitView", "swallow", "lieAboutCursor", "forge"],
  ...["gap seen", "unreadable seen", "late message seen", "identity change seen", "rollback seen"],
]

describe("a simulated world", () => {
  it(
    "keeps every invariant, whatever the seed draws",
    async () => {
      const lines: string[] = []
      const progress = new Progress(SEEDS, undefined, (line) => lines.push(line))
      await judgeSeeds({
        seeds: range(1, SEEDS),
        workers,
        onVerdict: (verdict) => {
          progress.add(verdict)
          return false
        },
      })
      expect(progress.broken, lines.join("\n")).toEqual([])
      expect(progress.sums.seeds).toBe(SEEDS)
      expect(FAULTS_AND_SIGNS.filter((what) => !progress.happened.has(what))).toEqual([])
    },
    LIMIT_MS,
  )

  it(
    "is the same every time",
    async () => {
      const hashes = new Map<number, string[]>()
      await judgeSeeds({
        ...{ seeds: [3, 3, 5, 5, 13, 13], workers: 2, steps: 100 },
        onVerdict: (verdict) => {
          const hash = "threw" in verdict ? verdict.threw : verdict.traceHash
          hashes.set(verdict.seed, [...(hashes.get(verdict.seed) ?? []), hash])
          return false
        },
      })
      expect([...hashes.values()].map(([one, two]) => one === two)).toEqual([true, true, true])
      expect(new Set([...hashes.values()].flat()).size).toBe(3)
    },
    LIMIT_MS,
  )
})
