import { SecureChatError } from "@securechat/core/errors"
import type { Logger } from "@securechat/core/transport"
import { describe, expect, it } from "vitest"
import { jsonLogger } from "./log.ts"
import { prometheusMetrics } from "./metrics.ts"
import { type Observer, observerOf } from "./observer.ts"

const recorded = (logAddresses: boolean, keyByte = 1): readonly [Observer, string[]] => {
  const lines: string[] = []
  const write = (message: string, context?: object): void => {
    lines.push(JSON.stringify([message, context]))
  }
  const logger: Logger = { debug: write, info: write, warn: write, error: write }
  return [
    observerOf({ logger, metrics: undefined, key: new Uint8Array(32).fill(keyByte), logAddresses }),
    lines,
  ]
}
const login = {
  type: "log",
  level: "info",
  event: "login",
  fields: { account: "sc1abc", address: "192.0.2.1", connection: "c1" },
} as const

describe("the log", () => {
  it("[C9] writes an account as a hash under the process's key, and an address only when asked to", () => {
    const [quiet, lines] = recorded(false)
    quiet.log(login)
    quiet.log(login)
    const [other, others] = recorded(true, 2)
    other.log(login)
    expect(lines[0]).toBe(lines[1])
    expect(lines[0]).not.toContain("sc1abc")
    expect(lines[0]).not.toContain("192.0.2.1")
    expect(lines[0]).toMatch(/"account":"[0-9a-f]{16}"/)
    expect(others[0]).toContain("192.0.2.1")
    expect(
      JSON.stringify(others[0]).includes(/"account":"([0-9a-f]{16})"/.exec(lines[0] ?? "")?.[1] ?? "?"),
    ).toBe(false)
  })

  it("names a failure by its code or class, never by its words", () => {
    const [observer, lines] = recorded(false)
    observer.hookFailed(new Error("password was hunter2"))
    observer.mailboxFailed(new SecureChatError("ERR_CLOSED", "secret"))
    observer.mailboxFailed("secret")
    observer.refused("foreign origin", { address: "192.0.2.1" })
    expect(lines).toEqual([
      '["authorize failed",{"error":"Error"}]',
      '["mailbox failed",{"error":"ERR_CLOSED"}]',
      '["mailbox failed",{"error":"string"}]',
      '["connection refused",{"reason":"foreign origin"}]',
    ])
  })

  it("is one JSON line each, from its level upwards", () => {
    const lines: string[] = []
    const write = (line: string): void => {
      lines.push(line)
    }
    const logger = jsonLogger("warn", { write })
    logger.debug("no")
    logger.info("no", {})
    logger.warn("yes", { code: 3 })
    logger.error("also")
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: "warn", event: "yes", code: 3 },
      { level: "error", event: "also" },
    ])
  })
})

describe("figures", () => {
  it("know their names, and ignore those they do not", async () => {
    const metrics = prometheusMetrics()
    metrics.count("nacks", 2, { code: "limited" })
    metrics.gauge("mailboxes", 7)
    metrics.observe("append_seconds", 0.01)
    metrics.count("nothing")
    metrics.gauge("nothing", 1)
    metrics.observe("nothing", 1)
    const text = await metrics.text()
    expect(text).toContain('securechat_nacks_total{code="limited"} 2')
    expect(text).toContain("securechat_mailboxes 7")
    expect(text).toContain("securechat_append_seconds_count 1")
    expect(text).toContain("nodejs_eventloop_lag_p99_seconds")
    metrics.close()
  })
})
