/**
 * A long conversation in a store, and what reading it costs. Runs in Node and in a page alike: the caller brings the
 * store and says how much memory is in use.
 */
import { SecureChat, type Store, memoryPipe } from "@securechat/core"
import { unsafeSeeded } from "@securechat/testkit"
import { Ledger } from "../../src/client/ledger.ts"
import { storeMessage } from "../../src/client/messages.ts"
import { type MessageRecord, at, conversationCodec } from "../../src/client/records.ts"
import { platformDeps } from "../../src/deps.ts"
import { createIdentity } from "../../src/identity/keys.ts"
import { firstSeen } from "../../src/identity/trust.ts"
import { Batch, commit } from "../../src/runtime/commit.ts"
import { openSealed } from "../../src/store/sealed.ts"
import { parseAccountId } from "../../src/wire/address.ts"

/** What a search finds in three places: near the beginning, in the middle, near the end. */
const NEEDLE = "xylophone"
const WORDS =
  "the of and a to in he have it that for they with as not on she at by this we you do but from or".split(" ")
const BATCH = 500

export interface Figures {
  readonly messages: number
  readonly fillMs: number
  readonly openMs: number
  /** Items read from the store until the client was open. */
  readonly openReads: number
  readonly firstPageMs: number
  /** The page in the middle of walking back, and around a message in the middle. */
  readonly olderPageMs: number
  readonly aroundMs: number
  readonly historyMs: number
  readonly searchMs: number
  readonly firstHitMs: number
  readonly hits: number
  readonly seen: number
  /** Memory in use over what it was when the client was open, at its most while history and search ran. */
  readonly growthBytes: number
}

export interface Ground {
  /** The same place each time it is called. */
  readonly store: () => Store
  readonly key: Uint8Array | undefined
  /** Memory in use, after the collector ran. */
  readonly usedBytes: () => number
}

interface CountingStore extends Store {
  /** Items given out so far. */
  readonly reads: () => number
}

/** A durable driver as a client takes it: sealed with the key here, and named not durable so that none is asked for. */
const opened = async ({ store: make, key }: Ground): Promise<CountingStore> => {
  const store = make()
  const inner = key === undefined ? store : await openSealed(store, key)
  let reads = 0
  return {
    durable: false,
    reads: () => reads,
    get: (path) => {
      reads += 1
      return inner.get(path)
    },
    list: async function* (prefix, options) {
      for await (const item of inner.list(prefix, options)) {
        reads += 1
        yield item
      }
    },
    batch: (ops) => inner.batch(ops),
    close: async () => inner.close?.(),
  }
}

const fill = async (store: Store, count: number): Promise<void> => {
  const seeded = unsafeSeeded(1)
  const ledger = new Ledger(store, platformDeps)
  await ledger.load()
  const peer = createIdentity()
  const id = ledger.newConversationId(peer.accountId)
  const pin = { accountId: parseAccountId(peer.accountId), accountKey: peer.certificate.accountKey }
  const needles = [0.05, 0.5, 0.95].map((part) => Math.floor(count * part))
  const record = (place: number): MessageRecord => {
    const words = Array.from({ length: 4 + seeded.below(24) }, () => seeded.pick(WORDS))
    if (needles.includes(place)) words.push(NEEDLE.toUpperCase())
    const mine = place % 2 === 0
    const author = mine ? ledger.identity : peer
    return {
      ...{ place, id: `m-${String(place)}`, mine, account: author.accountId, device: author.deviceId },
      ...{ peer: peer.accountId, sentAtMs: 1_700_000_000_000 + place * 1_000, text: words.join(" ") },
      ...(mine ? {} : { receivedAtMs: 1_700_000_000_500 + place * 1_000 }),
      ...{ sequence: (place + 1) >> 1, quarantined: false },
      security: { level: "yellow", reason: "unverified", action: "verify", since: new Date(0) },
      ...{ commitKey: seeded.random(32), commitment: seeded.random(32) },
    }
  }
  for (let place = 1; place <= count;) {
    const batch = new Batch()
    for (let i = 0; i < BATCH && place <= count; i++, place++) storeMessage(batch, id, record(place))
    await commit(store, batch)
  }
  const conversation = {
    ...{ id, trust: firstSeen("bob", pin), handle: "bob", fixed: false, createdAtMs: 1_700_000_000_000 },
    ...{ places: count, devices: "proven" as const, stranger: false },
  }
  await commit(store, new Batch().set(at.conversation(id), conversationCodec.encode(conversation)))
}

const timed = async <T>(work: () => Promise<T>): Promise<readonly [ms: number, result: T]> => {
  const began = performance.now()
  const result = await work()
  return [performance.now() - began, result]
}

interface Filled {
  readonly chat: SecureChat
  readonly store: CountingStore
  readonly fillMs: number
  readonly openMs: number
  readonly openReads: number
}

/** A client on a conversation of so many messages. */
export const filled = async (ground: Ground, count: number): Promise<Filled> => {
  const [fillMs] = await timed(async () => {
    const store = await opened(ground)
    await fill(store, count)
    await store.close?.()
  })
  const store = await opened(ground)
  const [transport] = memoryPipe()
  const chat = new SecureChat({ user: "alice", transport, store })
  const [openMs] = await timed(() => chat.start())
  return { chat, store, fillMs, openMs, openReads: store.reads() }
}

export const measure = async (ground: Ground, count: number): Promise<Figures> => {
  const { chat, store, fillMs, openMs, openReads } = await filled(ground, count)
  const [conversation] = await chat.conversations()
  if (conversation === undefined) throw new Error("no conversation")
  const [firstPageMs, first] = await timed(() => conversation.page())
  const [olderPageMs] = await timed(() => conversation.page({ before: first.older }))
  const middle = `m-${String(count >> 1)}`
  const [aroundMs] = await timed(() => conversation.page({ around: middle }))
  const before = ground.usedBytes()
  let most = before
  let seen = 0
  const [historyMs] = await timed(async () => {
    for await (const item of conversation.history()) {
      seen += item.conversationId === conversation.id ? 1 : 0
      if (seen % Math.ceil(count / 4) === 0) most = Math.max(most, ground.usedBytes())
    }
  })
  let hits = 0
  let firstHitMs = 0
  const began = performance.now()
  const [searchMs] = await timed(async () => {
    for await (const _ of conversation.search(NEEDLE)) {
      if (hits++ === 0) firstHitMs = performance.now() - began
      most = Math.max(most, ground.usedBytes())
    }
  })
  await chat.close()
  await store.close?.()
  const counts = { openReads, hits, seen }
  const times = { fillMs, openMs, firstPageMs, olderPageMs, aroundMs, historyMs, searchMs, firstHitMs }
  return { messages: count, ...times, ...counts, growthBytes: most - before }
}
