/**
 * One value per wire type holds both directions. A `Layout` writes into and reads from the middle of
 * something; a `Codec` made from it is total: all bytes are consumed or it is ERR_DECODE.
 */
import type { Bytes } from "../deps.ts"
import { Reader } from "./reader.ts"
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

/** Exactly `length` bytes. */
export const fixedBytes = (length: number): Layout<Bytes> => ({
  write: (out, value) => {
    out.fixed(value, length)
  },
  read: (input) => input.take(length),
})

/** Up to `max` bytes behind a length of `bits` bits. */
export const lengthPrefixed = (bits: 8 | 16 | 32, max: number): Layout<Bytes> => ({
  write: (out, value) => {
    out.prefixed(bits, value)
  },
  read: (input) => input.prefixed(bits, max),
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
    if (bits === 8) out.u8(values.length)
    else if (bits === 16) out.u16(values.length)
    else out.u32(values.length)
    for (const value of values) item.write(out, value)
  },
  read: (input) => {
    const count = bits === 8 ? input.u8() : bits === 16 ? input.u16() : input.u32()
    if (count > max) input.fail(`${count} items, at most ${max}`)
    const values: T[] = []
    for (let i = 0; i < count; i++) values.push(item.read(input))
    return values
  },
})
