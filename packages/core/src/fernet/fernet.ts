/**
 * Fernet as specified at github.com/fernet/spec, with the names and meaning of Python's `cryptography`:
 * text tokens, real time, `ttl` in seconds, 60 s of skew. Stricter than most: one spelling per token.
 *
 * Tokens of a ratchet (timestamp 0) are `token.ts`; a `ttl` refuses them, as it should.
 */
import { fromUtf8, utf8 } from "../bytes/text.ts"
import { type Bytes, platformDeps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { FERNET_MAX_CLOCK_SKEW_SECONDS } from "../limits.ts"
import { fromPaddedBase64url, toPaddedBase64url } from "#primitives"
import { InvalidToken } from "./invalid-token.ts"
import { FERNET_KEY_BYTES, type FernetKey, parseKey } from "./key.ts"
import { type AuthenticToken, authenticate, decryptAuthentic, seal } from "./token.ts"

export interface TtlOptions {
  /** Seconds. Absent: any age is accepted, and any date that is not beyond 2⁵³−1. */
  readonly ttl?: number | undefined
}

/** Encrypts and authenticates under one 32-byte key. The key is not printed, not enumerated, not handed out. */
export class Fernet {
  readonly #key: FernetKey

  /**
   * @param key 44 characters of padded url-safe base64 (or their bytes), or the 32 bytes; copied.
   * @throws ERR_KEY_INVALID
   */
  constructor(key: string | Uint8Array) {
    this.#key = parseKey(key)
  }

  /** A fresh key as text, 44 characters. */
  static generateKey(): string {
    return toPaddedBase64url(platformDeps.random(FERNET_KEY_BYTES))
  }

  /** A token that says when it was made. Text is encoded as UTF-8. @throws ERR_DECODE on a lone surrogate. */
  encrypt(data: Uint8Array | string): string {
    return this.encryptAtTime(data, nowSeconds())
  }

  /** The same with the creation time given, in whole seconds since 1970. @throws ERR_CONFIG_INVALID, ERR_DECODE */
  encryptAtTime(data: Uint8Array | string, currentTime: number): string {
    const head = { timestampSeconds: wholeSeconds(currentTime, "currentTime"), iv: platformDeps.random(16) }
    return toPaddedBase64url(seal(this.#key, head, typeof data === "string" ? utf8(data) : data))
  }

  /** @throws InvalidToken; ERR_CONFIG_INVALID for a `ttl` that is not a whole number of seconds. */
  decrypt(token: string | Uint8Array, options: TtlOptions = {}): Bytes {
    if (options.ttl === undefined) return opaque(() => decryptAuthentic(this.#key, this.#authentic(token)))
    return this.decryptAtTime(token, { ttl: options.ttl, currentTime: nowSeconds() })
  }

  /** As `decrypt` with a `ttl`, at a given time. @throws InvalidToken, ERR_CONFIG_INVALID */
  decryptAtTime(token: string | Uint8Array, options: { ttl: number; currentTime: number }): Bytes {
    const ttl = wholeSeconds(options.ttl, "ttl")
    const now = wholeSeconds(options.currentTime, "currentTime")
    return opaque(() => {
      const authentic = this.#authentic(token)
      const age = now - authentic.timestampSeconds
      if (age > ttl || age < -FERNET_MAX_CLOCK_SKEW_SECONDS) throw new InvalidToken()
      return decryptAuthentic(this.#key, authentic)
    })
  }

  /** When the token was made, in seconds since 1970; the signature is checked first. @throws InvalidToken */
  extractTimestamp(token: string | Uint8Array): number {
    return opaque(() => this.#authentic(token).timestampSeconds)
  }

  #authentic(token: string | Uint8Array): AuthenticToken {
    return authenticate(this.#key, fromPaddedBase64url(typeof token === "string" ? token : fromUtf8(token)))
  }
}

/** Every failure of opening leaves through here and looks the same. */
const opaque = <T>(open: () => T): T => {
  try {
    return open()
  } catch {
    throw new InvalidToken()
  }
}

const nowSeconds = (): number => Math.floor(platformDeps.nowMs() / 1000)

/** NaN would pass every comparison, so it is refused rather than compared. */
const wholeSeconds = (value: number, name: string): number => {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new SecureChatError("ERR_CONFIG_INVALID", `${name} is a whole number of seconds, 0 or more`, {
    hint: "Milliseconds become seconds by Math.floor(ms / 1000).",
  })
}
