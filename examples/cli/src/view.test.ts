import type { SecurityStatus } from "@securechat/core"
import { describe, expect, it } from "vitest"
import type { Entry } from "./entry.ts"
import { statusParts } from "./status-line.ts"
import { type View, emptyView, reduceView } from "./view.ts"

const since = new Date(0)
const YELLOW: SecurityStatus = { level: "yellow", reason: "unverified", since }
const GREEN: SecurityStatus = { level: "green", reason: "verified", since }
const RED: SecurityStatus = { level: "red", reason: "identity-changed", since }
const after = (...entries: Entry[]): View => entries.reduce(reduceView, emptyView)
const WITH_BOB: Entry[] = [
  { kind: "connection", state: "online" },
  { kind: "conversation", who: "bob", status: YELLOW },
]
const status = (...entries: Entry[]): string => statusParts(after(...entries)).join(" · ")

describe("the status line", () => {
  it("names the connection before there is anybody to talk to", () => {
    expect(status({ kind: "connection", state: "connecting" })).toContain("connecting")
  })
  it("begins with dot, word and reason of the level", () => {
    expect(status(...WITH_BOB)).toBe("● YELLOW not verified · bob · online")
    expect(status(...WITH_BOB, { kind: "security", who: "bob", status: GREEN })).toContain("● GREEN verified")
    expect(status(...WITH_BOB, { kind: "security", who: "bob", status: RED })).toContain("● RED key changed")
  })
  it("keeps the level when the connection goes, and says that it went", () => {
    const line = status(...WITH_BOB, { kind: "connection", state: "reconnecting" })
    expect(line).toBe("● YELLOW not verified · bob · connection lost, trying again")
  })
  it("is not moved by what happens to others", () => {
    expect(status(...WITH_BOB, { kind: "security", who: "carol", status: RED })).toContain("● YELLOW")
    expect(status(...WITH_BOB, { kind: "typing", who: "carol", active: true })).not.toContain("typing")
  })
  it("shows typing until a message comes", () => {
    const typing: Entry = { kind: "typing", who: "bob", active: true }
    expect(status(...WITH_BOB, typing)).toContain("typing …")
    const message: Entry = { kind: "message", who: "bob", text: "hi", status: YELLOW }
    expect(status(...WITH_BOB, typing, message)).not.toContain("typing")
  })
  it("shows how far the last own message came", () => {
    const said: Entry = { kind: "said", who: "bob", text: "hi", number: 1 }
    const delivered: Entry = { kind: "delivery", who: "bob", number: 1, delivery: "delivered" }
    expect(status(...WITH_BOB, said, delivered)).toContain("✓✓ delivered")
    expect(status(...WITH_BOB, said, delivered, { ...said, number: 2 })).not.toContain("delivered")
  })
})

describe("the log", () => {
  it("keeps messages in order and leaves out what the status line shows", () => {
    const said: Entry = { kind: "said", who: "bob", text: "hi", number: 1 }
    const { rows } = after(...WITH_BOB, said, { kind: "delivery", who: "bob", number: 1, delivery: "sent" })
    expect(rows.map(({ key, entry }) => [key, entry.kind])).toEqual([
      [0, "conversation"],
      [1, "said"],
    ])
  })
  it("tells what was held or failed", () => {
    expect(after({ kind: "delivery", who: "bob", number: 1, delivery: "held" }).rows).toHaveLength(1)
  })
})
