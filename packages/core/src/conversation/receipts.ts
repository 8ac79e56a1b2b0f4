/** Sent, delivered, read: cursors that only rise, and the status computed from them. */
import type { Seen } from "../content/meta.ts"
import type { DirectEvent, DirectStep } from "./events.ts"
import { type DirectState, progressOf, withProgress } from "./state.ts"

/** Where a message of our own stands before the peer has it: what its outbox entry says. */
export type OutboxStatus = "queued" | "sending" | "sent" | "held" | "failed"

/**
 * Takes the peer's view of our messages. A view ahead of what this store sent is a rollback of our own
 * store and moves nothing else. Read implies delivered.
 */
export const advanceReceipts = (
  state: DirectState,
  from: { readonly deviceId: string; readonly seen: Seen },
  readUpTo: number | undefined,
): DirectStep => {
  const before = progressOf(state, from.deviceId)
  if (from.seen.conversation > state.sent) return [state, [{ type: "rollback", to: from.seen.conversation }]]
  const read = Math.max(before.read, Math.min(readUpTo ?? 0, state.sent))
  const delivered = Math.max(before.delivered, from.seen.conversation, read)
  if (read === before.read && delivered === before.delivered) return [state, []]
  const events: DirectEvent[] = []
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
