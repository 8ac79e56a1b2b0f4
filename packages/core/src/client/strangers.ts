/**
 * People who wrote and were never answered: only so many are kept, since accounts cost nothing. The oldest goes with
 * everything it left; it was sent no receipt, so that its sender does not take it for delivered. protocol.md §6.7
 */
import { SecureChatError } from "../errors.ts"
import { type Pin, firstSeen } from "../identity/trust.ts"
import { MAX_STRANGER_SESSIONS } from "../limits.ts"
import { formatAccountId } from "../wire/address.ts"
import type { Context } from "./context.ts"
import type { Ledger } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import type { Step } from "./opened.ts"
import { type ConversationRecord, at } from "./records.ts"

/** Who wrote and was never answered, in a conversation of its own. */
export const stranger = (ledger: Ledger, pin: Pin): ConversationRecord => {
  const account = formatAccountId(pin.accountId)
  return {
    ...{ id: ledger.newConversationId(account), trust: firstSeen(account, pin), fixed: false },
    ...{ createdAtMs: ledger.deps.nowMs(), places: 0, devices: "proven", stranger: true },
  }
}

/** Makes room for one more. */
export const boundStrangers = async (context: Context, step: Step): Promise<void> => {
  const strangers = [...context.ledger.conversations.values()].filter((record) => record.stranger)
  if (strangers.length < MAX_STRANGER_SESSIONS) return
  await forget(
    context,
    step,
    strangers.reduce((a, b) => (a.createdAtMs <= b.createdAtMs ? a : b)),
  )
}

const forget = async (
  { ledger, lights, forgetting, report }: Context,
  { change, told }: Step,
  { id, trust }: ConversationRecord,
): Promise<void> => {
  const account = pinnedAccount(trust)
  for (const part of at.partsOf(id))
    for await (const [path] of ledger.store.list(part, { withDamaged: true })) change.batch.delete(path)
  const devices = ledger.links().filter((peer) => peer.account === account)
  for (const { device } of devices) change.batch.delete(at.link(account, device))
  for (const [key, { conversationId }] of ledger.wanted)
    if (conversationId === id) change.setWanted(key, undefined)
  // Numbers that were given once are not given again.
  const isUnanswered = ledger.direct(account).sent === 0
  if (isUnanswered) change.batch.delete(at.direct(account))
  change.batch.delete(at.conversation(id))
  change.after(() => {
    ledger.forgetConversation(id)
    if (isUnanswered) ledger.directs.delete(account)
    for (const peer of devices) ledger.forgetLink(peer)
    lights.forget(id)
    for (const tell of forgetting) tell(id, devices)
  })
  told.push(() => {
    report(
      new SecureChatError("ERR_LIMIT", "too many strangers: the conversation with the oldest was dropped", {
        details: { limit: MAX_STRANGER_SESSIONS, conversation: id },
      }),
    )
  })
}
