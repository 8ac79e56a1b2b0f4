import { ed25519 } from "@noble/curves/ed25519.js"
import { describe, expect, it } from "vitest"
import { BACK_ENDS, bytesOf, flipped } from "../../test/support/back-ends.ts"
import { concat } from "../bytes/concat.ts"
import { fromHex, toHex, utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import * as noble from "./noble.ts"

/** The eight Edwards points of small order, and other spellings of them. */
const SMALL_ORDER_POINTS = [
  "01".padEnd(64, "0"),
  `01${"00".repeat(30)}80`,
  `ec${"ff".repeat(30)}7f`,
  `ec${"ff".repeat(30)}ff`,
  "00".repeat(32),
  `${"00".repeat(31)}80`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
]

const littleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes.slice().reverse())}`)
const toLittleEndian = (value: bigint): Bytes => fromHex(value.toString(16).padStart(64, "0")).reverse()
const { Fn, BASE } = ed25519.Point
/** The number plus ℓ, which a lax verifier reduces away. */
const plusOrder = (bytes: Uint8Array): Bytes => toLittleEndian(littleEndian(bytes) + Fn.ORDER)

/**
 * A key a·B + T, T of order eight, and a signature that holds without the cofactor: with challenge k the
 * parts differ by k·T, which vanishes where 8 divides k. One message in eight does.
 */
const mixedOrderSignature = (): { key: Bytes; message: Bytes; signature: Bytes } => {
  const torsion = ed25519.Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
  const [a, r] = [12_345n, 67_890n]
  const key = concat(BASE.multiply(a).add(torsion).toBytes())
  const pointR = BASE.multiply(r).toBytes()
  for (let i = 0; ; i++) {
    const message = utf8(`message ${i}`)
    const k = littleEndian(noble.sha512(concat(pointR, key, message))) % Fn.ORDER
    if (k % 8n !== 0n) continue
    return { key, message, signature: concat(pointR, toLittleEndian((r + k * a) % Fn.ORDER)) }
  }
}

describe.each(BACK_ENDS)("verifyStrict of the %s back end", (_name, p) => {
  it("[A6] refuses a small-order key, under which a lax verifier takes one signature for any message", () => {
    const identity = fromHex(SMALL_ORDER_POINTS[0]!)
    const anySignature = concat(BASE.multiply(7n).toBytes(), toLittleEndian(7n)) // S·B = R + k·A, with A nothing
    expect(ed25519.verify(anySignature, utf8("pay"), identity)).toBe(true)
    for (const key of SMALL_ORDER_POINTS) {
      expect(p.verifyStrict(fromHex(key), utf8("pay"), anySignature)).toBe(false)
      const smallR = concat(fromHex(key), new Uint8Array(32))
      expect(p.verifyStrict(identity, utf8("pay"), smallR)).toBe(false)
      expect(p.verifyStrict(p.ed25519PublicKey(bytesOf("seed", 32)), utf8("pay"), smallR)).toBe(false)
    }
  })

  it("[A6] refuses a second spelling of S", () => {
    const seed = bytesOf("seed", 32)
    const signature = p.ed25519Sign(seed, utf8("m"))
    const again = concat(signature.subarray(0, 32), plusOrder(signature.subarray(32)))
    expect(p.verifyStrict(p.ed25519PublicKey(seed), utf8("m"), again)).toBe(false)
    const order = plusOrder(new Uint8Array(32))
    expect(
      p.verifyStrict(p.ed25519PublicKey(seed), utf8("m"), concat(signature.subarray(0, 32), order)),
    ).toBe(false)
  })

  it("[A6] refuses a key with a small-order part, also where RFC 8032 lets a verifier accept", () => {
    const { key, message, signature } = mixedOrderSignature()
    expect(ed25519.verify(signature, message, key, { zip215: false })).toBe(true)
    expect(p.verifyStrict(key, message, signature)).toBe(false)
    expect(p.verifyStrict(key, message, signature)).toBe(false) // also when asked again
  })

  it("answers false, and never throws, for wrong lengths and altered bytes", () => {
    const seed = bytesOf("seed", 32)
    const [key, message] = [p.ed25519PublicKey(seed), utf8("message")]
    const signature = p.ed25519Sign(seed, message)
    expect(p.verifyStrict(key, message, signature)).toBe(true)
    expect(p.verifyStrict(key, utf8("messagE"), signature)).toBe(false)
    for (const at of [0, 31, 32, 63]) expect(p.verifyStrict(key, message, flipped(signature, at))).toBe(false)
    for (const size of [0, 31, 33])
      expect(p.verifyStrict(new Uint8Array(size), message, signature)).toBe(false)
    for (const size of [0, 1, 32, 63])
      expect(p.verifyStrict(key, message, signature.slice(0, size))).toBe(false)
    expect(p.verifyStrict(key, message, concat(signature, Uint8Array.of(0)))).toBe(false)
    expect(p.verifyStrict(new Uint8Array(32).fill(2), message, signature)).toBe(false) // not on the curve
  })
})
