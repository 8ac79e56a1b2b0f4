/**
 * Which X25519 public keys and results are refused, by bytes, before and after either back end computes
 * (protocol.md §2). RFC 7748 would mask the top bit and reduce u: then one key has several spellings.
 */
import { isZero } from "../bytes/compare.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { CURVE_BYTES, requireKey } from "./lengths.ts"
import { isReduced } from "./field.ts"

/** @throws ERR_KEY_INVALID unless 32 bytes, top bit clear, u < 2²⁵⁵−19. */
export const requireX25519PublicKey = (publicKey: Uint8Array): void => {
  requireKey(publicKey, CURVE_BYTES, "X25519 public key")
  if ((publicKey[31] as number) > 0x7f || !isReduced(publicKey))
    throw new SecureChatError("ERR_KEY_INVALID", "X25519 public key is not canonical")
}

/** A low-order key: the peer, or whoever changed it under way, fixed the secret. RFC 7748 §6.1 */
export const lowOrder = (): SecureChatError =>
  new SecureChatError("ERR_KEY_INVALID", "X25519 public key is of low order")

/** The result of an agreement. @throws ERR_KEY_INVALID when it is all zero. */
export const requireAgreed = (shared: Bytes): Bytes => {
  if (isZero(shared)) throw lowOrder()
  return shared
}
