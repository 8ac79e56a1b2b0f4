import type { Message, SendStatus, Unreadable } from "@securechat/core"
import { expect, test } from "vitest"
import { countUnread, drawRows, heldMessages, upsertRow, type DrawnRow, type Row } from "./rows.ts"

const NOON = new Date(2026, 4, 4, 12).getTime()
const MINUTE_MS = 60_000

const message = (id: string, minute: number, mine: boolean, status?: SendStatus): Message => ({
  id,
  conversationId: "c",
  sender: { accountId: mine ? "sc1me" : "sc1you", deviceId: "d" },
  mine,
  sentAt: new Date(NOON + minute * MINUTE_MS),
  text: id,
  ...(status === undefined ? {} : { status }),
  security: { level: "yellow", reason: "unverified", since: new Date(NOON) },
})

const unreadable: Unreadable = {
  id: "u",
  conversationId: "c",
  receivedAt: new Date(NOON + MINUTE_MS),
  problem: { code: "ERR_AUTHENTICATION", message: "", retryable: false, docs: "" },
  resendRequested: true,
}

const shape = (rows: readonly Row[], unreadFrom?: string): readonly string[] =>
  drawRows(rows, unreadFrom).map((row: DrawnRow) => {
    if (row.kind !== "message") return row.kind
    return `${row.item.id}${row.first ? " first" : ""}${row.last ? " last" : ""}${row.showStatus ? " status" : ""}`
  })

test("messages of one sender within five minutes are one run", () => {
  const rows = [message("a", 0, false), message("b", 1, false), message("c", 2, true), message("d", 9, true)]
  expect(shape(rows)).toEqual(["day", "a first", "b last", "c first last status", "d first last status"])
})

test("the status stands on the last own message of a run, and on one that differs from the next", () => {
  const rows = [
    message("a", 0, true, "read"),
    message("b", 0, true, "sent"),
    message("c", 0, true, "sent"),
    message("d", 0, true, "held"),
  ]
  expect(shape(rows)).toEqual(["day", "a first status", "b", "c status", "d last status"])
})

test("a message that could not be read stands alone and ends a run", () => {
  expect(shape([message("a", 0, false), unreadable, message("b", 1, false)])).toEqual([
    "day",
    "a first last",
    "unreadable",
    "b first last",
  ])
})

test("a new day has its own heading", () => {
  expect(shape([message("a", 0, false), message("b", 24 * 60, false)])).toEqual([
    "day",
    "a first last",
    "day",
    "b first last",
  ])
})

test("the divider stands before the first message nobody has seen, and counts what follows", () => {
  const rows = [message("a", 0, false), message("b", 1, false), message("c", 1, false)]
  expect(shape(rows, "b")).toEqual(["day", "a first last", "new", "b first", "c last"])
  expect(drawRows(rows, "b").find((row) => row.kind === "new")).toMatchObject({ count: 2 })
})

test("a row is replaced by its id, appended when new, and kept when it is known to be newer", () => {
  const [old, other, newer] = [
    message("a", 0, true, "queued"),
    message("b", 0, true),
    message("a", 0, true, "sent"),
  ]
  expect(upsertRow([old, other], newer)).toEqual([newer, other])
  expect(upsertRow([newer, other], old, true)).toEqual([newer, other])
  expect(upsertRow([other], old)).toEqual([other, old])
  const readable = { ...newer, id: "another", replaces: old.id }
  expect(upsertRow([old, other], readable)).toEqual([readable, other])
})

test("held messages are found among the rows", () => {
  const held = message("h", 0, true, "held")
  expect(heldMessages([message("a", 0, true, "sent"), held, unreadable])).toEqual([held])
})

test("what one wrote oneself after the first unread message is not unread", () => {
  const rows = [message("a", 0, false), message("b", 1, false), message("c", 2, true), message("d", 3, false)]
  expect(countUnread([...rows, unreadable], "b")).toBe(3)
  expect(drawRows(rows, "b").find(({ kind }) => kind === "new")).toMatchObject({ count: 2 })
  expect(countUnread(rows, undefined)).toBe(0)
  expect(countUnread(rows, "gone")).toBe(0)
})
