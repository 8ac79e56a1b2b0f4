/** A Redis of a test's own: on a free port, with its log of writes in a temporary folder, ended by its process id. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Empty: not on this machine. */
export const REDIS_SERVER = process.env["REDIS_SERVER"] ?? ""

export interface RedisServer {
  /** Of a database that nobody has used yet. */
  fresh(): string
  readonly port: number
  readonly folder: string
  readonly pid: number
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>
  /** Starts it again on what it kept. */
  restart(): Promise<void>
  /** Ends it and removes what it kept. */
  close(): Promise<void>
}

/** The raw answer to one inline command, up to the end of its first line. */
const ask = (port: number, ...lines: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1")
    const answers: string[] = []
    socket.on("connect", () => socket.write(`${lines.join("\r\n")}\r\n`))
    socket.on("error", reject)
    socket.on("data", (data) => {
      answers.push(
        ...data
          .toString()
          .split("\r\n")
          .filter((line) => line !== ""),
      )
      if (answers.length < lines.length) return
      socket.destroy()
      resolve(answers.at(-1) ?? "")
    })
  })

/** Resolves when it serves; undefined: its port is taken. */
const serve = (
  port: number,
  folder: string,
  options: readonly string[],
): Promise<ChildProcess | undefined> => {
  const child = spawn(REDIS_SERVER, ["--port", String(port), "--dir", folder, ...options], { stdio: "pipe" })
  return new Promise((resolve, reject) => {
    let printed = ""
    child.on("error", reject)
    child.on("exit", () => {
      if (printed.includes("Address already in use")) resolve(undefined)
      else reject(new Error(`redis-server ended: ${printed}`))
    })
    child.stdout.on("data", (part: Buffer) => {
      printed += part.toString()
      if (part.includes("Ready to accept connections"))
        ask(port, "PING").then(() => {
          resolve(child)
        }, reject)
    })
  })
}

const gone = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else
      child.once("exit", () => {
        resolve()
      })
    child.kill("SIGKILL")
  })

// `always`: with `everysec` a killed Redis may have answered what it had not yet written, when its disk is slow.
const DURABLE = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]

/** @param options arguments of redis-server; without them it is set up as operations.md asks. */
export const startRedis = async (options: readonly string[] = DURABLE): Promise<RedisServer> => {
  const folder = mkdtempSync(join(tmpdir(), "securechat-redis-"))
  const given = ["--save", "", "--bind", "127.0.0.1", "--databases", "1000", ...options]
  let databases = 0
  let port = 20_000 + (process.pid % 10_000)
  let child = await serve(port, folder, given)
  while (child === undefined) child = await serve(++port, folder, given)
  const server = {
    fresh: () => `redis://127.0.0.1:${port}/${++databases}`,
    port,
    folder,
    get pid() {
      return child?.pid ?? 0
    },
    kill: () => (child === undefined ? Promise.resolve() : gone(child)),
    restart: async () => {
      child = await serve(port, folder, given)
      if (child === undefined) throw new Error("its port was taken meanwhile")
    },
    close: async () => {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return server
}

/** One command behind the relays' backs: its answer as Redis writes it. */
export const redisCommand = (url: string, ...args: readonly string[]): Promise<string> => {
  const { port, pathname } = new URL(url)
  return ask(Number(port), `SELECT ${pathname.slice(1)}`, args.join(" "))
}
