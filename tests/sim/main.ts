/**
 * `npm run test:sim -- --from SEED --seeds N`: any range of seeds, each printed that breaks something, on `--workers`
 * processes. `--plant NAME` puts a fault into the sources as Node reads them, `--until-broken` ends with the first seed
 * that shows one, `--trace` tells of every step. `--search N` looks for the first seed that shows each planted fault, up
 * to N.
 */
import { parseArgs } from "node:util"
import { FAULTS } from "./faults.ts"
import { plant } from "./plant.ts"
import { type Verdict, judgeSeeds, range } from "./pool.ts"
import { Progress } from "./progress.ts"

const { values } = parseArgs({
  options: {
    from: { type: "string", default: "1" },
    seeds: { type: "string", default: "200" },
    steps: { type: "string" },
    workers: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
    plant: { type: "string" },
    search: { type: "string" },
    "until-broken": { type: "boolean", default: false },
  },
})
const steps = values.steps === undefined ? {} : { steps: Number(values.steps) }
const workers = Number(values.workers)
const say = (line: string): void => {
  console.log(line)
}

/** Do all seeds of the range keep every invariant, or, with a fault, the one it breaks? */
const simulate = async (): Promise<boolean> => {
  const count = Number(values.seeds)
  const seeds = range(Number(values.from), count)
  const breaks = FAULTS.find(({ name }) => name === values.plant)?.breaks
  const progress = new Progress(count, breaks, say)
  const onVerdict = (verdict: Verdict): boolean => progress.add(verdict) && values["until-broken"]
  const startedMs = performance.now()
  if (values.trace) {
    if (values.plant !== undefined) plant(values.plant)
    // Read only now: a fault has to be in place before the sources are.
    const { runSeed } = await import("./run.ts")
    for (const seed of seeds) if (onVerdict(await runSeed(seed, { ...steps, onNote: say }))) break
  } else await judgeSeeds({ seeds, workers, ...steps, plant: values.plant, onVerdict })
  const seconds = Math.round(performance.now() - startedMs) / 1000
  const { broken, sums, happened } = progress
  console.log(Object.fromEntries([...happened].toSorted()))
  console.log({ ...sums, broken: broken.join(" "), seconds })
  return broken.length === 0 && sums.seeds === count
}

/** Is every planted fault found? */
const search = async (most: number): Promise<boolean> => {
  let isComplete = true
  for (const { name, breaks } of FAULTS) {
    const progress = new Progress(most, breaks, () => undefined)
    const onVerdict = (verdict: Verdict): boolean => progress.add(verdict)
    await judgeSeeds({ seeds: range(1, most), workers, plant: name, onVerdict })
    const [seed] = progress.broken
    isComplete &&= seed !== undefined
    say(`${name}: ${seed === undefined ? `NOT FOUND in ${most} seeds` : `breaks ${breaks}, seed ${seed}`}`)
  }
  return isComplete
}

const isSound = values.search === undefined ? await simulate() : await search(Number(values.search))
process.exitCode = isSound ? 0 : 1
