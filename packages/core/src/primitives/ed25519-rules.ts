/**
 * The part of `verifyStrict` that is decided by bytes (protocol.md §2): canonical and not small-order points, S < ℓ.
 * OpenSSL applies none of it evenly, so `node.ts` asks here first. `noble.ts` has the same rules from its library's
 * arithmetic: a point is read strictly and must be in the prime-order subgroup without being its identity, S is
 * multiplied with only below ℓ. Both give one verdict on every vector.
 *
 * Of 914 public edge cases noble accepts 826, or 212 in its strict mode, Node 20 accepts 208 and Node 24
 * (OpenSSL 3.5, which refuses small-order keys) 43: without a rule of our own a signer could write
 * messages that are valid for one member and invalid for another.
 */
import { isBelowOrder, isReduced } from "./field.ts"
import { CURVE_BYTES, SIGNATURE_BYTES } from "./lengths.ts"

/**
 * The y of the eight points of small order: 1, −1, 0 and the two of order eight (each with both signs
 * of x), little-endian. Other spellings of them are not reduced and are refused as such.
 */
const SMALL_ORDER_Y: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
])

/** y without the sign of x, as hex. */
const hexOfY = (point: Uint8Array): string => {
  let text = ""
  for (let i = 0; i < 32; i++) {
    const byte = point[i] as number
    text += (i === 31 ? byte & 0x7f : byte).toString(16).padStart(2, "0")
  }
  return text
}

const isSmallOrder = (point: Uint8Array): boolean => {
  // All eight have one of five first bytes: the common case is decided without building text.
  const first = point[0] as number
  const suspect = first === 0x01 || first === 0xec || first === 0x00 || first === 0x26 || first === 0xc7
  return suspect && SMALL_ORDER_Y.has(hexOfY(point))
}

/**
 * 32 bytes that may be an encoded point: y < p, not of small order. That also rules out x = 0 with a set
 * sign bit, the other non-canonical form, since both points with x = 0 are of small order.
 */
export const isAcceptablePoint = (point: Uint8Array): boolean =>
  point.length === CURVE_BYTES && isReduced(point) && !isSmallOrder(point)

/** R acceptable, S < ℓ: otherwise one message has several valid signatures. */
export const isAcceptableSignature = (signature: Uint8Array): boolean =>
  signature.length === SIGNATURE_BYTES &&
  isAcceptablePoint(signature.subarray(0, 32)) &&
  isBelowOrder(signature.subarray(32))
