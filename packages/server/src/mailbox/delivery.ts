/**
 * From mailbox to device: in order, at most 64 or 1 MiB unacknowledged, never more than the socket
 * takes. What does not fit stays in the mailbox. relay.md §3 "Flow", §9
 *
 *   more ──► reading ──► sent, waiting for ack ──ack──► deleted
 *    ▲          │  socket full: blocked until it drains, 30 s at most
 *    └── mail, ack, drained
 */
import { type FrameOf, RELAY_CODE } from "@securechat/core/wire"
import { acceptedAtOf, deliveryOf } from "../relay/frames.ts"
import type { Input } from "../relay/input.ts"
import type { Delivery, Opening, Ready, Waiting } from "../relay/state.ts"
import { cursorToCompare } from "../relay/text.ts"
import type { Turn } from "../relay/turn.ts"
import { end } from "../routing/routes.ts"
import type { FreshMail, MailItem } from "./mailbox.ts"

/** Envelopes asked for at once: what is read and then does not fit is read again. */
const READ_AT_ONCE = 16
/** Head and cursor of a delivery around its record. */
const DELIVERY_OVERHEAD_BYTES = 64

/** Reads on where there is more, nothing is being read, and window and socket are open. */
const pump = (turn: Turn, ready: Ready): void => {
  const { delivery, id, login } = ready
  const { windowDeliveries, windowBytes } = turn.limits
  const room = delivery.waiting.length < windowDeliveries && delivery.waitingBytes < windowBytes
  const open = room && !delivery.windowFull
  if (!delivery.more || delivery.reading || delivery.blockedSinceMs !== undefined || !open) {
    turn.put(ready)
    return
  }
  turn.put({ ...ready, delivery: { ...delivery, reading: true, more: false } })
  const limit = Math.min(READ_AT_ONCE, windowDeliveries - delivery.waiting.length)
  turn.do({ type: "readMail", id, device: login.device, after: delivery.sent, limit })
}

const sessionLimits = (turn: Turn): FrameOf<"ready">["limits"] => {
  const { frameBytes, bodyBytes, signalBytes, openRequests } = turn.limits
  const { windowDeliveries, windowBytes, messageTtlMs, idleMs } = turn.limits
  return {
    frameBytes,
    bodyBytes,
    signalBytes,
    openRequests,
    windowDeliveries,
    windowBytes,
    messageTtlMs,
    idleMs,
  }
}

/** The mailbox knows the device: the login is complete. */
export const onResumed = (turn: Turn, opening: Opening, input: Extract<Input, { type: "resumed" }>): void => {
  const { stock, ...rest } = opening
  const { id, login, request } = rest
  if (input.place === undefined) {
    end(turn, id, RELAY_CODE.unavailable)
    return
  }
  const { resumed, after, backlog } = input.place
  turn.count("logins", { result: "ok" })
  turn.log("info", "login", { connection: id, account: login.account })
  turn.do({ type: "disarm", id })
  turn.send(id, {
    type: "ready",
    request,
    limits: sessionLimits(turn),
    backlog,
    ...stock,
    resumed,
  })
  turn.do({ type: "watch", id, device: login.device })
  const delivery: Delivery = {
    sent: after,
    waiting: [],
    waitingBytes: 0,
    reading: false,
    more: true,
    caughtUp: false,
    windowFull: false,
  }
  const progress = { lastRequest: request, openRequests: 0, held: [], delivery, leaving: false }
  pump(turn, { ...rest, ...progress, phase: "ready" })
}

const sizeOf = (item: MailItem): number => item.envelope.length + DELIVERY_OVERHEAD_BYTES

/** As many items as socket and window take, in order. */
const fitting = (turn: Turn, delivery: Delivery, items: readonly MailItem[], room: number): number => {
  let bytes = 0
  let count = 0
  for (const item of items) {
    bytes += sizeOf(item)
    const first = delivery.waiting.length + count === 0
    if (bytes > room || (delivery.waitingBytes + bytes > turn.limits.windowBytes && !first)) break
    count += 1
  }
  return count
}

const deliver = (turn: Turn, id: string, item: MailItem): Waiting => {
  turn.count("deliveries")
  turn.do({
    type: "observe",
    name: "delivery_seconds",
    value: (turn.nowMs - acceptedAtOf(item.envelope)) / 1_000,
  })
  turn.do({ type: "pass", id, bytes: deliveryOf(item.envelope, item.cursor) })
  return { cursor: item.cursor, bytes: sizeOf(item) }
}

const totalBytes = (waiting: readonly Waiting[]): number => waiting.reduce((sum, item) => sum + item.bytes, 0)

export const onMailRead = (turn: Turn, ready: Ready, input: Extract<Input, { type: "mailRead" }>): void => {
  const { items, asked, room } = input
  if (items === undefined) {
    end(turn, ready.id, RELAY_CODE.unavailable)
    return
  }
  const { delivery } = ready
  const count = fitting(turn, delivery, items, room)
  const fresh = items.slice(0, count).map((item) => deliver(turn, ready.id, item))
  const waiting = [...delivery.waiting, ...fresh]
  const next = items[count]
  const drained = next === undefined && items.length < asked
  if (drained && !delivery.caughtUp) turn.send(ready.id, { type: "caughtUp", request: 0 })
  const blocked = next !== undefined && room < totalBytes(fresh) + sizeOf(next)
  pump(turn, {
    ...ready,
    delivery: {
      sent: fresh.at(-1)?.cursor ?? delivery.sent,
      waiting,
      waitingBytes: totalBytes(waiting),
      reading: false,
      more: delivery.more || !drained,
      caughtUp: delivery.caughtUp || drained,
      windowFull: next !== undefined && !blocked,
      ...(blocked ? { blockedSinceMs: turn.nowMs } : {}),
    },
  })
}

/** The socket takes bytes again. */
export const onDrained = (turn: Turn, ready: Ready): void => {
  const { blockedSinceMs: _since, ...delivery } = ready.delivery
  pump(turn, { ...ready, delivery })
}

/** May it go out as it came? Only where nothing stands between it and what was sent last, and nothing holds that up. */
const isNext = (turn: Turn, delivery: Delivery, fresh: FreshMail, room: number): boolean => {
  if (delivery.sent !== fresh.follows || fresh.follows === "") return false
  if (delivery.reading || delivery.more || delivery.blockedSinceMs !== undefined) return false
  if (delivery.waiting.length >= turn.limits.windowDeliveries) return false
  return fitting(turn, delivery, [fresh], room) === 1
}

/** Mail came. */
export const onMail = (turn: Turn, ready: Ready, input: Extract<Input, { type: "mail" }>): void => {
  const { delivery } = ready
  const { fresh, room = 0 } = input
  if (fresh === undefined || !isNext(turn, delivery, fresh, room)) {
    pump(turn, { ...ready, delivery: { ...delivery, more: true } })
    return
  }
  const one = deliver(turn, ready.id, fresh)
  const waiting = [...delivery.waiting, one]
  const waitingBytes = delivery.waitingBytes + one.bytes
  turn.put({ ...ready, delivery: { ...delivery, sent: fresh.cursor, waiting, waitingBytes } })
}

/** Cumulative. A cursor that is not waiting was acknowledged before, or is none of ours: nothing happens. */
export const onAck = (turn: Turn, ready: Ready, ack: FrameOf<"ack">): void => {
  const { delivery } = ready
  const upTo = cursorToCompare(ack.cursor)
  const at = delivery.waiting.findIndex((item) => item.cursor === upTo)
  if (at === -1) {
    turn.put(ready)
    return
  }
  turn.count("acks")
  turn.do({ type: "ackMail", device: ready.login.device, upTo })
  const waitingBytes = delivery.waitingBytes - totalBytes(delivery.waiting.slice(0, at + 1))
  pump(turn, {
    ...ready,
    delivery: { ...delivery, waiting: delivery.waiting.slice(at + 1), waitingBytes, windowFull: false },
  })
}
