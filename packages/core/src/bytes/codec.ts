/**
 * One value per wire type holds both directions. A `Layout` writes into and reads from the middle of
 * something; a `Codec` made from it is total: all bytes are consumed or it is ERR_DECODE.
 */
import type { Bytes } from "../deps.ts"
import { Reader } from "./reader.ts"
import { type Secret, secret } from "./secret.ts"
import { fromUtf8, utf8 } from "./text.ts"
import { Writer } from "./writer.ts"

export interface Layout<T> {
  write(out: Writer, value: T): void
  /** @throws ERR_DECODE */
  read(input: Reader): T
}

export interface Codec<T> {
  encode(value: T): Bytes
  /** @throws ERR_DECODE on anything `encode` would not have written. */
  decode(bytes: Uint8Array): T
}

export const codec = <T>(layout: Layout<T>): Codec<T> => ({
  encode: (value) => {
    const out = new Writer()
    layout.write(out, value)
    return out.bytes()
  },
  decode: (bytes) => {
    const input = new Reader(bytes)
    const value = layout.read(input)
    input.end()
    return value
  },
})

const uint = (bits: 8 | 16 | 32 | 64): Layout<number> => ({
  write: (out, value) => {
    out.uint(bits, value)
  },
  read: (input) => input.uint(bits),
})
export const u8: Layout<number> = /* @__PURE__ */ uint(8)
export const u16: Layout<number> = /* @__PURE__ */ uint(16)
export const u32: Layout<number> = /* @__PURE__ */ uint(32)
/** Eight bytes with a value of at most 2⁵³−1. */
export const u53: Layout<number> = /* @__PURE__ */ uint(64)

/** One byte, the place of the value among `values`; any other is refused. */
export const choice = <T>(...values: readonly T[]): Layout<T> => ({
  write: (out, value) => {
    out.u8(values.indexOf(value))
  },
  read: (input) => {
    const place = input.u8()
    return place < values.length ? (values[place] as T) : input.fail("unknown choice", 1)
  },
})
/** One byte, 0 or 1; anything else is refused, so that a value has one spelling. */
export const flag: Layout<boolean> = /* @__PURE__ */ choice(false, true)

/** Exactly `length` bytes. */
export const fixedBytes = (length: number): Layout<Bytes> => ({
  write: (out, value) => {
    out.fixed(value, length)
  },
  read: (input) => input.take(length),
})

/** The same, kept from being printed. */
export const secretBytes = (length: number): Layout<Secret> => ({
  write: (out, value) => {
    out.fixed(value.expose(), length)
  },
  read: (input) => secret(input.take(length)),
})

/** Up to `max` bytes behind a length of `bits` bits. */
export const lengthPrefixed = (bits: 8 | 16 | 32, max: number): Layout<Bytes> => ({
  write: (out, value) => {
    out.prefixed(bits, value)
  },
  read: (input) => input.prefixed(bits, max),
})

/** UTF-8 behind a length, at most `max` bytes. */
export const text = (bits: 8 | 16, max: number): Layout<string> => ({
  write: (out, value) => {
    out.prefixed(bits, utf8(value))
  },
  read: (input) => fromUtf8(input.prefixed(bits, max)),
})

/** 0 or 1, then the value where it is 1. */
export const optional = <T>(item: Layout<T>): Layout<T | undefined> => ({
  write: (out, value) => {
    out.u8(value === undefined ? 0 : 1)
    if (value !== undefined) item.write(out, value)
  },
  read: (input) => {
    const present = input.u8()
    if (present > 1) input.fail("presence byte is neither 0 nor 1", 1)
    return present === 1 ? item.read(input) : undefined
  },
})

/** A count of `bits` bits, at most `max`, then the items. */
export const listOf = <T>(bits: 8 | 16 | 32, max: number, item: Layout<T>): Layout<readonly T[]> => ({
  write: (out, values) => {
    out.uint(bits, values.length)
    for (const value of values) item.write(out, value)
  },
  read: (input) => {
    const count = input.uint(bits)
    if (count > max) input.fail(`${count} items, at most ${max}`)
    const values: T[] = []
    for (let i = 0; i < count; i++) values.push(item.read(input))
    return values
  },
})

/** A byte that must be `value`, then the item. */
export const after = <T>(value: number, what: string, item: Layout<T>): Layout<T> => ({
  write: (out, of) => {
    out.u8(value)
    item.write(out, of)
  },
  read: (input) => {
    input.expect(value, what)
    return item.read(input)
  },
})

/** Named fields, written and read in the order in which they stand. */
export const struct = <T extends object>(fields: { readonly [K in keyof T]-?: Layout<T[K]> }): Layout<T> => {
  const names = Object.keys(fields) as (keyof T)[]
  return {
    write: (out, value) => {
      for (const name of names) fields[name].write(out, value[name])
    },
    read: (input) => {
      const value: Partial<T> = {}
      for (const name of names) value[name] = fields[name].read(input)
      return value as T
    },
  }
}

/** The signed bytes and the whole, as received: nothing is ever verified in a re-encoded form. */
export interface Received {
  readonly body: Bytes
  readonly bytes: Bytes
}
/** Fields, then signatures of 64 bytes over them. Writing repeats what was received. */
export const signed = <T extends object, S extends string = "signature">(
  fields: Layout<T>,
  names: readonly S[],
): Layout<T & Received & Readonly<Record<S, Bytes>>> => ({
  write: (out, statement) => {
    out.put(statement.bytes)
  },
  read: (input) => {
    const start = input.offset
    const values = fields.read(input)
    const body = input.since(start)
    const signatures = Object.fromEntries(names.map((name) => [name, input.take(64)])) as Record<S, Bytes>
    return { ...values, ...signatures, body, bytes: input.since(start) }
  },
})
