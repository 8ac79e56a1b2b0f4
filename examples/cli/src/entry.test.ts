import type { Inspection, SecurityStatus } from "@securechat/core"
import { describe, expect, it } from "vitest"
import { type Entry, plainLine } from "./entry.ts"

const since = new Date(0)
const YELLOW: SecurityStatus = { level: "yellow", reason: "unverified", action: "verify", since }
const GREEN: SecurityStatus = { level: "green", reason: "verified", since }
const RED: SecurityStatus = { level: "red", reason: "identity-changed", action: "accept", since }
const ME = "sc1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
const groups = Array.from({ length: 12 }, (_, i) => String(10_000 + i))
const number = { digits: groups.join(""), groups, qr: new Uint8Array(65), subject: ME } as const
const copy: Inspection = {
  messageId: "m",
  direction: "out",
  device: "d",
  token: "gAAAAA==",
  fields: { version: 0x80, timestamp: 0, iv: "iv", ciphertextBytes: 336, hmac: "h" },
  header: {
    version: 1,
    type: "message",
    sessionId: "s",
    ratchetKey: "k",
    previousCount: 0,
    count: 3,
    kem: "offer",
  },
  wireBytes: 484,
  contentBytes: 5,
}

describe("--plain output", () => {
  const lines: readonly [Entry, string][] = [
    [{ kind: "account", name: "alice", accountId: ME }, `account alice ${ME}`],
    [{ kind: "connection", state: "online" }, "connection online"],
    [{ kind: "conversation", who: "bob", status: YELLOW }, "conversation bob YELLOW unverified"],
    [{ kind: "security", who: "bob", status: GREEN }, "security bob GREEN verified"],
    [{ kind: "security", who: "bob", status: RED }, "security bob RED identity-changed"],
    [
      { kind: "message", who: "bob", text: "good morning", status: YELLOW },
      "message bob YELLOW good morning",
    ],
    [{ kind: "said", who: "bob", text: "hi", number: 1 }, "said bob 1 hi"],
    [{ kind: "delivery", who: "bob", number: 1, delivery: "delivered" }, "delivery bob 1 delivered"],
    [{ kind: "unreadable", who: "bob", code: "ERR_AUTHENTICATION" }, "unreadable bob ERR_AUTHENTICATION"],
    [{ kind: "number", who: "bob", number }, `number bob ${groups.join(" ")}`],
    [{ kind: "info", text: "Nothing is held." }, "info Nothing is held."],
    [{ kind: "error", code: "ERR_NO_PEER", text: "Nobody." }, "error ERR_NO_PEER Nobody."],
    [
      { kind: "encrypted", copy },
      "encrypted 484 bytes for 5: type message, session s, count 3, ML-KEM offer, token gAAAAA==",
    ],
  ]
  it.each(lines)("%j is one stable line", (entry, line) => {
    expect(plainLine(entry)).toBe(line)
    expect(line).not.toContain("\n")
  })
  it("says nothing of typing", () => {
    expect(plainLine({ kind: "typing", who: "bob", active: true })).toBeUndefined()
  })
})
