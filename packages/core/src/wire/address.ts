/**
 * Identifiers as distinct types: an account id is never taken for a device id (Matrix CVE-2022-39250
 * confused the two). Derivation from keys is `identity`'s; here are the bytes and their text forms.
 */
import { concat } from "../bytes/concat.ts"
import { compareBytes } from "../bytes/compare.ts"
import { fromBase32, fromBase64url, toBase32, toBase64url } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"

/** Self-certifying: "sc1" and 32 base32 characters, a hash of the account identity key. */
export type AccountId = `sc1${string}`
/** base64url of 16 bytes. */
export type DeviceId = string
/** A relay handle ('alice') or an AccountId. An AccountId pins the identity; a handle only points at one. */
export type UserId = string
/** base64url of 32 bytes. */
export type ConversationId = string
/** base64url of 16 bytes. */
export type MessageId = string

export const ACCOUNT_ID_BYTES = 20
export const DEVICE_ID_BYTES = 16
export const SESSION_ID_BYTES = 16
export const MESSAGE_ID_BYTES = 16

const PREFIX = "sc1"

/** 20 bytes to `sc1…`. */
export const formatAccountId = (bytes: Uint8Array): AccountId => `${PREFIX}${toBase32(bytes)}`

/** @throws ERR_DECODE unless the one spelling of 20 bytes. */
export const parseAccountId = (text: string): Bytes => {
  const bytes = text.startsWith(PREFIX) ? fromBase32(text.slice(PREFIX.length)) : undefined
  if (bytes?.length !== ACCOUNT_ID_BYTES) throw new SecureChatError("ERR_DECODE", "not an account id")
  return bytes
}

export const isAccountId = (text: string): text is AccountId => {
  try {
    return parseAccountId(text).length === ACCOUNT_ID_BYTES
  } catch {
    return false
  }
}

/** 16 bytes to text. */
export const formatDeviceId = (bytes: Uint8Array): DeviceId => toBase64url(bytes)
/** @throws ERR_DECODE unless the one spelling of 16 bytes. */
export const parseDeviceId = (text: DeviceId): Bytes => {
  const bytes = fromBase64url(text)
  if (bytes.length !== DEVICE_ID_BYTES) throw new SecureChatError("ERR_DECODE", "not a device id")
  return bytes
}

/** A handle: 2 to 32 bytes of `a–z 0–9 . _ -`, not beginning with `sc1`; compared as bytes. relay.md §5 */
export const isHandle = (text: string): boolean =>
  /^[a-z0-9._-]{2,32}$/.test(text) && !text.startsWith(PREFIX)

/** Both in the order of their bytes, so that both sides name a pair alike. */
export const sortedPair = (a: Uint8Array, b: Uint8Array): readonly [Uint8Array, Uint8Array] =>
  compareBytes(a, b) <= 0 ? [a, b] : [b, a]

/** `LP(a, b, …)`: each behind its u32 length. protocol.md §1.1 */
export const lengthPrefixedAll = (...parts: readonly Uint8Array[]): Bytes =>
  concat(...lengthPrefixedParts(...parts))
/** The same in pieces, for what takes pieces: nothing is copied. */
export const lengthPrefixedParts = (...parts: readonly Uint8Array[]): readonly Uint8Array[] =>
  parts.flatMap((part) => {
    const { length } = part
    return [Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length), part]
  })
