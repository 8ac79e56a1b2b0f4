/** Messages in the store: by place for reading in order, by id for everything else. */
import { utf8, fromUtf8 } from "../bytes/text.ts"
import { SecureChatError } from "../errors.ts"
import type { Batch } from "../runtime/commit.ts"
import type { Store } from "../store/store.ts"
import type { AccountId, ConversationId, MessageId } from "../wire/address.ts"
import { type MessageRecord, at, messageCodec, orCorrupt, orderIn } from "./records.ts"

const place = (value: number): Uint8Array => utf8(String(value))

export const storeMessage = (batch: Batch, id: ConversationId, message: MessageRecord): void => {
  batch.set(at.message(id, message.place), messageCodec.encode(message))
  batch.set(at.place(id, message.mine, message.id), place(message.place))
  if (message.mine) batch.set(at.sent(id, message.peer, message.sequence), place(message.place))
}

const readPlace = async (store: Store, path: readonly string[]): Promise<number | undefined> => {
  const bytes = await store.get(path)
  return bytes === undefined ? undefined : orCorrupt("a place", () => Number(fromUtf8(bytes)))
}

/** In order, from after a place on; one at a time, so that memory does not grow with the history. */
export async function* messagesIn(
  store: Store,
  id: ConversationId,
  { after, reverse }: { readonly after?: number | undefined; readonly reverse?: boolean | undefined } = {},
): AsyncGenerator<MessageRecord, void> {
  const from = after === undefined ? undefined : at.message(id, after)
  for await (const [path, bytes] of store.list(at.messages(id), { after: from, reverse, withDamaged: true }))
    yield orDamaged(orderIn(path), bytes)
}

/** One damaged record is no reason not to show the others: it stands as unreadable in its place. */
const orDamaged = (place: number, bytes: Uint8Array): MessageRecord => {
  try {
    return messageCodec.decode(bytes)
  } catch (error) {
    if (!SecureChatError.is(error, "ERR_STORE_CORRUPT")) throw error
    const security = { level: "red", reason: "no-session", since: new Date(0) } as const
    return {
      ...{ place, id: `damaged-${place}`, account: "" as AccountId, device: "", peer: "" as AccountId },
      ...{ mine: false, sentAtMs: 0, sequence: 0, security, quarantined: false, problem: error.code },
    }
  }
}

export const messageAt = async (
  store: Store,
  id: ConversationId,
  at_: number,
): Promise<MessageRecord | undefined> => {
  const bytes = await store.get(at.message(id, at_))
  return bytes === undefined ? undefined : messageCodec.decode(bytes)
}

export const placeOf = async (
  store: Store,
  id: ConversationId,
  message: MessageId,
  mine?: boolean,
): Promise<number | undefined> => {
  const own = mine === false ? undefined : await readPlace(store, at.place(id, true, message))
  return own ?? (mine === true ? undefined : readPlace(store, at.place(id, false, message)))
}

/** @throws ERR_MESSAGE_NOT_FOUND */
export const readMessage = async (
  store: Store,
  id: ConversationId,
  message: MessageId,
  mine?: boolean,
): Promise<MessageRecord> => {
  const found = await placeOf(store, id, message, mine)
  const record = found === undefined ? undefined : await messageAt(store, id, found)
  if (record?.id !== message) throw new SecureChatError("ERR_MESSAGE_NOT_FOUND", "no such message here")
  return record
}

/**
 * Into `batch`: what was said goes, with the key it was kept under. Its id stays known, so that a repeat does not bring it back.
 * @throws ERR_MESSAGE_NOT_FOUND
 */
export const removeMessage = async (
  store: Store,
  batch: Batch,
  id: ConversationId,
  message: MessageId,
): Promise<void> => {
  const { place } = await readMessage(store, id, message)
  batch.delete(at.message(id, place)).delete(at.inspection(id, place))
}

/** The own message with this number towards an account. */
export const sentMessage = async (
  store: Store,
  id: ConversationId,
  to: { readonly account: AccountId; readonly sequence: number },
): Promise<MessageRecord | undefined> => {
  const found = await readPlace(store, at.sent(id, to.account, to.sequence))
  return found === undefined ? undefined : messageAt(store, id, found)
}
