/**
 * The meta map of a payload: what the conversation needs besides the content, under integer keys.
 * protocol.md §6.4. Types 1 to 3 carry every required key; type 4 (signals) only `sentAt`.
 * Not its concern: whether the numbers fit the session (`conversation`, `client`).
 */
import type { Bytes } from "../deps.ts"
import { MAX_META_BYTES } from "../limits.ts"
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts"
import { bytesOf, fromMap, listOf, maybe, toMap, tuple, u32, u53 } from "./schema.ts"

/** Device list as its owner or its peer knows it: version and the first 16 bytes of its hash. */
export interface ListView {
  readonly version: number
  readonly hash: Uint8Array
}
/** Newest head seen of another author device. */
interface HeadView {
  readonly deviceId: Uint8Array
  readonly sequence: number
  readonly head: Uint8Array
}
/** Highest number below which nothing is missing, of the peer's counter per conversation and per device pair. */
export interface Seen {
  readonly conversation: number
  readonly pair: number
}
export interface Meta {
  /** 16 bytes. */
  readonly messageId: Uint8Array
  readonly sentAtMs: number
  readonly ownList: ListView
  readonly peerList: ListView
  /** 32 bytes; absent: the direct conversation of the session. */
  readonly conversation?: Uint8Array | undefined
  readonly sequence: number
  /** Hash of the author's previous message here, 32 bytes; of kinds that go to the whole conversation only. */
  readonly previous?: Uint8Array | undefined
  readonly acks?: readonly HeadView[] | undefined
  readonly seen: Seen
}

/** Equal to `META_KEY` of `wire/tags.ts`, which this folder may not import; a test compares them. */
export const META_KEYS = {
  messageId: 1,
  sentAt: 2,
  ownList: 4,
  peerList: 5,
  conversation: 6,
  sequence: 7,
  previous: 8,
  acks: 9,
  seen: 11,
} as const

const listView = tuple<[number, Uint8Array]>(u32, bytesOf(16))
const SHAPE = {
  messageId: bytesOf(16),
  sentAt: u53,
  ownList: listView,
  peerList: listView,
  conversation: maybe(bytesOf(32)),
  sequence: u53,
  previous: maybe(bytesOf(32)),
  acks: maybe(listOf(tuple<[Uint8Array, number, Uint8Array]>(bytesOf(16), u53, bytesOf(16)))),
  seen: tuple<[number, number]>(u53, u53),
}

const fromListView = (list: ListView): CborValue => [list.version, list.hash]
const toListView = ([version, hash]: readonly [number, Uint8Array]): ListView => ({ version, hash })

export const encodeMeta = (meta: Meta): Bytes =>
  encodeCbor(
    toMap(
      {
        messageId: meta.messageId,
        sentAt: meta.sentAtMs,
        ownList: fromListView(meta.ownList),
        peerList: fromListView(meta.peerList),
        conversation: meta.conversation,
        sequence: meta.sequence,
        previous: meta.previous,
        acks: meta.acks?.map((ack) => [ack.deviceId, ack.sequence, ack.head]),
        seen: [meta.seen.conversation, meta.seen.pair],
      },
      META_KEYS,
    ),
  )

/** @throws ERR_DECODE */
export const decodeMeta = (bytes: Uint8Array): Meta => {
  const fields = fromMap(decodeCbor(bytes, MAX_META_BYTES), META_KEYS, SHAPE)
  return {
    messageId: fields.messageId,
    sentAtMs: fields.sentAt,
    ownList: toListView(fields.ownList),
    peerList: toListView(fields.peerList),
    conversation: fields.conversation,
    sequence: fields.sequence,
    previous: fields.previous,
    acks: fields.acks?.map(([deviceId, sequence, head]) => ({ deviceId, sequence, head })),
    seen: { conversation: fields.seen[0], pair: fields.seen[1] },
  }
}

export interface SignalMeta {
  readonly sentAtMs: number
  readonly conversation?: Uint8Array | undefined
}
const SIGNAL_KEYS = { sentAt: META_KEYS.sentAt, conversation: META_KEYS.conversation } as const
const SIGNAL_SHAPE = { sentAt: SHAPE.sentAt, conversation: SHAPE.conversation }

export const encodeSignalMeta = (meta: SignalMeta): Bytes =>
  encodeCbor(toMap({ sentAt: meta.sentAtMs, conversation: meta.conversation }, SIGNAL_KEYS))
/** @throws ERR_DECODE */
export const decodeSignalMeta = (bytes: Uint8Array): SignalMeta => {
  const fields = fromMap(decodeCbor(bytes, MAX_META_BYTES), SIGNAL_KEYS, SIGNAL_SHAPE)
  return { sentAtMs: fields.sentAt, conversation: fields.conversation }
}
