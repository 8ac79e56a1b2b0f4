/** Text forms of bytes: strict base64url, hex, base32, fatal UTF-8. One spelling each, all others refused. */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { copy } from "./concat.ts"

const URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567"

const decodeTable = (alphabet: string): Int8Array => {
  const table = new Int8Array(128).fill(-1)
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i
  return table
}
const URL_SAFE_VALUES = /* @__PURE__ */ decodeTable(URL_SAFE)
const BASE32_VALUES = /* @__PURE__ */ decodeTable(BASE32)

const malformed = (what: string): SecureChatError => new SecureChatError("ERR_DECODE", `not ${what}`)

/** Groups of `bits` bits to characters, the last one filled with zero bits. */
const encodeBits = (bytes: Uint8Array, alphabet: string, bits: number): string => {
  let text = ""
  let held = 0
  let pending = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    pending += 8
    while (pending >= bits) {
      pending -= bits
      text += alphabet.charAt((held >>> pending) & ((1 << bits) - 1))
    }
    held &= (1 << pending) - 1
  }
  return pending === 0 ? text : text + alphabet.charAt((held << (bits - pending)) & ((1 << bits) - 1))
}

/** The reverse; foreign characters, a dangling character and non-zero trailing bits are refused. */
const decodeBits = (text: string, values: Int8Array, bits: number, what: string): Bytes => {
  const length = Math.floor((text.length * bits) / 8)
  const trailing = text.length * bits - length * 8
  if (trailing >= bits) throw malformed(what)
  const out = new Uint8Array(length)
  let held = 0
  let pending = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? (values[code] as number) : -1
    if (value < 0) throw malformed(what)
    held = (held << bits) | value
    pending += bits
    if (pending >= 8) {
      pending -= 8
      out[at++] = held >>> pending
      held &= (1 << pending) - 1
    }
  }
  if (held !== 0) throw malformed(what)
  return out
}

/** Base64url without padding (RFC 4648 §5). */
export const toBase64url = (bytes: Uint8Array): string => encodeBits(bytes, URL_SAFE, 6)
/** @throws ERR_DECODE on any other spelling: foreign characters, padding, white space, non-zero trailing bits. */
export const fromBase64url = (text: string): Bytes => decodeBits(text, URL_SAFE_VALUES, 6, "base64url")

/** Base64url with padding, as Fernet writes tokens and keys. */
export const toPaddedBase64url = (bytes: Uint8Array): string => {
  const text = toBase64url(bytes)
  return text + "=".repeat((4 - (text.length % 4)) % 4)
}
/** @throws ERR_DECODE unless padding is exactly what the length asks for, and the rest is strict base64url. */
export const fromPaddedBase64url = (text: string): Bytes => {
  if (text.length % 4 !== 0) throw malformed("padded base64url")
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0
  return decodeBits(text.slice(0, text.length - padding), URL_SAFE_VALUES, 6, "padded base64url")
}

/** Base32, lower case, without padding (RFC 4648 §6). */
export const toBase32 = (bytes: Uint8Array): string => encodeBits(bytes, BASE32, 5)
/** @throws ERR_DECODE on any other spelling. */
export const fromBase32 = (text: string): Bytes => decodeBits(text, BASE32_VALUES, 5, "base32")

/** Lower-case hex. */
export const toHex = (bytes: Uint8Array): string => {
  let text = ""
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0")
  return text
}
/** @throws ERR_DECODE unless an even number of lower- or upper-case hex digits. */
export const fromHex = (text: string): Bytes => {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw malformed("hex")
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  )
}

/** UTF-8. A lone surrogate is refused rather than replaced: two texts must not share one encoding. */
export const utf8 = (text: string): Bytes => {
  if (!text.isWellFormed()) throw malformed("well-formed text (a lone surrogate)")
  return copy(new TextEncoder().encode(text))
}
/** @throws ERR_DECODE on invalid UTF-8. A byte order mark is kept as a character. */
export const fromUtf8 = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new SecureChatError("ERR_DECODE", "not UTF-8", { cause })
  }
}
