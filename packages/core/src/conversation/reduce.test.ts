import { describe, expect, it } from "vitest"
import type { DirectEvent } from "./events.ts"
import { type DirectInput, reduceDirect, seenOf, unreadOf, wasReceived } from "./reduce.ts"
import { statusOf } from "./receipts.ts"
import { type DirectState, emptyDirect, progressOf } from "./state.ts"
import { NOT_TYPING, reduceTyping } from "./typing.ts"

const head = (n: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(n)
const device = "device"
const message = (sequence: number, conversation = 0): DirectInput => ({
  ...{ type: "message", deviceId: device, sequence, seen: { conversation, pair: 0 } },
  ...{ follows: true, next: head(sequence) },
})
const receipt = (sequence: number, conversation: number, readUpTo = 0): DirectInput => ({
  ...{ type: "receipt", deviceId: device, sequence, seen: { conversation, pair: 0 }, readUpTo },
})
const run = (
  inputs: readonly DirectInput[],
  from = emptyDirect(head(0)),
): { state: DirectState; events: DirectEvent[] } => {
  const events: DirectEvent[] = []
  let state = from
  for (const input of inputs) {
    const [next, more] = reduceDirect(state, input)
    state = next
    events.push(...more)
  }
  return { state, events }
}
const sent: DirectInput = { type: "sent", head: head(9) }

describe("a direct conversation", () => {
  it("numbers own messages and what goes to one device apart", () => {
    const { state } = run([sent, sent, { type: "pair-sent", deviceId: device }])
    expect(state.sent).toBe(2)
    expect(state.sentHead).toEqual(head(9))
    expect(progressOf(state, device).pairSent).toBe(1)
  })

  it("takes each message once, names gaps, and counts what is unread", () => {
    const { state, events } = run([message(1), message(3), message(3), message(2)])
    expect(events).toEqual([
      { type: "taken", verdict: "new", late: false },
      { type: "taken", verdict: "new", late: false },
      { type: "gap", first: 2, last: 2 },
      { type: "taken", verdict: "repeated", late: true },
      { type: "taken", verdict: "new", late: true },
    ])
    expect(seenOf(state, device)).toEqual({ conversation: 3, pair: 0 })
    expect(unreadOf(state)).toBe(3)
    expect(wasReceived(state, device, 3)).toBe(true)
    const read = run([{ type: "mark-read", deviceId: device, upTo: 2 }], state).state
    expect(unreadOf(read)).toBe(1)
    expect(run([{ type: "mark-read", deviceId: device, upTo: 1 }], read).state).toBe(read)
  })

  it("says only what lies below the first gap was seen", () => {
    expect(seenOf(run([message(1), message(3)]).state, device).conversation).toBe(1)
  })

  it("tells a chain that does not go on from where it stood", () => {
    const broken = { ...message(2), follows: false, next: head(7) } as DirectInput
    const { state, events } = run([message(1), broken])
    expect(events.at(-1)).toEqual({ type: "conflict", sequence: 2 })
    expect(progressOf(state, device).receivedHead).toBeUndefined()
  })

  it("moves delivered and read upwards only", () => {
    const { state, events } = run([sent, sent, sent, receipt(1, 2), receipt(2, 1), receipt(3, 3, 3)])
    expect(events.filter((event) => event.type === "receipt")).toEqual([
      { type: "receipt", receipt: "delivered", upTo: 2 },
      { type: "receipt", receipt: "delivered", upTo: 3 },
      { type: "receipt", receipt: "read", upTo: 3 },
    ])
    expect([1, 2, 3].map((n) => statusOf(state, n, undefined))).toEqual(["read", "read", "read"])
    expect(statusOf(state, 4, "queued")).toBe("queued")
    expect(statusOf(state, 4, undefined)).toBe("sent")
  })

  it("never takes for read what is missing below it, or was not sent", () => {
    const gap = run([sent, sent, sent, receipt(1, 1, 3)])
    expect(progressOf(gap.state, device)).toMatchObject({ delivered: 1, read: 1 })
    const { state } = run([sent, receipt(1, 1, 50)])
    expect(progressOf(state, device).read).toBe(1)
  })

  it("takes a view ahead of what was sent for a rollback, and moves nothing", () => {
    const { state, events } = run([sent, receipt(1, 5)])
    expect(events).toContainEqual({ type: "rollback", to: 5 })
    expect(progressOf(state, device).delivered).toBe(0)
  })

  it("names once what a head says was sent and is not here, and owes the peer an answer", () => {
    const heads = (sequence: number, upTo: number, n = upTo): DirectInput =>
      ({ ...receipt(sequence, 0), head: { sequence: upTo, head: head(n).subarray(0, 16) } }) as DirectInput
    const { state, events } = run([message(1), heads(1, 4), heads(2, 4), message(3), message(6)])
    expect(events.filter(({ type }) => type === "gap")).toEqual([
      { type: "gap", first: 2, last: 4 },
      { type: "gap", first: 5, last: 5 },
    ])
    expect(events).toContainEqual({ type: "taken", verdict: "new", late: true })
    expect(progressOf(state, device)).toMatchObject({ known: 6, receiptDue: true })
    expect(run([message(1), heads(1, 1)]).events).not.toContainEqual({ type: "conflict", sequence: 1 })
    expect(run([message(1), heads(1, 1, 7)]).events).toContainEqual({ type: "conflict", sequence: 1 })
  })

  it("waits for nothing below the floor, having named it", () => {
    const floor = { ...receipt(1, 0), floor: 4 } as DirectInput
    const { state, events } = run([message(1), message(3), floor])
    expect(events.filter(({ type }) => type === "gap")).toEqual([{ type: "gap", first: 2, last: 2 }])
    expect(seenOf(state, device).conversation).toBe(3)
    expect(run([floor]).events).toContainEqual({ type: "gap", first: 1, last: 3 })
  })

  it("tells which own messages the peer knows of and lacks, and another one under the last number", () => {
    const acked = (sequence: number, n = 9): DirectInput =>
      ({ ...receipt(1, 1), acked: { sequence, head: head(n).subarray(0, 16) } }) as DirectInput
    expect(run([sent, sent, sent, acked(2)]).events).toContainEqual({ type: "lacks", first: 2, last: 2 })
    expect(run([sent, sent, sent, acked(3)]).events).toContainEqual({ type: "lacks", first: 2, last: 3 })
    for (const wrong of [acked(3, 8), acked(4)])
      expect(run([sent, sent, sent, wrong]).events.at(-1)?.type).toBe("rollback")
  })

  it("owes a receipt until one made at this progress was taken", () => {
    const one = run([message(1)]).state
    const taken: DirectInput = {
      type: "receipt-taken",
      deviceId: device,
      seen: seenOf(one, device),
      known: 1,
      readUpTo: 0,
    }
    expect(progressOf(run([taken], one).state, device).receiptDue).toBe(false)
    expect(progressOf(run([message(2), taken], one).state, device).receiptDue).toBe(true)
    expect(progressOf(run([taken, { type: "repeat", deviceId: device }], one).state, device).receiptDue).toBe(
      true,
    )
    // A receipt that crosses ours asks for nothing; a head that names more does.
    const crossed = run([receipt(1, 0), taken], one).state
    expect(progressOf(crossed, device).receiptDue).toBe(false)
    const named = { ...receipt(1, 0), head: { sequence: 2, head: head(2).subarray(0, 16) } } as DirectInput
    expect(progressOf(run([named, taken], one).state, device).receiptDue).toBe(true)
    const receiptOnly = run([sent, receipt(1, 1)]).state
    expect(progressOf(receiptOnly, device).receiptDue).toBe(false)
  })

  it("leaves its input untouched", () => {
    const state = run([sent, message(1)]).state
    const copy = structuredClone(state)
    run([message(2), receipt(1, 1, 1), sent, { type: "mark-read", deviceId: device, upTo: 2 }], state)
    expect(state).toEqual(copy)
  })
})

describe("own typing", () => {
  it("signals a start, not each keystroke, and an end only after a start", () => {
    const [one, first] = reduceTyping(NOT_TYPING, true, 0)
    const [two, second] = reduceTyping(one, true, 1_000)
    const [three, third] = reduceTyping(two, true, 3_000)
    const [four, end] = reduceTyping(three, false, 3_100)
    expect([first, second, third, end]).toEqual([true, false, true, true])
    expect(reduceTyping(four, false, 3_200)[1]).toBe(false)
  })
})
