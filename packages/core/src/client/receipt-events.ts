/** What a peer's receipt looks like to the app: one cursor event, and each message it moved. */
import type { DirectEvent } from "../conversation/events.ts"
import { progressOf } from "../conversation/state.ts"
import type { AccountId, ConversationId, MessageId } from "../wire/address.ts"
import type { Context } from "./context.ts"
import { sentMessage } from "./messages.ts"

/** Messages told one by one for a cursor that jumped far. */
const MAX_TOLD = 500

type Receipt = DirectEvent & { readonly type: "receipt" }

const before = (context: Context, account: AccountId, receipt: Receipt): number => {
  const state = context.ledger.direct(account)
  const device = context.ledger.deviceOf(account)
  return device === undefined ? 0 : progressOf(state, device)[receipt.receipt]
}

/** Asked before the step is stored, while the ledger still holds where the cursors stood. @returns what to tell once it is. */
export const announceReceipts = async (
  context: Context,
  what: { readonly id: ConversationId; readonly account: AccountId; readonly events: readonly DirectEvent[] },
): Promise<(() => void)[]> => {
  const { id, account } = what
  const told: (() => void)[] = []
  const moved = new Set<MessageId>()
  for (const event of what.events) {
    if (event.type !== "receipt") continue
    const from = Math.max(before(context, account, event), event.upTo - MAX_TOLD)
    let newest: MessageId | undefined
    for (let sequence = from + 1; sequence <= event.upTo; sequence++) {
      const message = await sentMessage(context.ledger.store, id, { account, sequence })
      if (message === undefined) continue
      moved.add(message.id)
      newest = message.id
    }
    if (newest === undefined) continue
    const shown = { conversationId: id, accountId: account, type: event.receipt, upTo: newest } as const
    told.push(() => {
      context.emit("receipt", Object.freeze(shown), id)
    })
  }
  if (moved.size > 0)
    told.unshift(() => {
      context.updated(id, [...moved])
    })
  return told
}
