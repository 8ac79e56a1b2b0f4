/** Sent, delivered, read: cursors that only rise, and the status computed from them. */
import type { Bytes } from "../deps.ts"
import type { Seen } from "../content/meta.ts"
import type { DirectEvent, DirectStep } from "./events.ts"
import { equalBytes } from "../bytes/compare.ts"
import { type DirectState, progressOf, withProgress } from "./state.ts"

/** Where a message of our own stands before the peer has it: what its outbox entry says. */
export type OutboxStatus = "queued" | "sending" | "sent" | "held" | "failed"

/** Where an author's chain stands, as somebody names it: the first 16 bytes of its head. protocol.md §6.4, key 9 */
export interface Head {
  readonly sequence: number
  readonly head: Uint8Array
}
export const HEAD_BYTES = 16
export const isHead = (whole: Bytes, named: Head): boolean =>
  equalBytes(whole.subarray(0, HEAD_BYTES), named.head)

/**
 * Takes the peer's view of our messages. A view ahead of what this store sent, or of another message under its last
 * number, is a rollback of our own store and moves nothing else. What was read up to a
 * number may have gaps below it: only what is delivered without one is taken for read, or the outbox would let go of
 * a message that never came (simulation, seed 13).
 */
export const advanceReceipts = (
  state: DirectState,
  from: { readonly deviceId: string; readonly seen: Seen; readonly acked?: Head | undefined },
  readUpTo: number | undefined,
): DirectStep => {
  const before = progressOf(state, from.deviceId)
  const { acked } = from
  const known = Math.max(from.seen.conversation, acked?.sequence ?? 0)
  if (known > state.sent || (acked?.sequence === state.sent && !isHead(state.sentHead, acked)))
    return [state, [{ type: "rollback", to: known }]]
  const delivered = Math.max(before.delivered, from.seen.conversation)
  const read = Math.max(before.read, Math.min(readUpTo ?? 0, delivered))
  const events: DirectEvent[] =
    known > delivered ? [{ type: "lacks", first: delivered + 1, last: known }] : []
  if (read === before.read && delivered === before.delivered) return [state, events]
  if (delivered > before.delivered) events.push({ type: "receipt", receipt: "delivered", upTo: delivered })
  if (read > before.read) events.push({ type: "receipt", receipt: "read", upTo: read })
  return [withProgress(state, from.deviceId, { delivered, read }), events]
}

/**
 * Status of the own message with this number.
 *
 * @param waiting what its outbox entry says; undefined: there is none any more.
 */
export const statusOf = (
  state: DirectState,
  sequence: number,
  waiting: OutboxStatus | undefined,
): OutboxStatus | "delivered" | "read" => {
  for (const { read } of state.devices.values()) if (sequence > 0 && sequence <= read) return "read"
  for (const { delivered } of state.devices.values())
    if (sequence > 0 && sequence <= delivered) return "delivered"
  return waiting ?? "sent"
}
