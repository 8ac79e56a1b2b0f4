/**
 * What a relay knows at one moment: plain readonly data, no sockets, no mail. Mail lies in a `Mailbox`.
 *
 *   greeting ─hello─► challenged ─proof─► proving ─known─► deciding ─allow─► entering ─► opening ─mailbox─► ready
 *       └─────────────────┴── bye, 5 s, refusal ─┴──────────────┴───────────────┴──────────┴─── gone from the table
 */
import type { AccountId, Bytes, DeviceId, FrameOf } from "@securechat/core/wire"
import type { Bucket } from "../limit/bucket.ts"
import { type Table, emptyTable, letGo } from "./table.ts"

/** What is true of a connection in every phase. */
interface Peer {
  readonly id: string
  readonly address: string
  /** The relay's own origin as this client dialled it. */
  readonly origin: string
  /** `Origin` of a browser. */
  readonly page?: string
  readonly transport: string
  /** When its last frame came. */
  readonly heardAtMs: number
  /** Bytes read before it was logged in. */
  readonly earlyBytes: number
}

export interface Greeting extends Peer {
  readonly phase: "greeting"
}

interface Offer {
  readonly request: number
  readonly minVersion: number
  readonly maxVersion: number
  readonly accountId: Bytes
  readonly deviceId: Bytes
  readonly cursor: Bytes
}
export interface Challenged extends Peer {
  readonly phase: "challenged"
  readonly offer: Offer
  readonly version: number
  readonly connection: Bytes
  readonly nonce: Bytes
  readonly timeMs: number
}

/** A device that has proved its key. */
export interface Login {
  /** Text forms: the keys of the tables. */
  readonly account: AccountId
  readonly device: DeviceId
  readonly accountId: Bytes
  readonly deviceId: Bytes
  readonly accountKey: Bytes
  readonly certificate: Bytes
  /** A handle the account holds. */
  readonly handle?: string
}
interface Proved extends Peer {
  readonly request: number
  readonly login: Login
  readonly cursor: Bytes
}
/** The proof held; the directory is asked whether it knows the device. */
export interface Proving extends Proved {
  readonly phase: "proving"
}
/** What `ready` says of prekeys. */
interface StockLeft {
  readonly oneTimeLeft: number
  readonly kemLeft: number
}
/** The device is good; the app decides. */
export interface Deciding extends Proved {
  readonly phase: "deciding"
  readonly stock: StockLeft
}
/** Allowed; the directory takes it in. */
export interface Entering extends Proved {
  readonly phase: "entering"
  readonly stock: StockLeft
  readonly grant: Grant
}
/** Allowed; the mailbox looks up the cursor. The device's route is this connection already. */
export interface Opening extends Peer {
  readonly phase: "opening"
  readonly request: number
  readonly login: Login
  readonly grant: Grant
  readonly stock: StockLeft
  /** Which login of the device this is, among several relays. */
  readonly fence: number
}
/** What the app allowed. */
export interface Grant {
  /** The only handle this account may claim; undefined without a hook: any. */
  readonly handle?: string
  /** With a hook and without a handle: none may be claimed. */
  readonly byHook: boolean
  readonly expiresAtMs?: number
  /** A new token was asked for. */
  readonly asked: boolean
}

export interface Waiting {
  readonly cursor: string
  readonly bytes: number
}
/** Where the delivery of a connection stands. */
export interface Delivery {
  /** Up to here it was sent; empty: from the start. */
  readonly sent: string
  readonly waiting: readonly Waiting[]
  readonly waitingBytes: number
  /** A read of the mailbox is under way. */
  readonly reading: boolean
  /** Mail came during that read. */
  readonly more: boolean
  readonly caughtUp: boolean
  /** The next one has no room in the window: only an ack goes on. */
  readonly windowFull: boolean
  /** Since when the socket has had no room; undefined: it has. */
  readonly blockedSinceMs?: number
}
export interface Ready extends Peer {
  readonly phase: "ready"
  readonly login: Login
  readonly grant: Grant
  readonly fence: number
  /** Submits, in order, of which the first one's recipient is being looked up. */
  readonly held: readonly FrameOf<"submit">[]
  readonly lastRequest: number
  readonly openRequests: number
  readonly delivery: Delivery
  /** The request that brought a new token, while the app decides. */
  readonly tokenRequest?: number
  /** What the app allowed for it, while its name is looked up. */
  readonly renewal?: Grant
  /** The relay drains: it ends when its open requests are answered. */
  readonly leaving: boolean
}

export type Connection = Greeting | Challenged | Proving | Deciding | Entering | Opening | Ready
/** Connections whose device is known and reachable. */
export type Online = Opening | Ready

/** An account with a connected device, or one that has just vanished. */
export interface Presence {
  readonly devices: readonly string[]
  /** It has claimed a handle since its first device came. */
  readonly named: boolean
  /** When the directory was last told that it is here. */
  readonly seenAtMs: number
  /** When its handles are free again; undefined while a device is connected. */
  readonly freeAtMs?: number
}

export interface RelayState {
  /** By connection id. */
  readonly connections: Table<Connection>
  /** Device to connection id. */
  readonly routes: Table<string>
  /** Devices that have published, until when that need not be asked again. */
  readonly recipients: Table<number>
  readonly presence: Table<Presence>
  readonly buckets: Table<Bucket>
  /** Connections per address, and those of them not logged in. */
  readonly addresses: Table<number>
  readonly pending: Table<number>
  readonly pendingTotal: number
  readonly draining: boolean
}

/** A relay that nobody has come to yet. */
export const emptyRelay = (): RelayState => ({
  connections: emptyTable(),
  routes: emptyTable(),
  recipients: emptyTable(),
  presence: emptyTable(),
  buckets: emptyTable(),
  addresses: emptyTable(),
  pending: emptyTable(),
  pendingTotal: 0,
  draining: false,
})

/** For whoever goes on with `after` alone. */
export const letGoOf = (before: RelayState, after: RelayState): void => {
  letGo(before.connections, after.connections)
  letGo(before.routes, after.routes)
  letGo(before.recipients, after.recipients)
  letGo(before.presence, after.presence)
  letGo(before.buckets, after.buckets)
  letGo(before.addresses, after.addresses)
  letGo(before.pending, after.pending)
}

/** Name of a recipient in its table. */
export const recipientKey = (account: string, device: string): string => `${account}/${device}`

export const isOnline = (connection: Connection): connection is Online =>
  connection.phase === "opening" || connection.phase === "ready"
