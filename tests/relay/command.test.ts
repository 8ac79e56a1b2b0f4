/** `securechat-relay` as a process: what it prints, how it ends. */
import { type ChildProcess, spawn } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { relayDevice } from "@securechat/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { dial } from "./support/wire-client.ts"

const main = join(
  dirname(createRequire(import.meta.url).resolve("@securechat/server/package.json")),
  "src",
  "main.ts",
)
const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL")
})

interface Run {
  readonly child: ChildProcess
  readonly printed: () => string
  /** Resolves with the match once it was printed. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  readonly exit: Promise<number | null>
}

const run = (...args: readonly string[]): Run => {
  const child = spawn(process.execPath, ["--conditions=@securechat/source", main, ...args])
  started.push(child)
  let text = ""
  let check = (): void => undefined
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => {
      text += part.toString()
      check()
    })
  return {
    child,
    printed: () => text,
    until: (pattern) =>
      new Promise((resolve) => {
        check = () => {
          const match = pattern.exec(text)
          if (match !== null) resolve(match)
        }
        check()
      }),
    exit: new Promise((resolve) => child.on("close", resolve)),
  }
}
const device = relayDevice({
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  nowMs: () => Date.now(),
})

describe("securechat-relay", () => {
  it("explains itself", async () => {
    const { exit, printed } = run("--help")
    expect(await exit).toBe(0)
    for (const option of [
      "--port",
      "--host",
      "--origin",
      "--tls-key",
      "--tls-cert",
      "--app",
      "--metrics",
      "--log-level",
    ])
      expect(printed()).toContain(option)
  })

  it("prints its limits and its address, serves, drains on SIGTERM and exits 0", async () => {
    const { child, until, exit, printed } = run("--port", "0", "--drain", "500")
    const [, url = ""] = await until(/listening on (\S+)/)
    const client = await dial(url, device)
    await client.login()
    child.kill("SIGTERM")
    await client.next("drain")
    expect((await client.ended).code).toBe(4011)
    expect(await exit).toBe(0)
    expect(printed()).toContain('"event":"limits"')
    expect(printed()).not.toContain(device.identity.accountId)
  })

  it("[R18] ends at once on another signal", async () => {
    const { child, until, exit } = run("--port", "0", "--log-level", "silent")
    const [, url = ""] = await until(/listening on (\S+)/)
    const client = await dial(url, device)
    await client.login()
    const busy = await dial(
      url,
      relayDevice({ random: (n) => crypto.getRandomValues(new Uint8Array(n)), nowMs: () => Date.now() }),
    )
    await busy.login()
    child.kill("SIGINT")
    await busy.next("drain")
    child.kill("SIGTERM")
    expect(await exit).toBe(143)
  })

  it("[R16] refuses a public address without TLS, half a pair of files and an unknown option", async () => {
    const open = run("--host", "0.0.0.0")
    expect(await open.exit).toBe(2)
    expect(open.printed()).toContain("without TLS")
    const half = run("--tls-key", "x.key")
    expect(await half.exit).toBe(2)
    expect(half.printed()).toContain("belong together")
    expect(await run("--nonsense").exit).toBe(1)
  })

  it("ends where it cannot keep what it should: no folder, no Redis, no such place", async () => {
    const [folder, redis, place] = [
      run("--mailbox", "sqlite:/nowhere/at/all/relay.db"),
      run("--mailbox", "redis://127.0.0.1:9"),
      run("--mailbox", "a drawer"),
    ]
    expect(await Promise.all([folder.exit, redis.exit, place.exit])).toEqual([2, 2, 1])
    expect(folder.printed()).toContain("cannot be opened")
    expect(redis.printed()).toContain("nobody answers")
    expect(place.printed()).toContain("sqlite:<file>")
  })
})
