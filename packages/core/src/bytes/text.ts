/** Text forms of bytes: strict base64url, hex, base32, fatal UTF-8. One spelling each, all others refused. */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { copy } from "./concat.ts"

export { fromBase64url, fromPaddedBase64url, toBase64url, toPaddedBase64url } from "./base64url.ts"

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567"

const malformed = (what: string): SecureChatError => new SecureChatError("ERR_DECODE", `not ${what}`)

/** Base32, lower case, without padding (RFC 4648 §6). */
export const toBase32 = (bytes: Uint8Array): string => {
  let text = ""
  let held = 0
  let pending = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    pending += 8
    while (pending >= 5) {
      pending -= 5
      text += BASE32.charAt(held >>> pending)
      held &= (1 << pending) - 1
    }
  }
  return pending === 0 ? text : text + BASE32.charAt(held << (5 - pending))
}

/** @throws ERR_DECODE on any other spelling: foreign characters, padding, a dangling character, non-zero trailing bits. */
export const fromBase32 = (text: string): Bytes => {
  const out = new Uint8Array(Math.floor((text.length * 5) / 8))
  if (text.length * 5 - out.length * 8 >= 5) throw malformed("base32")
  let held = 0
  let pending = 0
  let at = 0
  for (const char of text) {
    const value = BASE32.indexOf(char)
    if (value < 0) throw malformed("base32")
    held = (held << 5) | value
    pending += 5
    if (pending < 8) continue
    pending -= 8
    out[at++] = held >>> pending
    held &= (1 << pending) - 1
  }
  if (held !== 0) throw malformed("base32")
  return out
}

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

const encoder = /* @__PURE__ */ new TextEncoder()
/** Made once: making one costs more than decoding a short text. It keeps nothing between two calls. */
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** UTF-8. A lone surrogate is refused rather than replaced: two texts must not share one encoding. */
export const utf8 = (text: string): Bytes => {
  if (!text.isWellFormed()) throw malformed("text: a lone surrogate")
  return copy(encoder.encode(text))
}
/** @throws ERR_DECODE on invalid UTF-8. A byte order mark is kept as a character. */
export const fromUtf8 = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new SecureChatError("ERR_DECODE", "not UTF-8", { cause })
  }
}
