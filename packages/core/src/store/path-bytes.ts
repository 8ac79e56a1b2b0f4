/**
 * Paths as bytes that sort as paths do: each UTF-16 code unit plus one in the form of UTF-8 (which keeps the order of
 * what it spells), and a zero after each component, which is less than any code unit. So a prefix is a prefix.
 */
import { SecureChatError } from "../errors.ts"
import type { Bytes } from "../deps.ts"
import type { StorePath } from "./store.ts"

const putUnit = (out: number[], value: number): void => {
  if (value < 0x80) out.push(value)
  else if (value < 0x800) out.push(0xc0 | (value >> 6), 0x80 | (value & 63))
  else if (value < 0x10000) out.push(0xe0 | (value >> 12), 0x80 | ((value >> 6) & 63), 0x80 | (value & 63))
  else out.push(0xf0, 0x90, 0x80, 0x80)
}

export const pathToBytes = (path: StorePath): Bytes => {
  const out: number[] = []
  for (const part of path) {
    for (let i = 0; i < part.length; i++) putUnit(out, part.charCodeAt(i) + 1)
    out.push(0)
  }
  return Uint8Array.from(out)
}

/** What sorts after everything under a prefix: no byte of a path is 0xFF. */
export const endOf = (prefix: Uint8Array): Bytes => Uint8Array.of(...prefix, 0xff)

/** Bytes of one unit by its first byte, and the bits that belong to the value. */
const lengthOf = (first: number): number => (first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4)

/** @throws ERR_STORE_CORRUPT */
export const pathFromBytes = (bytes: Uint8Array): StorePath => {
  const path: string[] = []
  let part = ""
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] as number
    const length = lengthOf(first)
    let value = length === 1 ? first : first & (0xff >> (length + 1))
    for (let i = 1; i < length; i++) value = (value << 6) | ((bytes[at + i] ?? 0) & 63)
    at += length
    if (value > 0) part += String.fromCharCode(value - 1)
    else {
      path.push(part)
      part = ""
    }
  }
  if (part !== "" || path.length === 0)
    throw new SecureChatError("ERR_STORE_CORRUPT", "a key of the store is no path")
  return path
}
