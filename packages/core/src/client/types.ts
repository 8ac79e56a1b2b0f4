/** The public shapes of the second door, `SecureChat`. Types only. */
import type { ErrorInfo, SecureChatError } from "../errors.ts"
import type {
  AbortOptions,
  ConnectionChange,
  ConnectionState,
  Inspection,
  Observable,
  RetryOptions,
  SecurityChange,
  Verifiable,
} from "../runtime/types.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import type { StoreKey } from "../store/store-key.ts"
import type { Store } from "../store/store.ts"
import type { Logger, Transport } from "../transport/transport.ts"
import type { AccountId, ConversationId, DeviceId, MessageId, UserId } from "../wire/address.ts"

/** `held`: queued before the level turned red. Leaves by itself after a passing reason (no-session, handshaking, session-expired, locked), else by `retry` only. */
export type SendStatus = "queued" | "sending" | "sent" | "delivered" | "read" | "held" | "failed"

export interface Sender {
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  readonly handle?: string
}

/** Plain, frozen, structured-cloneable. A change is a new object in `message:updated`. */
export interface Message {
  readonly id: MessageId
  readonly conversationId: ConversationId
  readonly sender: Sender
  readonly mine: boolean
  /** What the sender's clock said; informative only. */
  readonly sentAt: Date
  /** Others' messages only. */
  readonly receivedAt?: Date
  readonly text?: string
  readonly replyTo?: MessageId
  /** Own messages only. */
  readonly status?: SendStatus
  /** Others' messages that came after later ones of their sender: their place in its own order, as `gap` counts. */
  readonly reordered?: number
  /** Others' messages that could not be read at first: the `Unreadable` that stood in their place. */
  readonly replaces?: MessageId
  /** With status `failed` or `held`. */
  readonly problem?: ErrorInfo
  /** As it was on receipt (own: on sending); never raised afterwards. */
  readonly security: SecurityStatus
}

/** What stands in the place of a message that could not be read. Not a Message, so it cannot be drawn as one by accident. */
export interface Unreadable {
  readonly id: MessageId
  readonly conversationId: ConversationId
  readonly from?: AccountId
  readonly receivedAt: Date
  readonly problem: ErrorInfo
  /** Its sender is being asked to encrypt it again. What then comes in its place `replaces` it. */
  readonly resendRequested: boolean
}

export type Content = string | { readonly text: string; readonly replyTo?: MessageId | undefined }

/** `items` oldest first. `older` and `newer` are handed to `before` and `after`; absent at an end. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly older?: string
  readonly newer?: string
}
export interface PageOptions extends AbortOptions {
  /** Default 50, at most 500. */
  readonly limit?: number | undefined
  readonly before?: string | undefined
  readonly after?: string | undefined
  /** The page with this message in its middle. */
  readonly around?: MessageId | undefined
}
export interface HistoryOptions extends AbortOptions {
  readonly newestFirst?: boolean | undefined
}

/** How far the other side has received and read own messages. */
export interface Receipts {
  readonly deliveredUpTo?: MessageId
  readonly readUpTo?: MessageId
}

export interface SessionInfo {
  readonly device: DeviceId
  readonly suite: string
  readonly establishedAt: Date
  readonly postQuantum: boolean
  readonly forwardSecrecy: "full" | "reduced-first-message"
}

/** A live view: its properties follow the identity that is shown. */
export interface Contact extends Verifiable {
  readonly accountId: AccountId
  readonly handle: string | undefined
  readonly devices: readonly { readonly id: DeviceId; readonly addedAt: Date }[]
}

export interface ReceiptEvent {
  readonly conversationId: ConversationId
  readonly accountId: AccountId
  readonly type: "delivered" | "read"
  /** The newest own message this covers. */
  readonly upTo: MessageId
}
export interface TypingEvent {
  readonly conversationId: ConversationId
  readonly accountId: AccountId
  readonly active: boolean
}

/** The peer's device has sent messages with these numbers, and they are not here: lost, late, or withheld. */
export interface GapEvent {
  readonly conversationId: ConversationId
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  readonly first: number
  readonly last: number
}
/** The relay brought again what was taken before: nothing was shown twice. At most one a minute for each device. */
export interface ReplayEvent {
  readonly conversationId: ConversationId
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  /** Since it was told last. */
  readonly repeats: number
}

export interface ConversationEvents {
  security: SecurityChange
  /** From others only, after the store has it. */
  message: Message
  /** Status of an own message. */
  "message:updated": Message
  "message:unreadable": Unreadable
  /** Deleted here; the other side keeps it. */
  "message:removed": {
    readonly id: MessageId
    readonly conversationId: ConversationId
    readonly reason: "deleted"
  }
  /** Told once for each number, and again when a store is opened in which it stands; what comes late is a `message` with `reordered`. */
  gap: GapEvent
  replay: ReplayEvent
  receipt: ReceiptEvent
  typing: TypingEvent
}
export interface ChatEvents extends ConversationEvents {
  connection: ConnectionChange
  /** Only after five seconds without a connection: banners do not flicker. */
  "connection:lost": { readonly since: Date }
  /** New, or first contact from a stranger. */
  conversation: Conversation
  /** Only with the option `inspect`. */
  inspect: Inspection
  outbox: { readonly size: number; readonly held: number }
  /** What no call can return; never throws when nobody listens. */
  error: SecureChatError
}

export interface Conversation extends Observable<ConversationEvents> {
  /** Fixed for this object, and kept across an accepted change of identity. */
  readonly id: ConversationId
  readonly kind: "direct"
  /** The peer's handle, else the account id. */
  readonly title: string
  readonly members: readonly Contact[]
  readonly security: SecurityStatus
  readonly unread: number
  readonly receipts: ReadonlyMap<AccountId, Receipts>
  /**
   * Resolves when the message is stored and queued; does not wait for the network.
   *
   * @throws ERR_NOT_SECURE (while red), ERR_MESSAGE_TOO_LARGE, ERR_QUEUE_FULL, ERR_CONFIG_INVALID, ERR_ABORTED, ERR_CLOSED
   */
  send(content: Content, options?: AbortOptions): Promise<Message>
  /** @throws ERR_MESSAGE_NOT_FOUND, ERR_ABORTED, ERR_CLOSED */
  waitFor(id: MessageId, status: "sent" | "delivered" | "read", options?: AbortOptions): Promise<Message>
  /**
   * Sends the stored bytes again. A message held because the peer's identity changed is encrypted for
   * the accepted identity.
   *
   * @throws ERR_MESSAGE_NOT_FOUND, ERR_NOT_SECURE, ERR_CLOSED
   */
  retry(id: MessageId): Promise<Message>
  /** @throws ERR_CONFIG_INVALID, ERR_MESSAGE_NOT_FOUND (of `around`), ERR_ABORTED, ERR_CLOSED */
  page(options?: PageOptions): Promise<Page<Message | Unreadable>>
  /** Everything kept, one at a time: memory does not grow with it. @throws ERR_ABORTED, ERR_CLOSED */
  history(options?: HistoryOptions): AsyncIterableIterator<Message | Unreadable>
  /**
   * Messages that hold this text, whatever the case, newest first. Reads what is kept here and asks nobody.
   * @throws ERR_CONFIG_INVALID for an empty text, ERR_ABORTED, ERR_CLOSED
   */
  search(text: string, options?: AbortOptions): AsyncIterableIterator<Message>
  /** One entry per copy sent, or the one copy received. Empty: not kept. */
  inspect(id: MessageId): Promise<readonly Inspection[]>
  sessions(): Promise<readonly SessionInfo[]>
  /** Call on each keystroke; throttled, stops by itself. */
  typing(active?: boolean): void
  /**
   * Deletes a message on this device alone, for good: with what was said goes the key it was kept under. One that is on its
   * way still leaves; the other side keeps what it has.
   *
   * @throws ERR_MESSAGE_NOT_FOUND, ERR_CONFIG_INVALID, ERR_LOCKED, ERR_CLOSED
   */
  delete(id: MessageId, options: { readonly for: "me" }): Promise<void>
  /** Default: everything. @throws ERR_MESSAGE_NOT_FOUND, ERR_CLOSED */
  markRead(upTo?: MessageId): Promise<void>
}

/** Stable identity while nothing changed: fits useSyncExternalStore and signals. */
export interface Snapshot {
  readonly connection: ConnectionState
  readonly conversations: readonly Conversation[]
  readonly outbox: number
}

export type TokenSource =
  | string
  | ((context: { readonly signal: AbortSignal; readonly reason: "connect" | "expired" }) => Promise<string>)

export interface ChatOptions {
  /** Handle to sign in with. Left out: an account without a handle, reached by its account id. */
  readonly user?: UserId | undefined
  readonly transport: Transport
  /** Default `memoryStore()`: gone with the process. A durable store needs a `storeKey`. */
  readonly store?: Store | undefined
  /** What seals a durable store: a passphrase, 32 bytes, or a function that is asked for one of them. */
  readonly storeKey?: StoreKey | undefined
  /** The host app's own proof of who this is. Asked again when the relay says it has expired. */
  readonly token?: TokenSource | undefined
  readonly retry?: RetryOptions | undefined
  /** Default both true. */
  readonly receipts?:
    { readonly delivered?: boolean | undefined; readonly read?: boolean | undefined } | undefined
  /** Default true. */
  readonly typing?: boolean | undefined
  /** Keep the encrypted form of this many latest messages per conversation for `inspect`. Default 0. */
  readonly inspect?: number | undefined
  /** When another tab or process has the store: `refuse` (default, ERR_OTHER_TAB), or take it over. */
  readonly tabs?: "refuse" | "takeover" | undefined
  /** Messages waiting in the outbox. Default 1,000. */
  readonly maxQueue?: number | undefined
  readonly logger?: Logger | undefined
}
