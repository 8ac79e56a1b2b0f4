/** A seed in, a verdict out: the same every time. */
import type { Violation } from "@securechat/testkit"
import { checkHistory } from "@securechat/testkit"
import { account } from "./account.ts"
import { World } from "./world.ts"

const STEPS = 300

export interface RunOptions {
  readonly steps?: number
  readonly onNote?: (line: string) => void
}
export interface Outcome {
  readonly seed: number
  /** Of everything that was carried, shown and done. */
  readonly traceHash: string
  readonly violations: readonly Violation[]
  readonly figures: Figures
}
export interface Figures {
  readonly promised: number
  readonly delivered: number
  /** Not delivered, and somebody was told. */
  readonly told: number
  readonly frames: number
}

export const runSeed = async (seed: number, { steps = STEPS, onNote }: RunOptions = {}): Promise<Outcome> => {
  const world = new World(seed, onNote)
  await world.begin()
  for (let step = 0; step < steps; step++) await world.step()
  await world.heal()
  const figures = await account(world)
  await world.end()
  return {
    ...{ seed, traceHash: world.traceHash, figures },
    violations: checkHistory(world.history),
  }
}

/** What a person needs to see it again. */
export const replayLine = (seed: number): string => `npm run test:sim -- --from ${seed} --seeds 1 --trace`

export const told = ({ seed, violations }: Outcome): string =>
  [
    `seed ${seed}: ${violations.length} violations; replay: ${replayLine(seed)}`,
    ...violations.slice(0, 8).map((one) => `  ${one.invariant} at record ${one.at}: ${one.message}`),
  ].join("\n")
