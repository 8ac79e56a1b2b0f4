/** The public shapes of the first door, `SecureChannel`. Types only. */
import type { Bytes } from "../deps.ts"
import type { SecureChatError } from "../errors.ts"
import type { Identity } from "../identity/keys.ts"
import type { ConnectionChange, Inspection, RetryOptions, SecurityChange } from "../runtime/types.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import type { StoreKey } from "../store/store-key.ts"
import type { Store } from "../store/store.ts"
import type { Logger, Transport } from "../transport/transport.ts"
import type { AccountId, MessageId, UserId } from "../wire/address.ts"

/** Plain and frozen. */
export interface ChannelMessage {
  readonly id: MessageId
  readonly data: Bytes
  /** The data as text when it was sent as a string. */
  readonly text?: string
  /** What the sender's clock said; informative only. */
  readonly sentAt: Date
  /** As it was on receipt; never raised afterwards. */
  readonly security: SecurityStatus
}

export interface ChannelEvents {
  message: ChannelMessage
  security: SecurityChange
  connection: ConnectionChange
  /** A pipe has no mailbox: what it drops is reported, not repaired. `missing` messages before this one. */
  gap: { readonly missing: number; readonly before: MessageId }
  /** Another account spoke in the room; it was ignored. Told once for each account. */
  "third-party": { readonly accountId: AccountId }
  /** Only with the option `inspect`. */
  inspect: Inspection
  /** What no call can return; never throws when nobody listens. */
  error: SecureChatError
  /** `peer`: the far end of the pipe left for good. `pipe`: it cannot be connected again. */
  close: { readonly by: "us" | "peer" | "pipe"; readonly error?: SecureChatError }
}

export type ChannelRole = "auto" | "initiator" | "responder"

export interface ChannelOptions {
  /** Anything that moves bytes between two parties. May lose, repeat, reorder and echo frames. */
  readonly pipe: Transport
  /** Default: from the store, else made on the spot and gone with this object. */
  readonly identity?: Identity | undefined
  /**
   * Names the conversation inside a shared pipe, e.g. the room; bound into the keys, so both sides must
   * give the same. At most 255 bytes of UTF-8. Default "".
   */
  readonly context?: string | undefined
  /** Default "auto": both say hello, the smaller random nonce leads. */
  readonly role?: ChannelRole | undefined
  /**
   * Whom to expect: an AccountId accepts that identity only; any other string is the name under which the
   * peer is pinned in the store.
   */
  readonly peer?: UserId | undefined
  /** Keeps identity and pins, never sessions. Default: nothing outlives this object. */
  readonly store?: Store | undefined
  /** What seals a durable store: a passphrase, 32 bytes, or a function that is asked for one of them. */
  readonly storeKey?: StoreKey | undefined
  readonly retry?: RetryOptions | undefined
  /** Default and maximum 65,536. */
  readonly maxMessageBytes?: number | undefined
  /** Emit `inspect` for each message. */
  readonly inspect?: boolean | undefined
  readonly logger?: Logger | undefined
}
