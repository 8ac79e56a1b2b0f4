/** What `markRead` means: the peer's messages up to one, as a number of its counter. */
import { highest } from "../conversation/dedupe.ts"
import { reduceDirect } from "../conversation/reduce.ts"
import { progressOf } from "../conversation/state.ts"
import type { AccountId, ConversationId, DeviceId, MessageId } from "../wire/address.ts"
import { Change, type Ledger } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { messageAt, readMessage } from "./messages.ts"

interface ReadUpTo {
  readonly account: AccountId
  readonly device: DeviceId
  readonly sequence: number
}

/**
 * @param upTo a message of either side; left out: the newest there is.
 * @returns undefined where nothing of the peer lies before it.
 * @throws ERR_MESSAGE_NOT_FOUND
 */
const readUpTo = async (
  ledger: Ledger,
  id: ConversationId,
  upTo: MessageId | undefined,
): Promise<ReadUpTo | undefined> => {
  const named = upTo === undefined ? undefined : await readMessage(ledger.store, id, upTo)
  const record = ledger.conversations.get(id)
  if (record === undefined) return undefined
  const account = pinnedAccount(record.trust)
  const device = ledger.deviceOf(account)
  if (device === undefined) return undefined
  if (named === undefined)
    return { account, device, sequence: highest(progressOf(ledger.direct(account), device).received) }
  // An own message stands for what came before it.
  for (let { place } = named; place > 0; place--) {
    const message = await messageAt(ledger.store, id, place)
    if (message?.mine === false && message.account === account && message.sequence > 0)
      return { account, device: message.device, sequence: message.sequence }
  }
  return undefined
}

/** Stores that the peer's messages were read up to one. @throws ERR_MESSAGE_NOT_FOUND, ERR_STORE_UNAVAILABLE */
export const markRead = (ledger: Ledger, id: ConversationId, upTo: MessageId | undefined): Promise<void> =>
  ledger.queue.run(async () => {
    const read = await readUpTo(ledger, id, upTo)
    if (read === undefined) return
    const input = { type: "mark-read", deviceId: read.device, upTo: read.sequence } as const
    const [state] = reduceDirect(ledger.direct(read.account), input)
    await ledger.commit(new Change(ledger).setDirect(read.account, state))
  })
