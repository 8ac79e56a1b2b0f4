/**
 * Canonical CBOR of message content (RFC 8949 §4.2.1), decoded so that hostile bytes cost little and
 * have one spelling: size limit → iterative walk over the heads → `cborg` → re-encode and compare.
 * Neither step alone is enough: `cborg`'s strict mode accepts floats, unordered keys and invalid UTF-8,
 * and 10⁵ nested arrays overflow its stack. protocol.md §1.1. Not its concern: what the values mean.
 */
import { Tokenizer, Type, decode, encode, rfc8949EncodeOptions } from "cborg"
import { equalBytes } from "../bytes/compare.ts"
import { copy } from "../bytes/concat.ts"
import { fromUtf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_CBOR_DEPTH, MAX_CBOR_ITEMS } from "../limits.ts"

/** Maps are `Map`, never objects: a key `__proto__` is just a key (matrix-js-sdk CVE-2022-36059). */
export type CborValue =
  number | string | boolean | null | Uint8Array | readonly CborValue[] | ReadonlyMap<CborValue, CborValue>

const malformed = (what: string, cause?: unknown): SecureChatError =>
  new SecureChatError("ERR_DECODE", `content: ${what}`, cause === undefined ? {} : { cause })

/** Major types of RFC 8949 §3.1. */
const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const
/** Bytes that follow the head for additional information 24 to 27. */
const EXTRA = [1, 2, 4, 8] as const
const FALSE_TRUE_NULL = [20, 21, 22]

interface Head {
  readonly major: number
  readonly argument: number
  readonly next: number
}

const readHead = (bytes: Uint8Array, at: number): Head => {
  const initial = bytes[at]
  if (initial === undefined) throw malformed("ends too soon")
  const major = initial >> 5
  const info = initial & 0x1f
  if (info < 24) return { major, argument: info, next: at + 1 }
  const extra = EXTRA[info - 24]
  if (extra === undefined) throw malformed("indefinite or reserved length")
  if (at + 1 + extra > bytes.length) throw malformed("ends too soon")
  let argument = 0
  for (let i = 1; i <= extra; i++) argument = argument * 256 + (bytes[at + i] as number)
  return { major, argument, next: at + 1 + extra }
}

/** Where the item's head and its own bytes end; refuses tags, floats and every simple value but false, true, null. */
const skipOwnBytes = (head: Head, size: number): number => {
  switch (head.major) {
    case MAJOR.bytes:
    case MAJOR.text:
      if (head.argument > size - head.next) throw malformed("ends too soon")
      return head.next + head.argument
    case MAJOR.tag:
      throw malformed("tags are not used")
    case MAJOR.simple:
      if (!FALSE_TRUE_NULL.includes(head.argument)) throw malformed("floats and undefined are not used")
      return head.next
    default:
      return head.next
  }
}

/** Depth, item count and lengths, without recursion and before anything is allocated. */
const walk = (bytes: Uint8Array): void => {
  /** Items still to come in each open array or map. */
  const open: number[] = [1]
  let items = 0
  let at = 0
  for (;;) {
    while (open.at(-1) === 0) open.pop()
    const top = open.length - 1
    if (top < 0) break
    open[top] = (open[top] as number) - 1
    if (++items > MAX_CBOR_ITEMS) throw malformed(`more than ${MAX_CBOR_ITEMS} items`)
    const head = readHead(bytes, at)
    at = skipOwnBytes(head, bytes.length)
    if (head.major !== MAJOR.array && head.major !== MAJOR.map) continue
    if (open.length > MAX_CBOR_DEPTH) throw malformed(`deeper than ${MAX_CBOR_DEPTH}`)
    if (head.argument > MAX_CBOR_ITEMS) throw malformed(`more than ${MAX_CBOR_ITEMS} items`)
    open.push(head.major === MAJOR.map ? 2 * head.argument : head.argument)
  }
  if (at !== bytes.length) throw malformed("trailing bytes")
}

const STRICT = {
  strict: true,
  useMaps: true,
  rejectDuplicateMapKeys: true,
  allowBigInt: false,
  retainStringBytes: true,
} as const

/** `cborg` decodes text leniently and drops a byte order mark; here text is decoded as everywhere else in core. */
class StrictText extends Tokenizer {
  override next(): ReturnType<Tokenizer["next"]> {
    const token = super.next()
    if (Type.equals(token.type, Type.string) && token.byteValue !== undefined)
      token.value = fromUtf8(token.byteValue)
    return token
  }
}

/** Canonical bytes of a value made by this library. */
export const encodeCbor = (value: CborValue): Bytes => copy(encode(value, rfc8949EncodeOptions))

/**
 * @param maxBytes refused above it, before anything is read.
 * @returns fresh values; maps as `Map`, byte strings as `Uint8Array`.
 * @throws ERR_DECODE on anything `encodeCbor` would not have written.
 */
export const decodeCbor = (bytes: Uint8Array, maxBytes: number): CborValue => {
  if (bytes.length > maxBytes) throw malformed(`${bytes.length} bytes, at most ${maxBytes}`)
  walk(bytes)
  try {
    const value = decode(bytes, { ...STRICT, tokenizer: new StrictText(bytes, STRICT) }) as CborValue
    if (!equalBytes(encode(value, rfc8949EncodeOptions), bytes)) throw malformed("not in its one spelling")
    return value
  } catch (cause) {
    if (SecureChatError.is(cause)) throw cause
    throw malformed("not CBOR", cause)
  }
}
