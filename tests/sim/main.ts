/**
 * `npm run test:sim -- --from SEED --seeds N`: any range of seeds, each printed that breaks something. `--plant NAME` puts
 * a fault into the sources as Node reads them, `--until-broken` ends with the first seed that shows one.
 */
import { parseArgs } from "node:util"
import { plant } from "./plant.ts"

const { values } = parseArgs({
  options: {
    from: { type: "string", default: "1" },
    seeds: { type: "string", default: "200" },
    steps: { type: "string" },
    trace: { type: "boolean", default: false },
    plant: { type: "string" },
    "until-broken": { type: "boolean", default: false },
  },
})
const wanted = values.plant === undefined ? undefined : plant(values.plant).breaks
// Read only now: a fault has to be in place before the sources are.
const { replayLine, runSeed, told } = await import("./run.ts")

const from = Number(values.from)
const options = {
  ...(values.steps === undefined ? {} : { steps: Number(values.steps) }),
  ...(values.trace
    ? {
        onNote: (line: string) => {
          console.log(line)
        },
      }
    : {}),
}
const sum = { promised: 0, delivered: 0, told: 0, frames: 0 }
const broken: number[] = []
const startedMs = performance.now()
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  try {
    const outcome = await runSeed(seed, options)
    for (const key of ["promised", "delivered", "told", "frames"] as const) sum[key] += outcome.figures[key]
    const found = outcome.violations.filter(({ invariant }) => invariant === (wanted ?? invariant))
    if (found.length === 0) continue
    console.log(told({ ...outcome, violations: found }))
  } catch (error) {
    console.log(`seed ${seed} threw; replay: ${replayLine(seed)}`, error)
  }
  broken.push(seed)
  if (values["until-broken"]) break
}
const seconds = Math.round(performance.now() - startedMs) / 1000
console.log({ seeds: Number(values.seeds), broken: broken.join(" "), ...sum, seconds })
process.exitCode = broken.length === 0 ? 0 : 1
