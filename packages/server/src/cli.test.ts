import { SecureChatError } from "@securechat/core/errors"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { readCommandLine } from "./cli.ts"
import { stopper } from "./stop.ts"

describe("the command line", () => {
  it("without options is a relay on loopback, port 5000", () => {
    const { options, logLevel, drainMs, readTls } = readCommandLine([])
    expect(options).toMatchObject({ port: 5000, host: "127.0.0.1" })
    expect([logLevel, drainMs, readTls, options.metrics, options.cors]).toEqual([
      "info",
      20_000,
      undefined,
      undefined,
      undefined,
    ])
  })

  it("says where mailboxes lie: in memory, a file or Redis", () => {
    const where = (...argv: readonly string[]): unknown => readCommandLine(argv).options.mailbox
    expect(where()).toBe("memory")
    expect(where("--mailbox", "sqlite:./relay.db")).toEqual({ sqlite: "./relay.db" })
    expect(where("--mailbox", "redis://:secret@host:6379/1")).toEqual({
      redis: "redis://:secret@host:6379/1",
    })
    const { options } = readCommandLine(["--durability", "power", "--allow-volatile"])
    expect([options.durability, options.allowVolatile]).toEqual(["power", true])
  })

  it("takes every option, repeated ones as lists", () => {
    const folder = mkdtempSync(join(tmpdir(), "securechat-cli-"))
    const [key, cert] = [join(folder, "k"), join(folder, "c")]
    writeFileSync(key, "one")
    writeFileSync(cert, "two")
    const { options, logLevel, drainMs, readTls } = readCommandLine([
      ...[
        "--port",
        "8443",
        "--host",
        "0.0.0.0",
        "--origin",
        "https://a.example",
        "--origin",
        "https://b.example",
      ],
      ...[
        "--cors",
        "https://app.example",
        "--tls-key",
        key,
        "--tls-cert",
        cert,
        "--polling",
        "--app",
        "dist",
      ],
      ...["--metrics-token", "t", "--log-level", "debug", "--log-addresses", "--drain", "5"],
    ])
    expect(options).toMatchObject({
      port: 8443,
      host: "0.0.0.0",
      origins: ["https://a.example", "https://b.example"],
      cors: { origins: ["https://app.example"] },
      polling: true,
      app: "dist",
      metrics: { prometheus: true, token: "t" },
      logAddresses: true,
    })
    expect([logLevel, drainMs, options.tls?.key.toString(), readTls?.().cert.toString()]).toEqual([
      "debug",
      5,
      "one",
      "two",
    ])
    rmSync(folder, { recursive: true })
  })

  it("trusts loopback proxies, or those that are named", () => {
    expect(readCommandLine(["--behind-proxy"]).options.behindProxy).toBe(true)
    expect(readCommandLine(["--behind-proxy", "10.0.0.1", "10.0.0.2"]).options.behindProxy).toEqual({
      trust: ["10.0.0.1", "10.0.0.2"],
    })
    expect(readCommandLine(["--metrics"]).options.metrics).toEqual({ prometheus: true })
  })

  it("refuses half a pair of TLS files", () => {
    expect(() => readCommandLine(["--tls-cert", "x"])).toThrow(SecureChatError)
  })
})

describe("a signal", () => {
  const process = (
    close: () => Promise<void>,
  ): { signal: (name: string, atMs: number) => void; exits: number[] } => {
    const exits: number[] = []
    let nowMs = 0
    const stop = stopper({
      relay: { close },
      drainMs: 5,
      nowMs: () => nowMs,
      exit: (code) => exits.push(code),
    })
    return {
      exits,
      signal: (name, atMs) => {
        nowMs = atMs
        stop(name)
      },
    }
  }

  it("drains and exits 0, or 1 when closing failed", async () => {
    const good = process(() => Promise.resolve())
    good.signal("SIGTERM", 0)
    const bad = process(() => Promise.reject(new Error("stuck")))
    bad.signal("SIGINT", 0)
    await Promise.resolve()
    await Promise.resolve()
    expect([good.exits, bad.exits]).toEqual([[0], [1]])
  })

  it("[R18] the second time ends at once, but an echo within half a second is one signal", () => {
    const { signal, exits } = process(() => new Promise(() => undefined))
    signal("SIGINT", 0)
    signal("SIGINT", 499)
    expect(exits).toEqual([])
    signal("SIGINT", 500)
    expect(exits).toEqual([130])
    const other = process(() => new Promise(() => undefined))
    other.signal("SIGINT", 0)
    other.signal("SIGTERM", 10)
    expect(other.exits).toEqual([143])
  })
})
