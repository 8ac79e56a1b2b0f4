/**
 * Messages kept and not shown: of an identity nobody has decided about, of a stranger whose name is being
 * looked up. Released in order, or moved to the conversation whose name they turned out to claim.
 * protocol.md §9.3
 */
import { type Trust, isShown, observe } from "../identity/trust.ts"
import { type ConversationId, formatAccountId } from "../wire/address.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { messagesIn, storeMessage } from "./messages.ts"
import { type ConversationRecord, type MessageRecord, at } from "./records.ts"
import { stranger } from "./strangers.ts"

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
  return [tellFreed(context, id, { fresh: record.stranger && freed.length === count, freed })]
}

const tellFreed =
  (
    { announce, emit, show, owe }: Context,
    id: ConversationId,
    { fresh, freed }: { readonly fresh: boolean; readonly freed: readonly MessageRecord[] },
  ) =>
  (): void => {
    if (fresh) announce(id)
    for (const message of freed) {
      const shown = show(id, message)
      if ("security" in shown) emit("message", shown, id)
    }
    owe(id)
  }

/** Into `change`: a message that waits, or waited, goes to another place. */
const move = (
  change: Change,
  from: { readonly id: ConversationId; readonly message: MessageRecord },
  to: ConversationId,
  as: Partial<MessageRecord>,
): MessageRecord => {
  const { id, message } = from
  const { batch } = change
  batch.delete(at.message(id, message.place)).delete(at.place(id, message.mine, message.id))
  batch.delete(at.inspection(id, message.place))
  const moved = { ...message, ...as }
  storeMessage(batch, to, moved)
  return moved
}

/**
 * Another identity than the one that waited there stands under the name of `from` now: what that one wrote goes to a
 * conversation of its own, or it would wait for a decision that nobody is asked for any more (simulation, seed 5229).
 * Runs inside the queue, in the batch that changes what the name means.
 * @returns what to tell once the queue's step is over.
 */
export const expel = async (
  context: Context,
  change: Change,
  from: ConversationRecord,
  next: Trust,
): Promise<(() => void)[]> => {
  const { ledger } = context
  const { candidate } = from.trust
  if (candidate === undefined || isShown(next, candidate)) return []
  const account = formatAccountId(candidate.accountId)
  const own = ledger.hasOwnConversation(account) ? ledger.conversationWith(account) : undefined
  const target = own ?? stranger(ledger, candidate)
  let { places } = target
  const freed: MessageRecord[] = []
  for await (const message of messagesIn(ledger.store, from.id)) {
    if (!message.quarantined || message.account !== account) continue
    places += 1
    const as = { place: places, quarantined: target.claimedHandle !== undefined }
    const moved = move(change, { id: from.id, message }, target.id, as)
    if (moved.told !== true) freed.push(moved)
  }
  if (places === target.places) return []
  change.setConversation({ ...target, places })
  return [tellFreed(context, target.id, { fresh: own === undefined, freed })]
}

/**
 * The name of `into` now means the account of the stranger `from`: an identity change. What the stranger
 * wrote waits in `into`, and `from` is gone. Runs inside the queue.
 */
export const absorb = async (
  context: Context,
  into: ConversationRecord,
  from: ConversationRecord,
): Promise<(() => void)[]> => {
  const { ledger } = context
  const change = new Change(ledger)
  let { places } = into
  for await (const message of messagesIn(ledger.store, from.id)) {
    places += 1
    const told = !message.quarantined || message.told
    move(change, { id: from.id, message }, into.id, { place: places, quarantined: true, told })
  }
  change.batch.delete(at.conversation(from.id))
  change.after(() => {
    ledger.forgetConversation(from.id)
  })
  const trust = observe(into.trust, from.trust.pin)
  change.setConversation({ ...into, places, trust })
  const told = await expel(context, change, into, trust)
  await ledger.commit(change)
  return told
}
