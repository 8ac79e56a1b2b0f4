/**
 * The reference back end: every primitive from `@noble/*`, running wherever ES modules do. One named
 * export each, so that a bundler drops what is not imported. JavaScript promises no constant time.
 */
import { cbc, gcm } from "@noble/ciphers/aes.js"
import { montgomery } from "@noble/curves/abstract/montgomery.js"
import { etc, getPublicKey, hashes, Point, sign, verify } from "@noble/ed25519"
import { sha256 as nobleSha256, sha512 as nobleSha512 } from "@noble/hashes/sha2.js"
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js"
import { EMPTY, copy } from "../bytes/concat.ts"
import { secret } from "../bytes/secret.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import * as size from "./lengths.ts"
import type { Primitives } from "./primitives.ts"
import { ByPublicKey } from "./remembered.ts"
import { lowOrder, requireAgreed, requireX25519PublicKey } from "./x25519-rules.ts"

export { fromPaddedBase64url, toPaddedBase64url } from "../bytes/base64url.ts"

export const sha256: Primitives["sha256"] = (data) => nobleSha256(data)
export const sha512: Primitives["sha512"] = (data) => nobleSha512(data)
/** Two hashes around a key of one block (RFC 2104 §2): shorter than what a library of hashes puts around it. */
export const hmacSha256: Primitives["hmacSha256"] = (key, ...message) => {
  const block = new Uint8Array(64)
  block.set(key.length > 64 ? nobleSha256(key) : key)
  const inner = masked(block, 0x36)
  for (const part of message) inner.update(part)
  return masked(block, 0x5c).update(inner.digest()).digest()
}
const masked = (block: Uint8Array, mask: number): ReturnType<typeof nobleSha256.create> =>
  nobleSha256.create().update(block.map((byte) => byte ^ mask))

export const aesCbcEncrypt: Primitives["aesCbcEncrypt"] = (key, iv, plaintext) => {
  size.requireCbc(key, iv)
  return cbc(key, iv).encrypt(plaintext)
}
export const aesCbcDecrypt: Primitives["aesCbcDecrypt"] = (key, iv, ciphertext) => {
  size.requireCbc(key, iv)
  size.requireBlocks(ciphertext)
  try {
    // noble returns a view of a longer buffer that still holds the padding.
    return copy(cbc(key, iv).decrypt(ciphertext))
  } catch {
    throw size.sealFault() // no cause: it would say which check failed
  }
}

export const aesGcmSeal: Primitives["aesGcmSeal"] = (key, nonce, plaintext, associated) => {
  size.requireGcm(key, nonce)
  return copy(gcm(key, nonce, associated).encrypt(plaintext))
}
export const aesGcmOpen: Primitives["aesGcmOpen"] = (key, nonce, sealed, associated) => {
  size.requireGcm(key, nonce)
  try {
    return copy(gcm(key, nonce, associated).decrypt(sealed))
  } catch {
    throw size.sealFault()
  }
}

/** RFC 7748 §5. `@noble/curves/ed25519.js` would bring a second arithmetic of Edwards points along. */
const curve25519 = /* @__PURE__ */ (() => {
  const P = 2n ** 255n - 19n
  return montgomery({
    P,
    type: "x25519",
    // Euclid's inverse, as Ed25519 takes it: a power would bring a second arithmetic along. It refuses 0, a low-order key.
    powPminus2: (x) => etc.invert(x, P),
    adjustScalarBytes: (scalar: Uint8Array) => {
      scalar[0] = (scalar[0] as number) & 248
      scalar[31] = ((scalar[31] as number) & 127) | 64
      return scalar
    },
    // Three times as fast as the ladder: the base point's tables are on the Edwards form, u = (Z + Y) / (Z − Y).
    scalarMultBase: (scalar) => {
      const { Y, Z } = Point.BASE.multiply(scalar % Point.CURVE().n)
      return (Z + Y) * etc.invert(Z - Y, P)
    },
  })
})()
export const drawsItself: Primitives["drawsItself"] = false
/** Without randomness of its own it is never called without a secret: length 0 is refused. */
export const x25519KeyPair: Primitives["x25519KeyPair"] = (bytes = EMPTY) => {
  const publicKey = x25519PublicKey(bytes)
  return { secret: secret(bytes), publicKey }
}
export const x25519PublicKey: Primitives["x25519PublicKey"] = (secret) => {
  size.requireKey(secret, size.CURVE_BYTES, "X25519 secret")
  return curve25519.getPublicKey(secret)
}
export const x25519: Primitives["x25519"] = (secret, publicKey) => {
  size.requireKey(secret, size.CURVE_BYTES, "X25519 secret")
  requireX25519PublicKey(publicKey)
  return requireAgreed(agree(secret, publicKey))
}
const agree = (secret: Uint8Array, publicKey: Uint8Array): Bytes => {
  try {
    return curve25519.getSharedSecret(secret, publicKey)
  } catch {
    throw lowOrder()
  }
}

/** `@noble/ed25519` with its hash put in; its other slot is for asynchronous use. */
const ed25519 = /* @__PURE__ */ (() => {
  hashes.sha512 = nobleSha512
  return { getPublicKey, Point, sign, verify }
})()
export const ed25519PublicKey: Primitives["ed25519PublicKey"] = (seed) => {
  size.requireKey(seed, size.CURVE_BYTES, "Ed25519 seed")
  return ed25519.getPublicKey(seed)
}
export const ed25519Sign: Primitives["ed25519Sign"] = (seed, message) => {
  size.requireKey(seed, size.CURVE_BYTES, "Ed25519 seed")
  return ed25519.sign(message, seed)
}

/** A point of the curve, canonical, in the prime-order subgroup and not its identity? No other of small order is in it. */
export const isStrictPoint = (point: Uint8Array): boolean => {
  try {
    const found = ed25519.Point.fromBytes(point)
    return !found.is0() && found.isTorsionFree()
  } catch {
    return false // of another length, not reduced, or not on the curve
  }
}
const checkedKeys = /* @__PURE__ */ new ByPublicKey<true>()
/** noble verifies with the cofactor, so R needs the full check as well; then both kinds of equation agree. It wants S < ℓ. */
export const verifyStrict: Primitives["verifyStrict"] = (publicKey, message, signature) =>
  signature.length === size.SIGNATURE_BYTES &&
  publicKey.length === size.CURVE_BYTES &&
  checkedKeys.get(publicKey, (key) => isStrictPoint(key) || undefined) === true &&
  isStrictPoint(signature.subarray(0, 32)) &&
  ed25519.verify(signature, message, publicKey, { zip215: false })

export const mlKemKeyPair: Primitives["mlKemKeyPair"] = (seed = EMPTY) => {
  size.requireKey(seed, size.KEM_SEED_BYTES, "ML-KEM seed")
  return { publicKey: copy(ml_kem768.keygen(seed).publicKey), secretSeed: copy(seed) }
}
export const mlKemEncapsulate: Primitives["mlKemEncapsulate"] = (publicKey, randomness = EMPTY) => {
  size.requireKey(publicKey, size.KEM_PUBLIC_BYTES, "ML-KEM public key")
  size.requireLength(randomness, size.KEM_RANDOM_BYTES, "ERR_DECODE", "randomness")
  const { cipherText, sharedSecret } = encapsulate(publicKey, randomness)
  return { ciphertext: copy(cipherText), sharedSecret: copy(sharedSecret) }
}
/** The lengths were checked: what still fails is the modulus check. FIPS 203 §7.2 */
const encapsulate = (
  publicKey: Uint8Array,
  randomness: Uint8Array,
): ReturnType<typeof ml_kem768.encapsulate> => {
  try {
    return ml_kem768.encapsulate(publicKey, randomness)
  } catch {
    throw new SecureChatError("ERR_KEY_INVALID", "ML-KEM public key fails the modulus check")
  }
}
export const mlKemDecapsulate: Primitives["mlKemDecapsulate"] = (secretSeed, ciphertext) => {
  size.requireKey(secretSeed, size.KEM_SEED_BYTES, "ML-KEM seed")
  size.requireLength(ciphertext, size.KEM_CIPHERTEXT_BYTES, "ERR_DECODE", "ML-KEM ciphertext")
  return copy(ml_kem768.decapsulate(ciphertext, ml_kem768.keygen(secretSeed).secretKey))
}
