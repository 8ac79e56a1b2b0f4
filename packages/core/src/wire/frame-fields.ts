/**
 * The pieces the layouts of `frame.ts` and `frame-answers.ts` are made of: numbers, flags, texts, and a
 * structure of named fields in the order they are written.
 */
import { type Layout, fixedBytes, lengthPrefixed } from "../bytes/codec.ts"
import { fromUtf8, utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { MAX_CURSOR_BYTES } from "../limits.ts"
import { ACCOUNT_ID_BYTES, DEVICE_ID_BYTES } from "./address.ts"

export const u8: Layout<number> = {
  write: (out, value) => {
    out.u8(value)
  },
  read: (input) => input.u8(),
}
export const u16: Layout<number> = {
  write: (out, value) => {
    out.u16(value)
  },
  read: (input) => input.u16(),
}
export const u32: Layout<number> = {
  write: (out, value) => {
    out.u32(value)
  },
  read: (input) => input.u32(),
}
/** Eight bytes with a value of at most 2⁵³−1. */
export const u53: Layout<number> = {
  write: (out, value) => {
    out.u64(value)
  },
  read: (input) => input.u64(),
}
/** One byte, 0 or 1; anything else is refused, so that a value has one spelling. */
export const flag: Layout<boolean> = {
  write: (out, value) => {
    out.u8(value ? 1 : 0)
  },
  read: (input) => {
    const value = input.u8()
    if (value > 1) input.fail("flag is neither 0 nor 1", 1)
    return value === 1
  },
}
/** UTF-8 behind a length, at most `max` bytes. */
export const text = (bits: 8 | 16, max: number): Layout<string> => ({
  write: (out, value) => {
    out.prefixed(bits, utf8(value))
  },
  read: (input) => fromUtf8(input.prefixed(bits, max)),
})

export const accountId: Layout<Bytes> = /* @__PURE__ */ fixedBytes(ACCOUNT_ID_BYTES)
export const deviceId: Layout<Bytes> = /* @__PURE__ */ fixedBytes(DEVICE_ID_BYTES)
/** At most 64 bytes, opaque to everybody but the mailbox that made them; empty: none. */
export const cursor: Layout<Bytes> = /* @__PURE__ */ lengthPrefixed(8, MAX_CURSOR_BYTES)

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
