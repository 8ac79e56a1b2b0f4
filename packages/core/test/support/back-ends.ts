/** Both back ends of `#primitives`, and deterministic bytes to feed them. */
import { concat } from "../../src/bytes/concat.ts"
import { utf8 } from "../../src/bytes/text.ts"
import type { Bytes } from "../../src/deps.ts"
import * as noble from "../../src/primitives/noble.ts"
import * as node from "../../src/primitives/node.ts"
import type { Primitives } from "../../src/primitives/primitives.ts"

export const BACK_ENDS: readonly (readonly [name: string, primitives: Primitives])[] = [
  ["noble", noble],
  ["node", node],
]

/** Block i is SHA-256 of the name and i. */
export const bytesOf = (name: string, length: number): Bytes => {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => noble.sha256(utf8(`${name} ${i}`)))
  return concat(...blocks).slice(0, length)
}

/** A copy with one bit changed at `at`. */
export const flipped = (bytes: Uint8Array, at: number): Bytes => {
  const out = concat(bytes)
  out[at] = (out[at] as number) ^ 1
  return out
}
