/** Numbers of Curve25519 as 32 little-endian bytes: comparison and one change of form, on public values. */
import type { Bytes } from "../deps.ts"

/** Is the number in the low 255 bits below p = 2²⁵⁵−19? p is `ed ff … ff 7f`. */
export const isReduced = (bytes: Uint8Array): boolean => {
  if (((bytes[31] as number) & 0x7f) !== 0x7f) return true
  for (let i = 1; i < 31; i++) if (bytes[i] !== 0xff) return true
  return (bytes[0] as number) < 0xed
}

/** ℓ = 2²⁵² + 27742317777372353535851937790883648493, the order of the base point. RFC 8032 §5.1 */
const ORDER = /* @__PURE__ */ Uint8Array.of(
  ...[0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10],
)

/** Is the 32-byte number below ℓ? */
export const isBelowOrder = (bytes: Uint8Array): boolean => {
  for (let i = 31; i >= 0; i--) {
    const difference = (bytes[i] as number) - (ORDER[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}

const P = /* @__PURE__ */ (() => 2n ** 255n - 19n)()

const fromLittleEndian = (bytes: Uint8Array): bigint => {
  let hex = ""
  for (const byte of bytes) hex = byte.toString(16).padStart(2, "0") + hex
  return BigInt(`0x${hex}`)
}
const toLittleEndian = (value: bigint): Bytes => {
  const hex = value.toString(16).padStart(64, "0")
  return Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(hex.slice(62 - 2 * i, 64 - 2 * i), 16))
}
/** By the extended Euclidean algorithm. 0 has none. */
const inverse = (value: bigint): bigint => {
  let [a, b, x, y] = [value, P, 1n, 0n]
  while (a > 1n) {
    const quotient = b / a
    ;[a, b] = [b - quotient * a, a]
    ;[x, y] = [y - quotient * x, x]
  }
  return ((x % P) + P) % P
}

/** u of an encoded Edwards point that is not the identity: (1 + y) / (1 − y). RFC 7748 §4.1 */
export const montgomeryOf = (point: Uint8Array): Bytes => {
  const y = fromLittleEndian(point) & (2n ** 255n - 1n)
  return toLittleEndian(((1n + y) * inverse((P + 1n - y) % P)) % P)
}
