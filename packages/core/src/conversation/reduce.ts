/**
 * Everything that happens to a direct conversation, as `(state, input) → [state, events]`. Content has
 * been authenticated before; a number met twice changes nothing. Not its concern: texts, storage,
 * clocks, what an event looks like to an app.
 */
import type { Seen } from "../content/meta.ts"
import type { Bytes } from "../deps.ts"
import { copy } from "../bytes/concat.ts"
import { giveUp, isTaken, take } from "./dedupe.ts"
import type { DirectEvent, DirectStep } from "./events.ts"
import { HEAD_BYTES, type Head, advanceReceipts, isHead } from "./receipts.ts"
import { type DeviceProgress, type DirectState, progressOf, withProgress } from "./state.ts"

interface FromDevice {
  readonly deviceId: string
  readonly sequence: number
  readonly seen: Seen
  /** The newest of our messages it knows of, and the newest of its own. */
  readonly acked?: Head | undefined
  readonly head?: Head | undefined
}
export type DirectInput =
  /** An own message got its number, and the chain its next head. */
  | { readonly type: "sent"; readonly head: Bytes }
  /** Something to one device alone got its number. */
  | { readonly type: "pair-sent"; readonly deviceId: string }
  /** A text of the peer opened. `next` is what the chain's head becomes with it, if it is the next one. */
  | ({ readonly type: "message"; readonly follows: boolean; readonly next: Bytes } & FromDevice)
  /** A receipt of the peer opened. `floor`: of the numbers below it nothing comes any more. */
  | ({
      readonly type: "receipt"
      readonly readUpTo: number
      readonly floor?: number | undefined
    } & FromDevice)
  /** A request to this device alone opened. */
  | ({ readonly type: "asked" } & FromDevice)
  /** A repeat arrived: the peer does not know that its message is here. */
  | { readonly type: "repeat"; readonly deviceId: string }
  /** The user has read the peer's messages up to this number. */
  | { readonly type: "mark-read"; readonly deviceId: string; readonly upTo: number }
  /** The relay has taken the receipt made at this progress. */
  | {
      readonly type: "receipt-taken"
      readonly deviceId: string
      readonly seen: Seen
      readonly known: number
      readonly readUpTo: number
    }

export const reduceDirect = (state: DirectState, input: DirectInput): DirectStep => {
  switch (input.type) {
    case "sent":
      return [{ ...state, sent: state.sent + 1, sentHead: input.head }, []]
    case "pair-sent": {
      const { pairSent } = progressOf(state, input.deviceId)
      return [withProgress(state, input.deviceId, { pairSent: pairSent + 1 }), []]
    }
    case "message":
      return onMessage(state, input)
    case "receipt":
      return onReceipt(state, input)
    case "asked":
      return onReceipt(state, { ...input, type: "receipt", readUpTo: 0 })
    case "repeat":
      return [withProgress(state, input.deviceId, { receiptDue: true }), []]
    case "mark-read":
      return onMarkRead(state, input)
    case "receipt-taken":
      return onReceiptTaken(state, input)
  }
}

const onMessage = (state: DirectState, input: DirectInput & { type: "message" }): DirectStep => {
  const before = progressOf(state, input.deviceId)
  const [received, verdict] = take(before.received, input.sequence)
  const late = input.sequence <= before.known
  const [seenState, seenEvents] = advanceReceipts(state, input, undefined)
  if (verdict !== "new")
    return [
      withProgress(seenState, input.deviceId, { receiptDue: true }),
      [{ type: "taken", verdict, late }, ...seenEvents],
    ]
  const next = input.sequence === before.received.upTo + 1
  const conflict = next && before.receivedHead !== undefined && !input.follows
  // Followed only without gaps: past one, the head is unknown until the chain is whole again.
  const receivedHead = received.upTo === input.sequence && !conflict ? input.next : undefined
  const named = late ? {} : { known: input.sequence, knownHead: copy(input.next.subarray(0, HEAD_BYTES)) }
  const after = withProgress(seenState, input.deviceId, {
    ...{ received, receivedHead, receiptDue: true },
    ...named,
  })
  return [
    after,
    [
      { type: "taken", verdict, late },
      ...gap(before.known, input.sequence - 1),
      ...(conflict ? [{ type: "conflict", sequence: input.sequence } as const] : []),
      ...seenEvents,
    ],
  ]
}

/** What lies between the highest number known before and one that must have come before what is known now. */
const gap = (known: number, last: number): DirectEvent[] =>
  last > known ? [{ type: "gap", first: known + 1, last }] : []

const onReceipt = (state: DirectState, input: DirectInput & { type: "receipt" }): DirectStep => {
  const before = progressOf(state, input.deviceId)
  const [pairReceived, verdict] = take(before.pairReceived, input.sequence)
  if (verdict !== "new") return [state, [{ type: "taken", verdict, late: false }]]
  const [after, events] = advanceReceipts(
    withProgress(state, input.deviceId, { pairReceived, ...heard(before, input) }),
    input,
    input.readUpTo,
  )
  const { head } = input
  const stands =
    head !== undefined && before.receivedHead !== undefined && head.sequence === before.received.upTo
  const conflict = stands && !isHead(before.receivedHead, head)
  return [
    after,
    [
      { type: "taken", verdict, late: false },
      ...gap(before.known, progressOf(after, input.deviceId).known),
      ...(conflict ? [{ type: "conflict", sequence: head.sequence } as const] : []),
      ...events,
    ],
  ]
}

/** The author's word about its own numbers: how far they go, and below which nothing comes any more. */
const heard = (
  before: DeviceProgress,
  { head, floor = 0 }: { readonly head?: Head | undefined; readonly floor?: number | undefined },
): Partial<DeviceProgress> => {
  const received = giveUp(before.received, floor - 1)
  const known = Math.max(before.known, head?.sequence ?? 0, floor - 1)
  if (received === before.received && known === before.known) return {}
  const receivedHead = received.upTo === before.received.upTo ? before.receivedHead : undefined
  const knownHead =
    known === head?.sequence ? copy(head.head) : known === before.known ? before.knownHead : undefined
  // The author is to learn what is missing.
  return { received, receivedHead, known, knownHead, receiptDue: true }
}

const onMarkRead = (state: DirectState, input: DirectInput & { type: "mark-read" }): DirectStep => {
  const before = progressOf(state, input.deviceId)
  const upTo = Math.max(before.readUpTo, input.upTo)
  if (upTo === before.readUpTo) return [state, []]
  return [withProgress(state, input.deviceId, { readUpTo: upTo, receiptDue: true }), []]
}

const onReceiptTaken = (state: DirectState, input: DirectInput & { type: "receipt-taken" }): DirectStep => {
  const now = progressOf(state, input.deviceId)
  const current =
    now.received.upTo === input.seen.conversation &&
    // Not the pair's counter: two receipts that cross would owe each other another one for ever.
    now.known === input.known &&
    now.readUpTo === input.readUpTo
  return [current ? withProgress(state, input.deviceId, { receiptDue: false }) : state, []]
}

/** What a message to this device says was seen of it. */
export const seenOf = (state: DirectState, deviceId: string): Seen => {
  const { received, pairReceived } = progressOf(state, deviceId)
  return { conversation: received.upTo, pair: pairReceived.upTo }
}

/** The peer's messages not read here yet. */
export const unreadOf = (state: DirectState): number => {
  let count = 0
  for (const { received, readUpTo } of state.devices.values()) {
    count += Math.max(0, received.upTo - readUpTo)
    count += received.ahead.filter((number) => number > readUpTo).length
  }
  return count
}

export const wasReceived = (state: DirectState, deviceId: string, sequence: number): boolean =>
  isTaken(progressOf(state, deviceId).received, sequence)
