/** Own messages nobody will get: `failed`, told, and no longer in the outbox, so that it does not grow. protocol.md §10 */
import type { ErrorCode } from "../errors.ts"
import { OUTBOX_AGE_MS } from "../limits.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"
import { messageAt, storeMessage } from "./messages.ts"
import type { OutboxEntry } from "./records.ts"

export const giveUp = async (
  context: Context,
  entries: readonly OutboxEntry[],
  problem: ErrorCode,
): Promise<void> => {
  const { ledger, updated, givenUp } = context
  await ledger.queue.run(async () => {
    const change = new Change(ledger)
    for (const { order, envelopeId } of entries) {
      const entry = ledger.outbox.get(order)
      if (entry?.envelopeId !== envelopeId) continue
      const { conversationId, messageId, messagePlace } = entry
      const message = await messageAt(ledger.store, conversationId, messagePlace)
      if (message?.id === messageId) storeMessage(change.batch, conversationId, { ...message, problem })
      change.dropEntry(entry)
    }
    await ledger.commit(change)
  })
  for (const { conversationId, messageId } of entries) {
    updated(conversationId, [messageId])
    givenUp(conversationId)
  }
}

/** Thirty days without a receipt. What is held waits for a person, who was told. */
export const expireOutbox = async (context: Context): Promise<void> => {
  const before = context.deps.nowMs() - OUTBOX_AGE_MS
  const old = context.ledger.entries().filter((entry) => entry.state !== "held" && entry.sinceMs < before)
  if (old.length > 0) await giveUp(context, old, "ERR_TIMEOUT")
}
