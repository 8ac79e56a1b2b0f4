/**
 * What the client keeps, as plain data with one codec each, and the paths it lies under. Every record
 * is a CBOR map that is checked when read: a damaged one is ERR_STORE_CORRUPT, never a guess.
 * Not its concern: sessions, trust and identity, which have codecs of their own.
 */
import { type CborValue, decodeCbor, encodeCbor } from "../content/cbor.ts"
import {
  type Check,
  aMap,
  bytesOf,
  bytesUpTo,
  flag,
  fromMap,
  maybe,
  oneOf,
  text,
  toMap,
  u53,
} from "../content/schema.ts"
import type { Bytes } from "../deps.ts"
import { type ErrorCode, SecureChatError } from "../errors.ts"
import { MAX_ENVELOPE_BYTES, MAX_FRAME_BYTES } from "../limits.ts"
import { type Trust, trustCodec } from "../identity/trust.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import type { StorePath } from "../store/store.ts"
import type { AccountId, ConversationId, DeviceId, MessageId } from "../wire/address.ts"

/** Numbers in paths keep their order as text. */
const ordered = (n: number): string => String(n).padStart(12, "0")

/** Where each thing lies. */
export const at = {
  identity: ["own", "identity"] as StorePath,
  handle: ["own", "handle"] as StorePath,
  cursor: ["own", "cursor"] as StorePath,
  publication: ["own", "publication"] as StorePath,
  prekeys: ["prekey"] as StorePath,
  prekey: (kind: string, keyId: number): StorePath => ["prekey", kind, ordered(keyId)],
  firstMessages: ["first"] as StorePath,
  firstMessage: (spkId: number, hash: string): StorePath => ["first", ordered(spkId), hash],
  links: ["link"] as StorePath,
  link: (account: AccountId, device: DeviceId): StorePath => ["link", account, device],
  lists: ["list"] as StorePath,
  list: (account: AccountId): StorePath => ["list", account],
  conversations: ["conversation"] as StorePath,
  conversation: (id: ConversationId): StorePath => ["conversation", id],
  directs: ["direct"] as StorePath,
  direct: (account: AccountId): StorePath => ["direct", account],
  messages: (id: ConversationId): StorePath => ["message", id],
  message: (id: ConversationId, place: number): StorePath => ["message", id, ordered(place)],
  /** Own and others' ids apart: nobody takes the place of another author's message. */
  place: (id: ConversationId, mine: boolean, message: MessageId): StorePath => [
    "place",
    id,
    mine ? "own" : "peer",
    message,
  ],
  /** Own messages by their number towards an account. */
  sent: (id: ConversationId, account: AccountId, sequence: number): StorePath => [
    "sent",
    id,
    account,
    ordered(sequence),
  ],
  outbox: ["outbox"] as StorePath,
  entry: (order: number): StorePath => ["outbox", ordered(order)],
  wanteds: ["wanted"] as StorePath,
  wanted: (commitment: string): StorePath => ["wanted", commitment],
  envelopes: ["envelope"] as StorePath,
  envelope: (order: number): StorePath => ["envelope", ordered(order)],
  inspection: (id: ConversationId, place: number): StorePath => ["inspection", id, ordered(place)],
  /** Everything of a conversation but its own record. */
  partsOf: (id: ConversationId): readonly StorePath[] =>
    ["message", "place", "sent", "inspection"].map((table) => [table, id]),
}

/** The number at the end of a path. */
export const orderIn = (path: StorePath): number => Number(path.at(-1))

/** What own look-ups proved about the peer's devices. */
export type DeviceProof = "proven" | "invalid" | "rollback" | "revoked"

/** One conversation as its object lives through changes of identity. */
export interface ConversationRecord {
  /** Of the account it began with. */
  readonly id: ConversationId
  readonly trust: Trust
  readonly handle?: string | undefined
  /** Opened by account id: accepts that identity only. */
  readonly fixed: boolean
  readonly createdAtMs: number
  /** Places given to messages so far. */
  readonly places: number
  readonly devices: DeviceProof
  /** They wrote first, and were never answered. */
  readonly stranger: boolean
  /** A handle the peer claims: what it wrote waits in quarantine until an own look-up has answered. */
  readonly claimedHandle?: string | undefined
}

/** Own and peers' messages, and the placeholders of what could not be read. */
export interface MessageRecord {
  readonly place: number
  readonly id: MessageId
  readonly mine: boolean
  readonly account: AccountId
  readonly device: DeviceId
  /** Own: the account it was encrypted for. Peers': the author's, again. */
  readonly peer: AccountId
  readonly sentAtMs: number
  readonly receivedAtMs?: number | undefined
  readonly text?: string | undefined
  readonly replyTo?: MessageId | undefined
  readonly sequence: number
  readonly security: SecurityStatus
  /** Waits for `accept`, `verify` or a look-up. */
  readonly quarantined: boolean
  /** It was shown before it came to wait. */
  readonly told?: boolean | undefined
  /** A placeholder: why it could not be read. Own: why it was given up. */
  readonly problem?: ErrorCode | undefined
  /** k_f and C_f: what shows later what was said. */
  readonly commitKey?: Bytes | undefined
  readonly commitment?: Bytes | undefined
  /** It came after later ones of its sender. */
  readonly late?: boolean | undefined
  /** The placeholder that stood in its place. */
  readonly replaces?: MessageId | undefined
}

type EntryState = "queued" | "sent" | "held"

/** An envelope until its recipient's receipt. */
export interface OutboxEntry {
  readonly order: number
  readonly conversationId: ConversationId
  readonly account: AccountId
  readonly device: DeviceId
  readonly messageId: MessageId
  readonly messagePlace: number
  readonly sequence: number
  /** 16 bytes, the same in every retry. */
  readonly envelopeId: Bytes
  readonly envelope: Bytes
  readonly state: EntryState
  readonly problem?: ErrorCode | undefined
  /** When it was sealed first: thirty days later it is given up. */
  readonly sinceMs: number
  /** h of the own chain before this message, 32 bytes. */
  readonly previous: Bytes
  /** How often it was encrypted again because its recipient could not open it. */
  readonly resends: number
}

/** An envelope that did not open, asked for again. */
export interface Wanted {
  /** C_f of its header, which stays the same in what comes in its place. */
  readonly commitment: Bytes
  readonly conversationId: ConversationId
  readonly account: AccountId
  readonly sessionId: Bytes
  readonly ratchetKey: Bytes
  readonly count: number
  readonly unknown: boolean
  /** Of the placeholder it left; 0: another one stands for it. */
  readonly place: number
  readonly asked: number
  readonly sinceMs: number
}

/** The encrypted form kept for `inspect`. */
export interface InspectionRecord {
  readonly messageId: MessageId
  readonly mine: boolean
  readonly device: DeviceId
  readonly envelope: Bytes
  readonly contentBytes: number
}

export interface RecordCodec<T> {
  encode(value: T): Bytes
  /** @throws ERR_STORE_CORRUPT */
  decode(bytes: Uint8Array): T
}

/** @throws ERR_STORE_CORRUPT where `read` fails to decode. */
export const orCorrupt = <T>(what: string, read: () => T): T => {
  try {
    return read()
  } catch (cause) {
    if (SecureChatError.is(cause, "ERR_STORE_TOO_NEW")) throw cause
    throw new SecureChatError("ERR_STORE_CORRUPT", `the record of ${what} is damaged`, { cause })
  }
}

type Fields<T> = Readonly<Record<keyof T & string, Check>>

/** A record as a CBOR map and back. @throws ERR_DECODE where it is something else. */
export interface MapCodec<T> {
  toMap(value: T): CborValue
  fromMap(map: CborValue): T
}

/** From one schema per field, numbered in the order in which they stand. */
export const mapOf = <T extends object>(shape: Fields<T>): MapCodec<T> => {
  const names = Object.keys(shape) as (keyof T & string)[]
  const keys = Object.fromEntries(names.map((name, i) => [name, i + 1])) as Record<keyof T & string, number>
  return {
    toMap: (value) => toMap(value as Partial<Record<keyof T & string, CborValue>>, keys),
    fromMap: (map) => ({ ...fromMap(map, keys, shape) }) as T,
  }
}

/** A stored record of the fields of `shape`, beside which `into` and `from` put what is no plain field. */
export const recordOf = <T, F extends object = T & object>(
  shape: Fields<F>,
  into: (value: T) => F = (value) => value as unknown as F,
  from: (flat: F) => T = (flat) => flat as unknown as T,
): RecordCodec<T> => {
  const fields = mapOf<F>(shape)
  return {
    encode: (value) => encodeCbor(fields.toMap(into(value))),
    decode: (bytes) =>
      orCorrupt("the client", () => from(fields.fromMap(decodeCbor(bytes, 2 * MAX_FRAME_BYTES)))),
  }
}

const anyBytes = /* @__PURE__ */ bytesUpTo(MAX_ENVELOPE_BYTES)

/** Security snapshots are kept as the plain fields they are. */
type FlatStatus = Omit<SecurityStatus, "since"> & { readonly since: number }
const flatStatus = /* @__PURE__ */ mapOf<FlatStatus>({
  level: text,
  reason: text,
  action: maybe(text),
  subject: maybe(text),
  since: u53,
})

type FlatConversation = Omit<ConversationRecord, "trust"> & { readonly trust: Bytes }
export const conversationCodec: RecordCodec<ConversationRecord> = /* @__PURE__ */ recordOf<
  ConversationRecord,
  FlatConversation
>(
  {
    id: text,
    trust: anyBytes,
    handle: maybe(text),
    fixed: flag,
    createdAtMs: u53,
    places: u53,
    devices: oneOf("proven", "invalid", "rollback", "revoked"),
    stranger: flag,
    claimedHandle: maybe(text),
  },
  (value) => ({ ...value, trust: trustCodec.encode(value.trust) }),
  (flat) => ({ ...flat, trust: trustCodec.decode(flat.trust) }),
)

type FlatMessage = Omit<MessageRecord, "security"> & { readonly security: CborValue }
export const messageCodec: RecordCodec<MessageRecord> = /* @__PURE__ */ recordOf<MessageRecord, FlatMessage>(
  {
    place: u53,
    id: text,
    mine: flag,
    account: text,
    device: text,
    peer: text,
    sentAtMs: u53,
    receivedAtMs: maybe(u53),
    text: maybe(text),
    replyTo: maybe(text),
    sequence: u53,
    security: aMap,
    quarantined: flag,
    told: maybe(flag),
    problem: maybe(text),
    commitKey: maybe(bytesOf(32)),
    commitment: maybe(bytesOf(32)),
    late: maybe(flag),
    replaces: maybe(text),
  },
  (value) => ({
    ...value,
    security: flatStatus.toMap({ ...value.security, since: value.security.since.getTime() }),
  }),
  (flat) => {
    const status = flatStatus.fromMap(flat.security)
    return {
      ...flat,
      security: Object.freeze({ ...status, since: new Date(status.since) }) as SecurityStatus,
    }
  },
)

export const entryCodec: RecordCodec<OutboxEntry> = /* @__PURE__ */ recordOf<OutboxEntry>({
  order: u53,
  conversationId: text,
  account: text,
  device: text,
  messageId: text,
  messagePlace: u53,
  sequence: u53,
  envelopeId: bytesOf(16),
  envelope: anyBytes,
  state: oneOf("queued", "sent", "held"),
  problem: maybe(text),
  sinceMs: u53,
  previous: bytesOf(32),
  resends: u53,
})

export const wantedCodec: RecordCodec<Wanted> = /* @__PURE__ */ recordOf<Wanted>({
  commitment: bytesOf(32),
  conversationId: text,
  account: text,
  sessionId: bytesOf(16),
  ratchetKey: bytesOf(32),
  count: u53,
  unknown: flag,
  place: u53,
  asked: u53,
  sinceMs: u53,
})

export const inspectionCodec: RecordCodec<InspectionRecord> = /* @__PURE__ */ recordOf<InspectionRecord>({
  messageId: text,
  mine: flag,
  device: text,
  envelope: anyBytes,
  contentBytes: u53,
})
