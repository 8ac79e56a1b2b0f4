/**
 * Messages kept and not shown: of an identity nobody has decided about, of a stranger whose name is being
 * looked up. Released in order, or moved to the conversation whose name they turned out to claim.
 * protocol.md §9.3
 */
import { observe } from "../identity/trust.ts"
import type { ConversationId } from "../wire/address.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { messagesIn, storeMessage } from "./messages.ts"
import { type ConversationRecord, type MessageRecord, at } from "./records.ts"

/**
 * Lets out what the identity in force wrote, in the batch that puts it in force: what a crash left behind in between
 * would never be shown. Runs inside the queue.
 * @returns what to tell once the queue's step is over.
 */
export const release = async (
  context: Context,
  change: Change,
  id: ConversationId,
): Promise<(() => void)[]> => {
  const { emit, show, announce, owe } = context
  const record = change.conversation(id)
  if (record === undefined || record.claimedHandle !== undefined) return []
  const account = pinnedAccount(record.trust)
  const freed: MessageRecord[] = []
  let count = 0
  for await (const message of messagesIn(context.ledger.store, id)) {
    count += 1
    if (message.quarantined && message.account === account) freed.push(message)
  }
  if (freed.length === 0) return []
  for (const message of freed) storeMessage(change.batch, id, { ...message, quarantined: false })
  const fresh = record.stranger && freed.length === count
  return [
    () => {
      if (fresh) announce(id)
      for (const message of freed) {
        const shown = show(id, message)
        if ("security" in shown) emit("message", shown, id)
      }
      owe(id)
    },
  ]
}

/**
 * The name of `into` now means the account of the stranger `from`: an identity change. What the stranger
 * wrote waits in `into`, and `from` is gone. Runs inside the queue.
 */
export const absorb = async (
  context: Context,
  into: ConversationRecord,
  from: ConversationRecord,
): Promise<void> => {
  const { ledger } = context
  const change = new Change(ledger)
  let { places } = into
  for await (const message of messagesIn(context.ledger.store, from.id)) {
    change.batch.delete(at.message(from.id, message.place))
    change.batch.delete(at.place(from.id, message.mine, message.id))
    change.batch.delete(at.inspection(from.id, message.place))
    places += 1
    storeMessage(change.batch, into.id, { ...message, place: places, quarantined: true })
  }
  change.batch.delete(at.conversation(from.id))
  change.after(() => {
    ledger.forgetConversation(from.id)
  })
  change.setConversation({ ...into, places, trust: observe(into.trust, from.trust.pin) })
  await ledger.commit(change)
}
