/** A server as a process of its own, and what it costs: time of the processor over all its threads, and memory. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync, readdirSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export interface Server {
  readonly port: number
  /** Milliseconds of processor time since it began, from the scheduler's own count. */
  cpuMs(): number
  memory(): Promise<NodeJS.MemoryUsage>
  stop(): Promise<void>
  /** At once, with -9. */
  kill(): void
}

export const cpuMsOf = (pid: number): number => {
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`))
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0])
  return nanoseconds / 1e6
}

export async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill("SIGTERM")
  const killer = setTimeout(() => child.kill("SIGKILL"), 5_000)
  await once(child, "exit")
  clearTimeout(killer)
}

type Kind = "bare" | "socket.io" | "relay"

export async function startServer(kind: Kind, mailbox: unknown = "memory"): Promise<Server> {
  const file = fileURLToPath(new URL("server.ts", import.meta.url))
  // The young generation as `deploy/` starts a relay: a large one is kept for good, and gains nothing.
  const flags = ["--conditions=@securechat/source", "--no-warnings", "--expose-gc", "--max-semi-space-size=8"]
  const child = spawn(process.execPath, [...flags, file, kind, JSON.stringify(mailbox)], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`the ${kind} server ended with ${child.exitCode ?? "a signal"}`)
    return JSON.parse(value) as unknown
  }
  const { port } = (await line()) as { readonly port: number }
  const { pid } = child
  if (pid === undefined) throw new Error("no process")
  return {
    port,
    cpuMs: () => cpuMsOf(pid),
    memory: async () => {
      child.stdin.write("memory\n")
      return (await line()) as NodeJS.MemoryUsage
    },
    stop: () => stopped(child),
    kill: () => {
      child.kill("SIGKILL")
    },
  }
}
