/**
 * The one error class and the closed set of its codes. Every code has a heading in `docs/errors.md`,
 * which `error.docs` points at. Not its concern: when a code is thrown; that is said where it is thrown.
 */

export type ErrorCode =
  // use and lifecycle
  | "ERR_CONFIG_INVALID"
  | "ERR_CLOSED"
  | "ERR_ABORTED"
  | "ERR_LOCKED"
  | "ERR_TIMEOUT"
  | "ERR_OTHER_TAB"
  | "ERR_RUNTIME_UNSUPPORTED"
  | "ERR_VERSION_UNSUPPORTED"
  | "ERR_INTERNAL"
  // security
  | "ERR_NOT_SECURE"
  | "ERR_HANDSHAKE_FAILED"
  | "ERR_IDENTITY_MISMATCH"
  | "ERR_VERIFICATION_STALE"
  | "ERR_DEVICE_REVOKED"
  // transport, sign-in, limits
  | "ERR_TRANSPORT_UNREACHABLE"
  | "ERR_TRANSPORT_CLOSED"
  | "ERR_TRANSPORT_PROTOCOL"
  | "ERR_FRAME_TOO_LARGE"
  | "ERR_AUTH_REQUIRED"
  | "ERR_AUTH_REJECTED"
  | "ERR_AUTH_EXPIRED"
  | "ERR_HANDLE_TAKEN"
  | "ERR_RATE_LIMITED"
  | "ERR_QUOTA_EXCEEDED"
  | "ERR_QUEUE_FULL"
  // store
  | "ERR_STORE_UNAVAILABLE"
  | "ERR_STORE_KEY_REQUIRED"
  | "ERR_STORE_WRONG_KEY"
  | "ERR_STORE_CORRUPT"
  | "ERR_STORE_TOO_NEW"
  | "ERR_STORE_FULL"
  // directory
  | "ERR_USER_NOT_FOUND"
  | "ERR_NO_PREKEYS"
  | "ERR_DIRECTORY_PROOF_INVALID"
  // reading what arrived
  | "ERR_DECODE"
  | "ERR_AUTHENTICATION"
  | "ERR_NO_SESSION"
  | "ERR_DUPLICATE"
  | "ERR_TOO_OLD"
  | "ERR_TOO_FAR"
  // building blocks
  | "ERR_STATE"
  | "ERR_LIMIT"
  // content
  | "ERR_CONVERSATION_NOT_FOUND"
  | "ERR_MESSAGE_NOT_FOUND"
  | "ERR_MESSAGE_TOO_LARGE"
  // fernet
  | "ERR_KEY_INVALID"
  | "ERR_INVALID_TOKEN"

/** Ids, sizes, counts, reasons. Never content, never keys, never a peer's bytes. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>

/** The plain part of an error: cloneable, storable, safe to show and to log. */
export interface ErrorInfo {
  readonly code: ErrorCode
  readonly message: string
  readonly retryable: boolean
  readonly retryAfterMs?: number
  /** How to fix it, in one sentence. */
  readonly hint?: string
  /** Address of the heading for this code. */
  readonly docs: string
  readonly details?: ErrorDetails
}

export interface SecureChatErrorOptions {
  readonly cause?: unknown
  readonly hint?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly details?: ErrorDetails | undefined
  /** Overrides the code's own default, e.g. `ERR_NOT_SECURE` whose reason passes by itself. */
  readonly retryable?: boolean | undefined
}

/** Codes whose operation may simply be tried again. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ERR_TIMEOUT",
  "ERR_HANDSHAKE_FAILED",
  "ERR_TRANSPORT_UNREACHABLE",
  "ERR_TRANSPORT_CLOSED",
  "ERR_AUTH_EXPIRED",
  "ERR_RATE_LIMITED",
  "ERR_QUEUE_FULL",
  "ERR_STORE_UNAVAILABLE",
  "ERR_NO_PREKEYS",
])

const PLAIN = ["code", "message", "retryable", "docs", "retryAfterMs", "hint", "details"] as const
const DOCS = "https://github.com/securechat/securechat/blob/main/docs/errors.md#"
/** Shared by every copy of the package, so that `is` works across two installed versions. */
const BRAND = Symbol.for("securechat.error.v1")

/** Every error this library throws or emits. Recognise it by `code`, or with `SecureChatError.is`. */
export class SecureChatError extends Error implements ErrorInfo {
  override readonly name: string = "SecureChatError"
  readonly code: ErrorCode
  readonly retryable: boolean
  declare readonly retryAfterMs?: number
  declare readonly hint?: string
  readonly docs: string
  declare readonly details?: ErrorDetails

  constructor(code: ErrorCode, message: string, options: SecureChatErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.retryable = options.retryable ?? RETRYABLE.has(code)
    this.docs = DOCS + code.toLowerCase()
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
    if (options.hint !== undefined) this.hint = options.hint
    if (options.details !== undefined) this.details = options.details
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** The plain part; `cause` and `stack` stay behind. */
  toJSON(): ErrorInfo {
    return Object.fromEntries(
      PLAIN.filter((name) => this[name] !== undefined).map((name) => [name, this[name]]),
    ) as unknown as ErrorInfo
  }

  /** Narrows by brand, not by `instanceof`: works across two copies of the package. */
  static is<C extends ErrorCode = ErrorCode>(
    e: unknown,
    ...codes: readonly C[]
  ): e is SecureChatError & { readonly code: C } {
    if (typeof e !== "object" || e === null || !(BRAND in e)) return false
    return codes.length === 0 || codes.includes((e as Partial<SecureChatError>).code as C)
  }
}
