/**
 * Length hiding. Up to 2 KiB a multiple of 160 bytes, above that Padmé (PETS 2019): at most 12 % overhead,
 * and O(log log) bits of length told. No compression: sizes would speak of content (CRIME, Threema Safe).
 */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_PAYLOAD_BYTES, PADDING_BUCKET_BYTES, PADDING_LINEAR_MAX_BYTES } from "../limits.ts"

const MARK = 0x80

/** Padmé: keep as many leading bits of the length as its exponent has bits. */
const padme = (length: number): number => {
  const exponent = Math.floor(Math.log2(length))
  const lastBits = exponent - (Math.floor(Math.log2(exponent)) + 1)
  const mask = 2 ** lastBits - 1
  return Math.ceil(length / (mask + 1)) * (mask + 1)
}

/** Length on the wire of `length` bytes with their mark. */
export const paddedLength = (length: number): number => {
  if (length <= PADDING_LINEAR_MAX_BYTES)
    return Math.ceil(length / PADDING_BUCKET_BYTES) * PADDING_BUCKET_BYTES
  return Math.min(padme(length), MAX_PAYLOAD_BYTES)
}

/** @throws ERR_MESSAGE_TOO_LARGE over 72 KiB. */
export const pad = (bytes: Uint8Array): Bytes => {
  const marked = bytes.length + 1
  if (marked > MAX_PAYLOAD_BYTES)
    throw new SecureChatError("ERR_MESSAGE_TOO_LARGE", `payload of ${bytes.length} bytes`)
  const out = new Uint8Array(paddedLength(marked))
  out.set(bytes)
  out[bytes.length] = MARK
  return out
}

/**
 * A view of what was padded. Only the length `pad` would have chosen is accepted: another one would be a second spelling.
 * @throws ERR_DECODE
 */
export const unpad = (bytes: Bytes): Bytes => {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  const wrong = end === 0 || bytes[end - 1] !== MARK || bytes.length !== paddedLength(end)
  if (wrong) throw new SecureChatError("ERR_DECODE", "padding")
  return bytes.subarray(0, end - 1)
}
