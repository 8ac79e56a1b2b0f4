/**
 * Bytes of a Fernet token: `0x80 ‖ u64 timestamp ‖ IV 16 ‖ AES-128-CBC/PKCS#7 ‖ HMAC 32`; of a key, the signing
 * half then the encryption half. Fernet specification, version 0x80; protocol.md §2.1
 */
import { equalBytes } from "../bytes/compare.ts"
import { concat } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { aesCbcDecrypt, aesCbcEncrypt, hmacSha256 } from "#primitives"

const VERSION = 0x80
const HEADER_BYTES = 25
const MAC_BYTES = 32
const HALF = 16

/** Seal under a one-time key (32 bytes) with timestamp 0: a clear time would tell when a message was made. */
export const sealToken = (key: Uint8Array, payload: Uint8Array, iv: Uint8Array): Bytes => {
  const body = concat(
    Uint8Array.of(VERSION),
    new Uint8Array(8),
    iv,
    aesCbcEncrypt(key.subarray(HALF), iv, payload),
  )
  return concat(body, hmacSha256(key.subarray(0, HALF), body))
}

const refused = (): SecureChatError => new SecureChatError("ERR_AUTHENTICATION", "message does not open")

/** HMAC first; then everything else fails alike. @throws ERR_AUTHENTICATION, never saying which check failed. */
export const openToken = (key: Uint8Array, token: Uint8Array): Bytes => {
  if (token.length < HEADER_BYTES + HALF + MAC_BYTES) throw refused()
  const body = token.subarray(0, token.length - MAC_BYTES)
  if (!equalBytes(hmacSha256(key.subarray(0, HALF), body), token.subarray(body.length))) throw refused()
  if (body[0] !== VERSION || body.subarray(1, 9).some((byte) => byte !== 0)) throw refused()
  return aesCbcDecrypt(key.subarray(HALF), body.subarray(9, HEADER_BYTES), body.subarray(HEADER_BYTES))
}
