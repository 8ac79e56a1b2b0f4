/** Reading history from the store, a page at a time. What is in quarantine is not there. */
import { SecureChatError } from "../errors.ts"
import type { Store } from "../store/store.ts"
import type { ConversationId } from "../wire/address.ts"
import { type MessageRecord, at, messageCodec } from "./records.ts"
import type { Page, PageOptions } from "./types.ts"

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
  from: number | undefined,
  how: { readonly reverse: boolean; readonly count: number },
): Promise<MessageRecord[]> => {
  const found: MessageRecord[] = []
  const after = from === undefined ? undefined : at.message(id, from)
  for await (const [, bytes] of store.list(at.messages(id), { after, reverse: how.reverse })) {
    const record = messageCodec.decode(bytes)
    if (!record.quarantined) found.push(record)
    if (found.length === how.count) break
  }
  return found
}

/** @throws ERR_CONFIG_INVALID */
export const readPage = async (
  store: Store,
  id: ConversationId,
  options: PageOptions,
): Promise<Page<MessageRecord>> => {
  const { before, after } = options
  const limit = options.limit ?? DEFAULT_LIMIT
  if (
    !Number.isSafeInteger(limit) ||
    limit < 1 ||
    limit > MAX_LIMIT ||
    (before !== undefined && after !== undefined)
  )
    throw new SecureChatError("ERR_CONFIG_INVALID", "a page has 1 to 500 items and one end", {
      hint: "Give `before` or `after`, and a limit of at most 500.",
    })
  const forward = after !== undefined
  const from = after ?? before
  // One more than asked for tells whether there is more.
  const found = await collect(store, id, from === undefined ? undefined : placeIn(from), {
    reverse: !forward,
    count: limit + 1,
  })
  const more = found.length > limit
  const items = found.slice(0, limit)
  if (!forward) items.reverse()
  const first = items[0]
  const last = items.at(-1)
  const older = first !== undefined && (forward || more) ? { older: String(first.place) } : {}
  const newer =
    last !== undefined && (forward ? more : before !== undefined) ? { newer: String(last.place) } : {}
  return { items, ...older, ...newer }
}
