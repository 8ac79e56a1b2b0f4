/**
 * The public vocabulary both doors share: events, connection, verification, inspection. Shapes only.
 */
import type { Bytes } from "../deps.ts"
import type { SecureChatError } from "../errors.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import type { AccountId, ConversationId, DeviceId, MessageId } from "../wire/address.ts"

export type Unsubscribe = () => void

export interface AbortOptions {
  readonly signal?: AbortSignal | undefined
}

/** What both people compare. No emoji here: a short static code could be searched for offline. */
export interface SafetyNumber {
  /** 60 digits. */
  readonly digits: string
  /** The same as 12 groups of 5. */
  readonly groups: readonly string[]
  /** Payload of the QR code. */
  readonly qr: Bytes
  /** The peer's account at the moment the number was made. */
  readonly subject: AccountId
}

/** Every call names what the person saw, so that a change in between cannot be confirmed by accident. */
export interface Verifiable {
  readonly security: SecurityStatus
  /** @throws ERR_USER_NOT_FOUND, ERR_NO_PREKEYS, ERR_ABORTED, ERR_CLOSED */
  safetyNumber(options?: AbortOptions): Promise<SafetyNumber>
  /**
   * The number that was shown and found equal, or scanned QR bytes. False: the scan does not match
   * (the level turns red). Success also accepts a changed identity.
   *
   * @throws ERR_VERIFICATION_STALE, ERR_CLOSED
   */
  verify(seen: SafetyNumber | Uint8Array): Promise<boolean>
  /**
   * "They don't match." Red, `sas-mismatch`, until `reset()`.
   *
   * @throws ERR_VERIFICATION_STALE, ERR_CLOSED
   */
  reject(seen: SafetyNumber): Promise<void>
  /** Withdraws a verification: yellow. */
  unverify(): Promise<void>
  /**
   * Take a changed identity without comparing: yellow. Pass `security.subject` as it was shown.
   *
   * @throws ERR_VERIFICATION_STALE, ERR_IDENTITY_MISMATCH, ERR_CLOSED
   */
  accept(identity: AccountId): Promise<void>
  /** Forget the peer's session and start over; the pinned identity stays. */
  reset(): Promise<void>
}

export interface SecurityChange {
  readonly status: SecurityStatus
  readonly previous: SecurityStatus
  readonly conversationId?: ConversationId
  readonly contact?: AccountId
}

export interface ListenOptions extends AbortOptions {
  readonly once?: boolean | undefined
}
export interface IterateOptions extends AbortOptions {
  /** Items kept for a slow reader; the oldest is dropped and reported by an `error` event. Default 256. */
  readonly buffer?: number | undefined
}

/** Typed events. A listener that throws neither stops the others nor the core. */
export interface Observable<E> {
  /** Returns the end of the subscription. */
  on<K extends keyof E>(type: K, listener: (event: E[K]) => void, options?: ListenOptions): Unsubscribe
  /** @throws ERR_ABORTED, ERR_CLOSED */
  once<K extends keyof E>(type: K, options?: AbortOptions): Promise<E[K]>
  /** `break` unsubscribes; `close()` and the signal end it. */
  events<K extends keyof E>(type: K, options?: IterateOptions): AsyncIterableIterator<E[K]>
}

export type ConnectionState = "idle" | "connecting" | "online" | "reconnecting" | "offline" | "closed"

export interface ConnectionChange {
  readonly state: ConnectionState
  readonly previous: ConnectionState
  /** Attempts since the last time `online` held; 0 while it holds. */
  readonly attempt: number
  readonly retryAt?: Date
  readonly error?: SecureChatError
}

export interface RetryOptions {
  /** First and longest wait before another attempt (full jitter between zero and the doubled wait). */
  readonly minMs?: number | undefined
  readonly maxMs?: number | undefined
  /** Silence before `connection:lost` is told. */
  readonly lostAfterMs?: number | undefined
}

/** The encrypted form of one copy of one message, for teaching and for bug reports. Never a key. */
export interface Inspection {
  readonly messageId: MessageId
  readonly direction: "in" | "out"
  readonly device: DeviceId
  /** Fernet token as text (base64url). Any Fernet parser reads its layout. */
  readonly token: string
  readonly fields: {
    readonly version: 0x80
    readonly timestamp: 0
    readonly iv: string
    readonly ciphertextBytes: number
    readonly hmac: string
  }
  readonly header: {
    readonly version: number
    readonly type: "first" | "message"
    readonly sessionId: string
    readonly ratchetKey: string
    readonly previousCount: number
    readonly count: number
    readonly kem: "none" | "offer" | "answer" | "both"
  }
  readonly wireBytes: number
  readonly contentBytes: number
}
