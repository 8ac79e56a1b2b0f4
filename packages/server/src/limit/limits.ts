/**
 * Every limit of the relay with its default and reason, in one table; relay.md §9. Printed at start,
 * listed in `docs/operations.md`. A number without a unit in its name is a count.
 */
import { SecureChatError } from "@securechat/core/errors"
import {
  MAX_ENVELOPE_BYTES,
  MAX_FRAME_BYTES,
  MAX_OPEN_REQUESTS,
  MAX_SIGNAL_BYTES,
} from "@securechat/core/limits"
import type { BucketSpec } from "./bucket.ts"

const KIB = 1024
const MIB = 1024 * KIB
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Buckets by name: how many at once, how many per second after that. */
const BUCKETS = {
  /** Logins per address: a shared address still gets in, a guesser does not. */
  login: { size: 60, perSecond: 1 },
  /** Logins per device, counted after its signature held, so that nobody else can use it up. */
  deviceLogin: { size: 10, perSecond: 0.1 },
  /** Submits per sender and recipient account: an outbox kept for a day drains in minutes. */
  submit: { size: 120, perSecond: 5 },
  /** Submits per device. */
  deviceSubmit: { size: 600, perSecond: 20 },
  /** Signals per device; over it they are dropped. */
  signal: { size: 30, perSecond: 5 },
  /** Device lists and handles looked up, per account: enumeration stays slow. */
  lookup: { size: 60, perSecond: 1 },
  /** Bundles claimed per account (Prekey Pogo, arXiv 2504.07323). */
  claim: { size: 60, perSecond: 0.1 },
  /** Bundles of one device claimed by one account. */
  claimTarget: { size: 6, perSecond: 1 / 600 },
  /** Publications per account: each costs up to 122 signature checks. */
  publish: { size: 20, perSecond: 1 / 30 },
  /** Handles claimed per account. */
  handle: { size: 10, perSecond: 0.1 },
} as const satisfies Readonly<Record<string, BucketSpec>>

export type BucketName = keyof typeof BUCKETS
export const BUCKET_NAMES = Object.keys(BUCKETS) as readonly BucketName[]

/** Defaults. `RelayLimits` says which of them an operator may change. */
const LIMITS = {
  /** One frame: an envelope and its addressing; the socket closes above it. */
  frameBytes: MAX_FRAME_BYTES,
  /** One envelope. */
  bodyBytes: MAX_ENVELOPE_BYTES,
  /** One signal. */
  signalBytes: MAX_SIGNAL_BYTES,
  /** Requests without an answer yet, per connection. */
  openRequests: MAX_OPEN_REQUESTS,
  /** WebSocket fragments of one message, and buffered chunks (CVE-2026-48779). */
  fragments: 64,
  chunks: 4_096,
  /** Binary attachments of one Socket.IO packet (CVE-2026-33151, CVE-2026-69185). */
  attachments: 1,
  /** HTTP request: header bytes, headers, time for the head, time for all of it. */
  headerBytes: 8 * KIB,
  headers: 64,
  headersMs: 5 * SECOND_MS,
  requestMs: 5 * SECOND_MS,
  /** From the upgrade to `ready`, and what may be read until then. */
  beforeAuthMs: 5 * SECOND_MS,
  beforeAuthBytes: 8 * KIB,
  /** Connections that have not logged in yet, per address and in all. */
  pendingPerAddress: 20,
  pending: 1_000,
  /** Devices of one account at once. */
  connectionsPerAccount: 10,
  /** Connections of one address; 0: no limit, for a shared address. */
  connectionsPerAddress: 50,
  /** The app's decision about a login. */
  hookMs: 3 * SECOND_MS,
  /** A new app token is asked for this long before the old one ends. */
  tokenLeadMs: MINUTE_MS,
  /** Bytes waiting in one socket, the next frame included; more stays in the mailbox. */
  outgoingBytes: MIB,
  /** How long a reader may leave them there. */
  slowMs: 30 * SECOND_MS,
  /** Silence after which a connection is dead; clients ping every 20 s. */
  idleMs: MINUTE_MS,
  /** Deliveries, and their bytes, that may wait for an ack. */
  windowDeliveries: 64,
  windowBytes: MIB,
  /** One mailbox: envelopes, bytes, age. */
  mailboxMessages: 10_000,
  mailboxBytes: 64 * MIB,
  messageTtlMs: 30 * DAY_MS,
  /** How long the same envelope id is stored once only. */
  dedupMs: DAY_MS,
  /** All memory mailboxes together: a relay out of memory serves nobody. */
  memoryBytes: 512 * MIB,
  /** What a client is told to wait when a mailbox is full. */
  fullRetryMs: MINUTE_MS,
  /** Accounts with public keys (about 45 KB each with full stock). */
  accounts: 10_000,
  /** Statements of one device list chain. */
  listVersions: 1_000,
  /** One-time prekeys kept per device, X25519 and ML-KEM: twice a batch. */
  oneTimeStock: 200,
  oneTimeKemStock: 40,
  /** Key ids remembered per device, so that none is given out twice or for two keys. */
  keyIds: 2_000,
  /** Publication ids remembered per device. */
  publications: 64,
  /** Handles of one account. */
  handlesPerAccount: 4,
  /** A vanished holder's handle is free after this on a relay that keeps nothing. */
  handleGraceMs: MINUTE_MS,
} as const

export type Limits = { readonly [K in keyof typeof LIMITS]: number } & {
  readonly buckets: Readonly<Record<BucketName, BucketSpec>>
  /** All connections together: the process's descriptors less 200. Infinity where they are not known. */
  readonly connections: number
}

/** What an operator may change. Everything else is part of the protocol or guards the process. */
export interface RelayLimits {
  readonly frameBytes?: number | undefined
  readonly connectionsPerAddress?: number | undefined
  readonly connectionsPerAccount?: number | undefined
  readonly beforeAuthBytes?: number | undefined
  readonly beforeAuthMs?: number | undefined
  readonly mailboxBytes?: number | undefined
  readonly mailboxMessages?: number | undefined
  readonly messageTtlMs?: number | undefined
  /** Accounts that have published: raise it for a durable relay with more people. */
  readonly accounts?: number | undefined
  /** Token buckets by name: how many at once, how many per second after that. */
  readonly buckets?: { readonly [K in BucketName]?: BucketSpec | undefined } | undefined
}

const invalid = (name: string, hint: string): SecureChatError =>
  new SecureChatError("ERR_CONFIG_INVALID", `limits.${name}`, { hint })

const checkNumber = (name: string, value: number, least: number): number => {
  if (!Number.isFinite(value) || value < least) throw invalid(name, `A number of at least ${least}.`)
  return value
}
const checkBucket = (name: BucketName, spec: BucketSpec): BucketSpec => {
  checkNumber(`buckets.${name}.size`, spec.size, 1)
  if (!(spec.perSecond > 0)) throw invalid(`buckets.${name}.perSecond`, "A number above 0.")
  return spec
}

/**
 * Defaults with the operator's changes.
 *
 * @param descriptors how many files the process may open; undefined: not known.
 * @throws ERR_CONFIG_INVALID, naming the limit.
 */
export const resolveLimits = (changes: RelayLimits = {}, descriptors?: number): Limits => {
  const { buckets: bucketChanges = {}, ...numbers } = changes
  const limits: Record<string, number> = { ...LIMITS }
  for (const [name, value] of Object.entries(numbers)) {
    if (value === undefined) continue
    if (!(name in LIMITS)) throw invalid(name, "No limit has this name.")
    limits[name] = checkNumber(name, value, name === "connectionsPerAddress" ? 0 : 1)
  }
  if ((limits["frameBytes"] ?? 0) > MAX_FRAME_BYTES)
    throw invalid("frameBytes", `At most ${MAX_FRAME_BYTES}.`)
  const buckets: Record<string, BucketSpec> = { ...BUCKETS }
  for (const [name, spec] of Object.entries(bucketChanges)) {
    if (spec === undefined) continue
    if (!(name in BUCKETS)) throw invalid(`buckets.${name}`, `One of ${Object.keys(BUCKETS).join(", ")}.`)
    buckets[name] = checkBucket(name as BucketName, spec)
  }
  return {
    ...limits,
    buckets,
    connections: descriptors === undefined ? Infinity : Math.max(1, descriptors - 200),
  } as Limits
}
