/** Joining and copying byte strings. */
import type { Bytes } from "../deps.ts"

/** A new array holding `parts` one after another. */
export const concat = (...parts: readonly Uint8Array[]): Bytes => {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

/** A new, unshared array with the same bytes: never a view of a `Buffer` pool. */
export const copy = (bytes: Uint8Array): Bytes => {
  const out = new Uint8Array(bytes.length)
  out.set(bytes)
  return out
}

export const EMPTY: Bytes = new Uint8Array(0)
