/** Reading history from the store, a page at a time or all of it. What is in quarantine is not there. */
import { SecureChatError } from "../errors.ts"
import { throwIfAborted } from "../runtime/timers.ts"
import type { Store } from "../store/store.ts"
import type { ConversationId } from "../wire/address.ts"
import { messagesIn, readMessage } from "./messages.ts"
import type { MessageRecord } from "./records.ts"
import type { HistoryOptions, Page, PageOptions } from "./types.ts"

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 500

const placeIn = (cursor: string): number => {
  const place = Number(cursor)
  if (!Number.isSafeInteger(place) || place < 0)
    throw new SecureChatError("ERR_CONFIG_INVALID", "not a page cursor", {
      hint: "Pass `older` or `newer` of a page.",
    })
  return place
}

const collect = async (
  store: Store,
  id: ConversationId,
  after: number | undefined,
  how: { readonly reverse: boolean; readonly count: number },
): Promise<MessageRecord[]> => {
  const found: MessageRecord[] = []
  for await (const record of messagesIn(store, id, { after, reverse: how.reverse })) {
    if (!record.quarantined) found.push(record)
    if (found.length === how.count) break
  }
  return found
}

/** @param items oldest first, with whether there is more at either end. */
const pageOf = (
  items: readonly MessageRecord[],
  hasOlder: boolean,
  hasNewer: boolean,
): Page<MessageRecord> => {
  const first = items[0]
  const last = items.at(-1)
  const older = first !== undefined && hasOlder ? { older: String(first.place) } : {}
  const newer = last !== undefined && hasNewer ? { newer: String(last.place) } : {}
  return { items, ...older, ...newer }
}

/** The message in the middle, as far as there is enough on both sides of it. */
const pageAround = async (
  store: Store,
  id: ConversationId,
  middle: MessageRecord,
  limit: number,
): Promise<Page<MessageRecord>> => {
  const older = await collect(store, id, middle.place, { reverse: true, count: limit })
  const newer = await collect(store, id, middle.place, { reverse: false, count: limit })
  const others = limit - 1
  const before = Math.min(older.length, Math.max(others >> 1, others - newer.length))
  const after = Math.min(newer.length, others - before)
  const items = [...older.slice(0, before).reverse(), middle, ...newer.slice(0, after)]
  return pageOf(items, older.length > before, newer.length > after)
}

/** @throws ERR_CONFIG_INVALID, ERR_MESSAGE_NOT_FOUND */
export const readPage = async (
  store: Store,
  id: ConversationId,
  { before, after, around, limit = DEFAULT_LIMIT }: PageOptions,
): Promise<Page<MessageRecord>> => {
  const ends = [before, after, around].filter((end) => end !== undefined).length
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT || ends > 1)
    throw new SecureChatError("ERR_CONFIG_INVALID", "a page has 1 to 500 items and one end", {
      hint: "Give `before`, `after` or `around`, and a limit of at most 500.",
    })
  if (around !== undefined) {
    const middle = await readMessage(store, id, around)
    if (middle.quarantined) throw new SecureChatError("ERR_MESSAGE_NOT_FOUND", "no such message here")
    return pageAround(store, id, middle, limit)
  }
  const forward = after !== undefined
  const from = after ?? before
  // One more than asked for tells whether there is more.
  const found = await collect(store, id, from === undefined ? undefined : placeIn(from), {
    reverse: !forward,
    count: limit + 1,
  })
  const more = found.length > limit
  const items = found.slice(0, limit)
  return forward ? pageOf(items, true, more) : pageOf(items.reverse(), more, before !== undefined)
}

/** Everything, one at a time. @throws ERR_ABORTED */
export async function* readAll(
  store: Store,
  id: ConversationId,
  { newestFirst, signal }: HistoryOptions,
): AsyncGenerator<MessageRecord, void> {
  throwIfAborted(signal)
  for await (const record of messagesIn(store, id, { reverse: newestFirst })) {
    if (!record.quarantined) yield record
    throwIfAborted(signal)
  }
}

/** Upper case takes final sigma, sharp s and ligatures as people search for them. */
const folded = (text: string): string => text.normalize("NFKC").toUpperCase()

/** Messages that hold the text, whatever the case, newest first. @throws ERR_CONFIG_INVALID, ERR_ABORTED */
export async function* findText(
  store: Store,
  id: ConversationId,
  text: string,
  { signal }: HistoryOptions,
): AsyncGenerator<MessageRecord, void> {
  const wanted = folded(text)
  if (wanted === "") throw new SecureChatError("ERR_CONFIG_INVALID", "nothing to search for")
  for await (const record of readAll(store, id, { newestFirst: true, signal }))
    if (record.text !== undefined && folded(record.text).includes(wanted)) yield record
}
