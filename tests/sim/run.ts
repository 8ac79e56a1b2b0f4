/** A seed in, a verdict out: the same every time. */
import { checkHistory } from "@securechat/testkit"
import { account } from "./account.ts"
import type { Outcome } from "./report.ts"
import { World } from "./world.ts"

const STEPS = 300

export interface RunOptions {
  readonly steps?: number
  readonly onNote?: (line: string) => void
}

export const runSeed = async (seed: number, { steps = STEPS, onNote }: RunOptions = {}): Promise<Outcome> => {
  const world = new World(seed, onNote)
  await world.begin()
  for (let step = 0; step < steps; step++) await world.step()
  await world.heal()
  const figures = account(world)
  await world.end()
  return {
    ...{ seed, traceHash: world.traceHash, figures },
    violations: checkHistory(world.history),
    happened: Object.fromEntries(world.happened),
  }
}
