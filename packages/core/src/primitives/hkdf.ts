/** HKDF-SHA-256 (RFC 5869) with labelled `info`, over whichever back end is in use. */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { hmacSha256 } from "#primitives"
import { type Label, labelPrefix } from "./labels.ts"

const HASH_BYTES = 32
const NO_SALT = new Uint8Array(HASH_BYTES)

/** HKDF-Extract: a 32-byte pseudo-random key. An empty salt is 32 zero bytes. RFC 5869 §2.2 */
export const hkdfExtract = (salt: Uint8Array, ikm: Uint8Array): Bytes =>
  hmacSha256(salt.length === 0 ? NO_SALT : salt, ikm)

/** The block counter is one byte: past 255 blocks it would wrap and repeat the output. RFC 5869 §2.3 */
const MAX_OUTPUT_BYTES = 255 * HASH_BYTES

/** HKDF-Expand with the `info` as given. @throws ERR_LIMIT when `length` is above 8,160 bytes. RFC 5869 §2.3 */
export const hkdfExpand = (prk: Uint8Array, info: Uint8Array, length: number): Bytes =>
  expandParts(prk, [info], length)

const expandParts = (prk: Uint8Array, info: readonly Uint8Array[], length: number): Bytes => {
  if (length > MAX_OUTPUT_BYTES)
    throw new SecureChatError("ERR_LIMIT", `HKDF gives at most ${MAX_OUTPUT_BYTES} bytes`)
  if (length === HASH_BYTES) return hmacSha256(prk, ...info, Uint8Array.of(1))
  const out = new Uint8Array(length)
  let block: Uint8Array = new Uint8Array(0)
  for (let i = 0; i * HASH_BYTES < length; i++) {
    block = hmacSha256(prk, block, ...info, Uint8Array.of(i + 1))
    out.set(block.subarray(0, Math.min(HASH_BYTES, length - i * HASH_BYTES)), i * HASH_BYTES)
  }
  return out
}

/** `EXPAND(prk, label, ctx, n)` of protocol.md §1.1; the parts of a context are one after another. */
export const expand = (
  prk: Uint8Array,
  label: Label,
  context: Uint8Array | readonly Uint8Array[],
  length: number,
): Bytes =>
  expandParts(prk, [labelPrefix(label), ...(context instanceof Uint8Array ? [context] : context)], length)

export interface KdfInput {
  readonly ikm: Uint8Array
  readonly salt: Uint8Array
  readonly label: Label
  readonly context: Uint8Array
}
/** `KDF(ikm, salt, label, ctx, n)` of protocol.md §1.1. */
export const kdf = (input: KdfInput, length: number): Bytes =>
  expand(hkdfExtract(input.salt, input.ikm), input.label, input.context, length)
