/** `npm run test:sim -- --from SEED --seeds N`: any range of seeds, each printed that breaks something. */
import { parseArgs } from "node:util"
import { replayLine, runSeed, told } from "./run.ts"

const { values } = parseArgs({
  options: {
    from: { type: "string", default: "1" },
    seeds: { type: "string", default: "200" },
    steps: { type: "string" },
    trace: { type: "boolean", default: false },
  },
})
const from = Number(values.from)
const steps = values.steps === undefined ? {} : { steps: Number(values.steps) }
const onNote = values.trace
  ? (line: string): void => {
      console.log(line)
    }
  : undefined
const sum = { promised: 0, delivered: 0, told: 0, frames: 0 }
let failed = 0
const startedMs = performance.now()
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  try {
    const outcome = await runSeed(seed, { ...steps, ...(onNote === undefined ? {} : { onNote }) })
    for (const key of ["promised", "delivered", "told", "frames"] as const) sum[key] += outcome.figures[key]
    if (outcome.violations.length === 0) continue
    failed += 1
    console.log(told(outcome))
  } catch (error) {
    failed += 1
    console.log(`seed ${seed} threw; replay: ${replayLine(seed)}`, error)
  }
}
console.log({
  seeds: Number(values.seeds),
  failed,
  ...sum,
  seconds: Math.round(performance.now() - startedMs) / 1000,
})
process.exitCode = failed === 0 ? 0 : 1
