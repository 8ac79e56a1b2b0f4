/** Starts contestants as processes of their own and asks them for rounds. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export interface Contestant {
  readonly name: string
  /** A module of tasks, relative to this folder; or the whole command, for one that is not Node. */
  readonly module?: string
  readonly command?: readonly string[]
  readonly task: string
  readonly input?: unknown
  /** Node flags, such as a heap to be collected by hand. */
  readonly flags?: readonly string[]
}

export interface Running {
  readonly name: string
  /** How often per second, over about so many milliseconds. */
  round(forMs: number): Promise<number>
  stop(): Promise<void>
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** A round that takes longer than this has hung, and is told rather than waited for. */
const ANSWER_MS = 120_000
/** Getting ready may be a million messages or ten thousand handshakes. */
const READY_MS = 1_800_000

const commandOf = (contestant: Contestant): readonly string[] => {
  const input = contestant.input === undefined ? [] : [JSON.stringify(contestant.input)]
  if (contestant.command !== undefined) return [...contestant.command, contestant.task, ...input]
  const flags = ["--conditions=@securechat/source", "--no-warnings", ...(contestant.flags ?? [])]
  return [
    process.execPath,
    ...flags,
    here("worker.ts"),
    here(contestant.module ?? ""),
    contestant.task,
    ...input,
  ]
}

function answersOf(child: ChildProcess, name: string): (withinMs: number) => Promise<unknown> {
  if (child.stdout === null) throw new Error("a contestant without output")
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async (withinMs) => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`${name} did not answer within ${withinMs / 1000} s`))
      }, withinMs).unref()
    })
    const line = await Promise.race([lines.next(), late])
    clearTimeout(timer)
    if (line.done === true) throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}`)
    return JSON.parse(line.value) as unknown
  }
}

export async function start(contestant: Contestant): Promise<Running> {
  const [program, ...args] = commandOf(contestant)
  const child = spawn(program as string, args, { stdio: ["pipe", "pipe", "inherit"] })
  child.on("error", () => {}) // a missing program ends its output, and that is told
  child.stdin.on("error", () => {})
  const answer = answersOf(child, contestant.name)
  await answer(READY_MS)
  return {
    name: contestant.name,
    round: async (forMs) => {
      child.stdin.write(`${forMs}\n`)
      return ((await answer(ANSWER_MS)) as { readonly perSecond: number }).perSecond
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.stdin.end()
      const killer = setTimeout(() => child.kill("SIGKILL"), 5_000)
      await once(child, "exit")
      clearTimeout(killer)
    },
  }
}
