/** What came of a run, and how a person is told of it. Nothing of the product is read here. */
import type { Violation } from "@securechat/testkit"

export interface Outcome {
  readonly seed: number
  /** Of everything that was carried, shown and done. */
  readonly traceHash: string
  readonly violations: readonly Violation[]
  readonly figures: Figures
  /** What went wrong on purpose, and what was seen of it: how often each. */
  readonly happened: Readonly<Record<string, number>>
}
export interface Figures {
  readonly promised: number
  readonly delivered: number
  /** Not delivered, and somebody was told. */
  readonly told: number
  readonly frames: number
}

/** What a person needs to see it again. */
export const replayLine = (seed: number): string => `npm run test:sim -- --from ${seed} --seeds 1 --trace`

export const told = ({ seed, violations }: Outcome): string =>
  [
    `seed ${seed}: ${violations.length} violations; replay: ${replayLine(seed)}`,
    ...violations.slice(0, 8).map((one) => `  ${one.invariant} at record ${one.at}: ${one.message}`),
  ].join("\n")
