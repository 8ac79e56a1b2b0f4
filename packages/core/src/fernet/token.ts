/**
 * The bytes of a token, `0x80 ‖ u64 seconds ‖ IV 16 ‖ AES-128-CBC ‖ HMAC 32`, and its opening: the HMAC
 * over everything first, then the rest, and one failure for all (padding oracle). protocol.md §2.1
 *
 * Not its concern: the text form, ttl and clock (`fernet.ts`), and what a ratchet binds into the key.
 */
import { equalBytes, isZero } from "../bytes/compare.ts"
import { EMPTY } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { aesCbcDecrypt, aesCbcEncrypt, hmacSha256 } from "#primitives"
import { type FernetKey, splitKey } from "./key.ts"

const VERSION = 0x80
/** Where the parts begin. */
const TIME_AT = 1
const IV_AT = 9
const CIPHERTEXT_AT = 25
const TAG_BYTES = 32
/** Head, at least one block (PKCS#7 always adds a byte), tag. */
const MIN_BYTES = CIPHERTEXT_AT + 16 + TAG_BYTES

/** What the clear head of a token says; the timestamp is metadata that anybody can read. */
export interface TokenHead {
  /** u64 up to 2⁵³−1. */
  readonly timestampSeconds: number
  /** 16 bytes, random for every token. */
  readonly iv: Uint8Array
}
/** A token whose HMAC held. */
export interface AuthenticToken {
  readonly timestampSeconds: number
  /** Views of the token. */
  readonly iv: Uint8Array
  readonly ciphertext: Uint8Array
}

const LOW = 2 ** 32

/** A fresh token under `key`, behind `before` in one array, so that no large body is copied once more. */
export const seal = (key: FernetKey, head: TokenHead, payload: Uint8Array, before = EMPTY): Bytes => {
  const ciphertext = aesCbcEncrypt(key.encryption, head.iv, payload)
  const signed = CIPHERTEXT_AT + ciphertext.length
  const whole = new Uint8Array(before.length + signed + TAG_BYTES)
  whole.set(before)
  const token = whole.subarray(before.length)
  const view = new DataView(whole.buffer, before.length)
  token[0] = VERSION
  view.setUint32(TIME_AT, head.timestampSeconds / LOW)
  view.setUint32(TIME_AT + 4, head.timestampSeconds % LOW)
  token.set(head.iv, IV_AT)
  token.set(ciphertext, CIPHERTEXT_AT)
  token.set(hmacSha256(key.signing, token.subarray(0, signed)), signed)
  return whole
}

/** Check the HMAC, then take the token apart. @throws ERR_AUTHENTICATION, always the same. */
export const authenticate = (key: FernetKey, token: Uint8Array): AuthenticToken => {
  if (token.length < MIN_BYTES) throw refused()
  const signed = token.subarray(0, -TAG_BYTES)
  if (!equalBytes(hmacSha256(key.signing, signed), token.subarray(-TAG_BYTES))) throw refused()
  const view = new DataView(token.buffer, token.byteOffset)
  const timestampSeconds = view.getUint32(TIME_AT) * LOW + view.getUint32(TIME_AT + 4)
  if (token[0] !== VERSION || !Number.isSafeInteger(timestampSeconds)) throw refused()
  return {
    timestampSeconds,
    iv: signed.subarray(IV_AT, CIPHERTEXT_AT),
    ciphertext: signed.subarray(CIPHERTEXT_AT),
  }
}

/** The payload of a token whose HMAC held. @throws ERR_AUTHENTICATION on wrong padding. */
export const decryptAuthentic = (key: FernetKey, token: AuthenticToken): Bytes =>
  aesCbcDecrypt(key.encryption, token.iv, token.ciphertext)

/**
 * A ratchet's token behind `before`: timestamp 0, because a clear creation time is metadata for the relay.
 *
 * @param key 32 bytes, used for this token only.
 * @param iv  16 random bytes, never derived: after a state roll-back a key could seal twice.
 */
export const sealToken = (key: Uint8Array, payload: Uint8Array, iv: Uint8Array, before = EMPTY): Bytes =>
  seal(splitKey(key), { timestampSeconds: 0, iv }, payload, before)

/**
 * The payload of a ratchet's token.
 *
 * @throws ERR_AUTHENTICATION for a wrong key, any altered byte, length, version, padding, or a timestamp
 * other than 0: which of them is not said.
 */
export const openToken = (key: Uint8Array, token: Uint8Array): Bytes => {
  const keys = splitKey(key)
  const authentic = authenticate(keys, token)
  if (!isZero(token.subarray(TIME_AT, IV_AT))) throw refused()
  return decryptAuthentic(keys, authentic)
}

const refused = (): SecureChatError => new SecureChatError("ERR_AUTHENTICATION", "cannot be opened")
