/** Seeds over several processes: each takes the next one as soon as it is free, and all end together. */
import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Outcome } from "./report.ts"

/** Of a run that ended, or of one that did not. */
export type Verdict = Outcome | { readonly seed: number; readonly threw: string }

export interface PoolOptions {
  readonly seeds: Iterable<number>
  readonly workers: number
  readonly steps?: number | undefined
  /** A fault that all of them have in their sources. */
  readonly plant?: string | undefined
  /** True ends the pool: no other seed is begun, and those on their way are dropped. */
  readonly onVerdict: (verdict: Verdict) => boolean
}

const worker = fileURLToPath(new URL("worker.ts", import.meta.url))

export const range = function* (from: number, count: number): Generator<number> {
  for (let seed = from; seed < from + count; seed++) yield seed
}

/** @throws Error when a process dies under its seed. */
export const judgeSeeds = async ({ seeds, workers, steps, plant, onVerdict }: PoolOptions): Promise<void> => {
  const left = seeds[Symbol.iterator]()
  const running = new Set<ChildProcess>()
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(worker, plant === undefined ? [] : [plant], {
        execArgv: ["--conditions=@securechat/source"],
      })
      running.add(child)
      let seed: number | undefined
      const next = (): void => {
        const { value, done } = left.next()
        if (done === true) {
          seed = undefined
          child.disconnect()
        } else child.send({ seed: (seed = value), steps })
      }
      child.on("message", (said: "ready" | Verdict) => {
        if (said !== "ready" && onVerdict(said)) {
          left.return?.()
          for (const each of running) each.kill()
        } else next()
      })
      child.on("error", reject)
      child.on("exit", (code, signal) => {
        running.delete(child)
        // A signal is ours.
        if (code === 0 || signal === "SIGTERM") resolve()
        else reject(new Error(`a process ended with ${code ?? signal ?? ""} under seed ${seed ?? "none"}`))
      })
    })
  try {
    await Promise.all(Array.from({ length: workers }, one))
  } finally {
    for (const each of running) each.kill()
  }
}
