/**
 * One contestant in its own process: `worker.ts <module> <task> [json]`. It reads one number a line, works for so many
 * milliseconds and answers with how often per second. The first answer, without a number, says that it is ready.
 * `peers/fernet_peer.py` speaks the same.
 */
import { createInterface } from "node:readline"
import { pathToFileURL } from "node:url"

export interface Task {
  /** One piece of work. A promise is awaited: the work of one ratchet cannot overlap. */
  readonly work: () => unknown
  /** Comes before each piece and is not counted in its time. */
  readonly before?: () => unknown
  /** How many counted things one piece of work is; 1. */
  readonly worth?: number
  /** Instead of repeating: measures by itself for so long and says what counts per second. */
  readonly measure?: (forMs: number) => Promise<number>
  readonly end?: () => unknown
}
export type Tasks = Readonly<Record<string, (input: never) => Task | Promise<Task>>>

const answer = (value: object): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/**
 * Time of the processor in this thread: on a quiet machine it equals the clock for work that waits for nothing, and what
 * others do is not in it. `BENCH_CLOCK=wall` takes the clock.
 */
const cpuMs = (): number => {
  if (process.env["BENCH_CLOCK"] === "wall") return performance.now()
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** How often per second of processor time; the round ends with the first piece that ends after its time. */
async function perSecond(task: Task, forMs: number): Promise<number> {
  const endMs = performance.now() + forMs
  let times = 0
  let aside = 0
  const beganMs = cpuMs()
  do {
    if (task.before !== undefined) {
      const fromMs = cpuMs()
      await task.before()
      aside += cpuMs() - fromMs
    }
    const result = task.work()
    if (result instanceof Promise) await result
    times += 1
  } while (performance.now() < endMs)
  return (times * (task.worth ?? 1) * 1000) / (cpuMs() - beganMs - aside)
}

const [file, name, input] = process.argv.slice(2)
if (file === undefined || name === undefined) throw new Error("worker.ts <module> <task> [json]")
const { tasks } = (await import(pathToFileURL(file).href)) as { readonly tasks: Tasks }
const make = tasks[name]
if (make === undefined) throw new Error(`${file} has no task ${name}`)
const task = await make((input === undefined ? undefined : JSON.parse(input)) as never)
answer({ ready: true })
for await (const line of createInterface({ input: process.stdin })) {
  const forMs = Number(line)
  answer({ perSecond: await (task.measure?.(forMs) ?? perSecond(task, forMs)) })
}
await task.end?.()
process.exit(0)
