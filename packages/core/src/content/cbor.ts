/**
 * Canonical CBOR of message content (RFC 8949 §4.2.1): one spelling for each value, decoded so that hostile
 * bytes cost little. Depth, items and lengths are bounded before anything is built; heads must be the shortest,
 * map keys in order and once; floats, tags, indefinite lengths and other simple values do not exist here.
 * Written here and not taken from a library: a general one costs 8 of core's 60 kB, and its leniency (floats,
 * unordered keys, broken UTF-8) had to be fenced on every side; it serves as the oracle of `cbor.test.ts`
 * (docs/decisions/0002-canonical-cbor.md). protocol.md §1.1. Not its concern: what the values mean.
 */
import { compareBytes } from "../bytes/compare.ts"
import { Reader } from "../bytes/reader.ts"
import { fromUtf8, utf8 } from "../bytes/text.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_CBOR_DEPTH, MAX_CBOR_ITEMS } from "../limits.ts"

/** Maps are `Map`, never objects: a key `__proto__` is just a key (matrix-js-sdk CVE-2022-36059). */
export type CborValue =
  number | string | boolean | null | Uint8Array | readonly CborValue[] | ReadonlyMap<CborValue, CborValue>

/** Major types of RFC 8949 §3.1; 6 (tags) is refused. */
const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, simple: 7 } as const
/** Additional information of major type 7. */
const SIMPLE: ReadonlyMap<number, boolean | null> = new Map([
  [20, false],
  [21, true],
  [22, null],
])

// ── encode ───────────────────────────────────────────────────────────────────────────────────────

const writeHead = (out: Writer, major: number, argument: number): Writer => {
  const top = major << 5
  if (argument < 24) return out.u8(top | argument)
  if (argument <= 0xff) return out.u8(top | 24).u8(argument)
  if (argument <= 0xffff) return out.u8(top | 25).u16(argument)
  if (argument <= 0xffff_ffff) return out.u8(top | 26).u32(argument)
  return out.u8(top | 27).u64(argument)
}

const writeNumber = (out: Writer, value: number): void => {
  if (!Number.isSafeInteger(value))
    throw new SecureChatError("ERR_INTERNAL", "content holds whole numbers only")
  if (value >= 0) writeHead(out, MAJOR.unsigned, value)
  else writeHead(out, MAJOR.negative, -1 - value)
}

/** Room for a key: nearly all are numbers of one byte, and what fills its room is not copied. */
const KEY_ROOM = 1
const spelled = (key: CborValue): Bytes => {
  const out = new Writer(KEY_ROOM)
  write(out, key)
  return out.bytes()
}

const writeMap = (out: Writer, map: ReadonlyMap<CborValue, CborValue>): void => {
  writeHead(out, MAJOR.map, map.size)
  const entries = [...map].map(([key, value]) => [spelled(key), value] as const)
  for (const [key, value] of entries.toSorted(([a], [b]) => compareBytes(a, b))) write(out.put(key), value)
}

const write = (out: Writer, value: CborValue): void => {
  if (typeof value === "number") writeNumber(out, value)
  else if (typeof value === "string") {
    const text = utf8(value)
    writeHead(out, MAJOR.text, text.length).put(text)
  } else if (value instanceof Uint8Array) writeHead(out, MAJOR.bytes, value.length).put(value)
  else if (typeof value === "boolean" || value === null)
    writeHead(out, MAJOR.simple, value === null ? 22 : value ? 21 : 20)
  else if (value instanceof Map) writeMap(out, value)
  else {
    const items = value as readonly CborValue[]
    writeHead(out, MAJOR.array, items.length)
    for (const item of items) write(out, item)
  }
}

/** Room for a record with an envelope in it, which would grow out of less three times. */
const ROOM = 2048

/** Canonical bytes of a value made by this library. @throws ERR_DECODE for a text with a lone surrogate. */
export const encodeCbor = (value: CborValue): Bytes => {
  const out = new Writer(ROOM)
  write(out, value)
  return out.bytes()
}

// ── decode ───────────────────────────────────────────────────────────────────────────────────────

/** Bytes after the head for additional information 24 to 27, and the least argument they are the shortest form of. */
const readArgument = (input: Reader, info: number): number => {
  if (info < 24) return info
  const [argument, least] =
    info === 24
      ? [input.u8(), 24]
      : info === 25
        ? [input.u16(), 0x100]
        : info === 26
          ? [input.u32(), 0x1_0000]
          : info === 27
            ? [input.u64(), 0x1_0000_0000]
            : input.fail("indefinite or reserved length")
  return argument < least ? input.fail("longer spelling than needed") : argument
}

/** Items read so far: bounds the work of one content. */
interface Budget {
  items: number
}

const readMap = (input: Reader, size: number, depth: number, budget: Budget): CborValue => {
  const map = new Map<CborValue, CborValue>()
  let previous: Bytes | undefined
  for (let i = 0; i < size; i++) {
    const start = input.offset
    const key = read(input, depth, budget)
    const spelled = input.since(start)
    if (previous !== undefined && compareBytes(previous, spelled) >= 0)
      input.fail("keys out of order, or twice")
    previous = spelled
    map.set(key, read(input, depth, budget))
  }
  return map
}

const readArray = (input: Reader, size: number, depth: number, budget: Budget): CborValue => {
  const items: CborValue[] = []
  for (let i = 0; i < size; i++) items.push(read(input, depth, budget))
  return items
}

const readSimple = (input: Reader, info: number): boolean | null => {
  const value = SIMPLE.get(info)
  return value === undefined ? input.fail("floats and undefined are not used") : value
}

const read = (input: Reader, depth: number, budget: Budget): CborValue => {
  if (++budget.items > MAX_CBOR_ITEMS) input.fail(`more than ${MAX_CBOR_ITEMS} items`)
  const initial = input.u8()
  const [major, info] = [initial >> 5, initial & 0x1f]
  if (major === MAJOR.simple) return readSimple(input, info)
  const argument = readArgument(input, info)
  if (major === MAJOR.unsigned) return argument
  if (major === MAJOR.negative && argument < Number.MAX_SAFE_INTEGER) return -1 - argument
  if (major === MAJOR.bytes) return input.take(argument)
  if (major === MAJOR.text) return fromUtf8(input.take(argument))
  if (major !== MAJOR.array && major !== MAJOR.map) return input.fail("tags and larger numbers are not used")
  if (depth >= MAX_CBOR_DEPTH) input.fail(`deeper than ${MAX_CBOR_DEPTH}`)
  // Each item takes a byte at least: a declared length beyond the input is refused before the first of them.
  if (argument > input.remaining) input.fail(`${argument} items declared, ${input.remaining} bytes left`)
  return (major === MAJOR.map ? readMap : readArray)(input, argument, depth + 1, budget)
}

/**
 * @param maxBytes refused above it, before anything is read.
 * @returns fresh values; maps as `Map`, byte strings as `Uint8Array`.
 * @throws ERR_DECODE on anything `encodeCbor` would not have written.
 */
export const decodeCbor = (bytes: Uint8Array, maxBytes: number): CborValue => {
  const input = new Reader(bytes)
  if (bytes.length > maxBytes) input.fail(`${bytes.length} bytes, at most ${maxBytes}`)
  const value = read(input, 0, { items: 0 })
  input.end()
  return value
}
