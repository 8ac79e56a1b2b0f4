/** `securechat-relay` as a process of its own, on a port that stays the same when it is killed and started again. */
import { type ChildProcess, spawn } from "node:child_process"
import { createServer } from "node:net"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

const main = join(
  dirname(createRequire(import.meta.url).resolve("@securechat/server/package.json")),
  "src",
  "main.ts",
)

export interface RelayProcess {
  readonly url: string
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>
  /** Asks it to end; resolves with its exit code. */
  terminate(): Promise<number | null>
  /** Again, on the same port and the same mailboxes. */
  start(): Promise<void>
}

let next = 10_000 + (process.pid % 8_000)
const freePort = async (): Promise<number> => {
  const port = next++
  const server = createServer()
  const taken = await new Promise<boolean>((resolve) => {
    server.once("error", () => {
      resolve(true)
    })
    server.listen(port, "127.0.0.1", () => {
      resolve(false)
    })
  })
  if (taken) return freePort()
  await new Promise((resolve) => server.close(resolve))
  return port
}

const gone = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once("exit", resolve))

/** Resolves when it listens. */
const launch = (port: number, args: readonly string[], descriptors?: number): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const given = ["--port", String(port), "--log-level", "silent", "--drain", "1000", ...args]
    const command = [process.execPath, "--conditions=@securechat/source", main, ...given]
    // The shell's own limit goes on to what it becomes.
    const bound = descriptors === undefined ? "" : `ulimit -n ${descriptors}; `
    const child = spawn("sh", ["-c", `${bound}exec "$@"`, "sh", ...command])
    let printed = ""
    const fail = (): void => {
      reject(new Error(`the relay ended: ${printed}`))
    }
    child.once("exit", fail)
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (part: Buffer) => {
        printed += part.toString()
        if (!printed.includes("listening on")) return
        child.off("exit", fail)
        resolve(child)
      })
  })

const run = async (args: readonly string[], descriptors?: number): Promise<RelayProcess> => {
  const port = await freePort()
  let child = await launch(port, args, descriptors)
  return {
    url: `http://127.0.0.1:${port}`,
    kill: async () => {
      child.kill("SIGKILL")
      await gone(child)
    },
    terminate: () => {
      child.kill("SIGTERM")
      return gone(child)
    },
    start: async () => {
      child = await launch(port, args, descriptors)
    },
  }
}

export const startRelay = (...args: readonly string[]): Promise<RelayProcess> => run(args)
/** One that may open so many files. */
export const startRelayWith = (descriptors: number): Promise<RelayProcess> => run([], descriptors)
