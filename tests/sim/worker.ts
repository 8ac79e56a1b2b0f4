/** One process of a pool: takes a seed, gives back what came of it, takes the next. Its fault, if any, is its argument. */
import { enableCompileCache } from "node:module"
import { fileURLToPath } from "node:url"
import { plant } from "./plant.ts"
import type { Verdict } from "./pool.ts"

// Half of the time of a short life is reading the sources.
enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/sim", import.meta.url)))
const name = process.argv[2]
if (name !== undefined) plant(name)
// Read only now: a fault has to be in place before the sources are.
const { runSeed } = await import("./run.ts")

const judge = async (seed: number, steps: number | undefined): Promise<Verdict> => {
  try {
    return await runSeed(seed, steps === undefined ? {} : { steps })
  } catch (error) {
    return { seed, threw: error instanceof Error ? String(error.stack) : String(error) }
  }
}

process.on("message", ({ seed, steps }: { readonly seed: number; readonly steps?: number }) => {
  void judge(seed, steps).then((verdict) => {
    // Whoever asked may be gone meanwhile.
    if (process.connected) process.send?.(verdict)
  })
})
process.send?.("ready")
