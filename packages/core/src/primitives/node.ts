/**
 * The back end for Node: everything from `noble.ts`, shadowed by `node:crypto` where that measures faster.
 *
 * Keys go in as key objects, never as raw bytes: Node 24 first tries whether raw bytes are a key object,
 * by throwing and catching, 14 to 20 µs a call. An asymmetric import costs as much as the operation, so
 * public keys are remembered (bounded) and private ones for as long as the caller holds the very array.
 * ML-KEM encapsulation with randomness from outside stays in noble: Node offers no way to hand it in.
 */
import * as crypto from "node:crypto"
import { concat, copy } from "../bytes/concat.ts"
import { secret } from "../bytes/secret.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { isAcceptablePoint, isAcceptableSignature } from "./ed25519-rules.ts"
import { montgomeryOf } from "./field.ts"
import * as size from "./lengths.ts"
import * as noble from "./noble.ts"
import type { Primitives } from "./primitives.ts"
import { ByPublicKey, BySecret } from "./remembered.ts"
import { lowOrder, requireAgreed, requireX25519PublicKey } from "./x25519-rules.ts"

export * from "./noble.ts"

// ── bytes ──────────────────────────────────────────────────────────────────────────────────────

/** What Node returned, without a copy where it has its buffer to itself. */
const own = (bytes: Buffer): Bytes =>
  bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length
    ? new Uint8Array(bytes.buffer)
    : copy(bytes)

const base64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url")
const PADDING = ["", "", "==", "="]

/**
 * From here on Node keeps a string outside the heap, and joining anything to it copies it into the heap as soon as it is read:
 * at 1 MiB 1.1 ms of the 1.6 for writing and reading the text; written once more with its padding, 0.65.
 */
const EXTERNAL_MIN_LENGTH = 1_000_000

export const toPaddedBase64url: Primitives["toPaddedBase64url"] = (bytes) => {
  const text = base64url(bytes)
  const padding = PADDING[text.length & 3] as string
  if (text.length < EXTERNAL_MIN_LENGTH) return text + padding
  const padded = Buffer.allocUnsafeSlow(text.length + padding.length)
  padded.write(text, "latin1")
  padded.write(padding, text.length, "latin1")
  return padded.toString("latin1")
}
/**
 * Whether this is how Node itself would write the bytes. A character that it skipped made the bytes fewer; one beyond ASCII may
 * have counted as the letter in its low byte; the other alphabet, the padding and the spare bits are looked at.
 */
const spells = (text: string, bytes: Uint8Array): boolean => {
  const spare = bytes.length % 3
  const end = bytes.length - spare
  return (
    text.length === Math.ceil(bytes.length / 3) * 4 &&
    Buffer.byteLength(text) === text.length &&
    !text.includes("+") &&
    !text.includes("/") &&
    text.slice((end / 3) * 4) === (spare === 0 ? "" : toPaddedBase64url(bytes.subarray(end)))
  )
}
/** Node's decoder is lax (it skips, stops, and takes both alphabets): only what it would itself write is accepted. */
export const fromPaddedBase64url: Primitives["fromPaddedBase64url"] = (text) => {
  const bytes = Buffer.from(text, "base64url")
  return spells(text, bytes) ? own(bytes) : noble.fromPaddedBase64url(text)
}

// ── hash and MAC ───────────────────────────────────────────────────────────────────────────────

/** A digest as text of one character a byte comes back three times as fast as a Buffer (0.3 against 0.95 µs). */
const hash = (name: "sha256" | "sha512", data: Uint8Array): Bytes => {
  const text = crypto.hash(name, data, "binary")
  const out = new Uint8Array(text.length)
  for (let i = 0; i < out.length; i++) out[i] = text.charCodeAt(i)
  return out
}
export const sha256: Primitives["sha256"] = (data) => hash("sha256", data)
export const sha512: Primitives["sha512"] = (data) => hash("sha512", data)

const HASH_BLOCK_BYTES = 64
/** Up to here two one-shot hashes beat a MAC object (0.9 against 3.6 µs at 32 bytes); above, the copy costs more. */
const ONE_SHOT_MAX_BYTES = 8192

export const hmacSha256: Primitives["hmacSha256"] = (key, ...message) => {
  let length = 0
  for (const part of message) length += part.length
  if (length <= ONE_SHOT_MAX_BYTES)
    return hmacOfTwoHashes(key.length > HASH_BLOCK_BYTES ? sha256(key) : key, message)
  const mac = crypto.createHmac("sha256", crypto.createSecretKey(key))
  for (const part of message) mac.update(part)
  return own(mac.digest())
}

/**
 * One place for what is hashed or encrypted next: an array above 64 bytes lies outside the heap, and making two of them
 * costs more than the hashes of an HMAC. Nothing runs in between, and what is secret is wiped at the end.
 */
const scratch = /* @__PURE__ */ new Uint8Array(HASH_BLOCK_BYTES + ONE_SHOT_MAX_BYTES)

/** `H(key ⊕ opad ‖ H(key ⊕ ipad ‖ message))`, the key padded with zeros to 64 bytes. RFC 2104 §2 */
const hmacOfTwoHashes = (key: Uint8Array, message: readonly Uint8Array[]): Bytes => {
  scratch.fill(0x36, 0, HASH_BLOCK_BYTES)
  for (let i = 0; i < key.length; i++) scratch[i] = (key[i] as number) ^ 0x36
  let end = HASH_BLOCK_BYTES
  for (const part of message) {
    scratch.set(part, end)
    end += part.length
  }
  const digest = crypto.hash("sha256", scratch.subarray(0, end), "binary")
  for (let i = 0; i < HASH_BLOCK_BYTES; i++) scratch[i] = (scratch[i] as number) ^ 0x36 ^ 0x5c
  for (let i = 0; i < digest.length; i++) scratch[HASH_BLOCK_BYTES + i] = digest.charCodeAt(i)
  const mac = sha256(scratch.subarray(0, HASH_BLOCK_BYTES + digest.length))
  scratch.fill(0, 0, Math.max(end, HASH_BLOCK_BYTES + digest.length))
  return mac
}

// ── AES-128-CBC ────────────────────────────────────────────────────────────────────────────────

const BLOCK_BYTES = 16

/** PKCS#7 is done here: `final()` would allocate once more and cost as much as the cipher (5.4 against 3.1 µs at 320 bytes). */
export const aesCbcEncrypt: Primitives["aesCbcEncrypt"] = (key, iv, plaintext) => {
  size.requireCbc(key, iv)
  const padding = BLOCK_BYTES - (plaintext.length % BLOCK_BYTES)
  const length = plaintext.length + padding
  const padded = length > scratch.length ? new Uint8Array(length) : scratch.subarray(0, length)
  padded.set(plaintext)
  padded.fill(padding, plaintext.length)
  const cipher = crypto.createCipheriv("aes-128-cbc", crypto.createSecretKey(key), iv)
  const ciphertext = own(cipher.setAutoPadding(false).update(padded))
  scratch.fill(0, 0, length)
  return ciphertext
}
export const aesCbcDecrypt: Primitives["aesCbcDecrypt"] = (key, iv, ciphertext) => {
  size.requireCbc(key, iv)
  size.requireBlocks(ciphertext)
  const decipher = crypto.createDecipheriv("aes-128-cbc", crypto.createSecretKey(key), iv)
  const padded = decipher.setAutoPadding(false).update(ciphertext)
  return copy(padded.subarray(0, padded.length - countPadding(padded)))
}
/** Every byte of the last block is looked at, whatever they are. */
const countPadding = (padded: Uint8Array): number => {
  const padding = padded[padded.length - 1] as number
  let wrong = padding === 0 || padding > BLOCK_BYTES ? 1 : 0
  for (let i = 1; i <= BLOCK_BYTES; i++)
    wrong |= (i <= padding ? 1 : 0) & ((padded[padded.length - i] as number) === padding ? 0 : 1)
  if (wrong !== 0) throw size.sealFault()
  return padding
}

// ── AES-256-GCM ────────────────────────────────────────────────────────────────────────────────

/** The parts in their order: joining them is the caller's, where it must. */
export const gcmSeal = (
  key: crypto.KeyObject,
  { nonce, associated }: GcmInput,
  plaintext: Uint8Array,
): [Bytes, Bytes] => {
  const cipher = crypto.createCipheriv("aes-256-gcm", key, nonce)
  if (associated.length > 0) cipher.setAAD(associated)
  const body = cipher.update(plaintext)
  cipher.final()
  return [own(body), own(cipher.getAuthTag())]
}
/** @throws ERR_AUTHENTICATION, and gives no byte of it. */
export const gcmOpen = (
  key: crypto.KeyObject,
  { nonce, associated }: GcmInput,
  sealed: Uint8Array,
): Bytes => {
  const body = sealed.length - size.GCM_TAG_BYTES
  if (body < 0) throw size.sealFault()
  const options = { authTagLength: size.GCM_TAG_BYTES }
  const decipher = crypto.createDecipheriv("aes-256-gcm", key, nonce, options)
  if (associated.length > 0) decipher.setAAD(associated)
  decipher.setAuthTag(sealed.subarray(body))
  const plaintext = decipher.update(sealed.subarray(0, body))
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    throw size.sealFault()
  }
  return own(plaintext)
}
interface GcmInput {
  readonly nonce: Uint8Array
  readonly associated: Uint8Array
}

export const aesGcmSeal: Primitives["aesGcmSeal"] = (key, nonce, plaintext, associated) => {
  size.requireGcm(key, nonce)
  return concat(...gcmSeal(crypto.createSecretKey(key), { nonce, associated }, plaintext))
}
export const aesGcmOpen: Primitives["aesGcmOpen"] = (key, nonce, sealed, associated) => {
  size.requireGcm(key, nonce)
  return gcmOpen(crypto.createSecretKey(key), { nonce, associated }, sealed)
}

// ── key objects ────────────────────────────────────────────────────────────────────────────────

/** PKCS#8 around a raw private key: OneAsymmetricKey of RFC 8410 §7, and the seed form of ML-KEM-768 (RFC 9935 §6). */
const X25519_PKCS8 = /* @__PURE__ */ Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20],
)
const ED25519_PKCS8 = /* @__PURE__ */ Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
)
const ML_KEM_768_PKCS8 = /* @__PURE__ */ Uint8Array.of(
  ...[0x30, 0x54, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86],
  ...[0x48, 0x01, 0x65, 0x03, 0x04, 0x04, 0x02, 0x04, 0x42, 0x80, 0x40],
)

/**
 * Node 24 learns that options are no key object from errors it catches, two a call, and taking their traces is two thirds of an
 * import (9 of 29 µs are left without). Node leaves traces out in the same way where it expects an error of its own.
 */
const withoutTraces = <T>(work: () => T): T => {
  const limit = Error.stackTraceLimit
  Reflect.set(Error, "stackTraceLimit", 0) // no error where a runtime has frozen it
  try {
    return work()
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit)
  }
}

/** The bytes are wrapped, not copied: `Buffer.from(bytes)` would leave the secret in Node's shared pool. */
const importPrivate = (prefix: Uint8Array, secret: Uint8Array): crypto.KeyObject => {
  const key = Buffer.from(concat(prefix, secret).buffer)
  return withoutTraces(() => crypto.createPrivateKey({ key, format: "der", type: "pkcs8" }))
}

/** JWK measures faster than DER, and the raw form is missing before Node 24. */
const importPublic = (crv: "X25519" | "Ed25519", publicKey: Uint8Array): crypto.KeyObject => {
  const key = { kty: "OKP", crv, x: Buffer.from(publicKey).toString("base64url") }
  return withoutTraces(() => crypto.createPublicKey({ key, format: "jwk" }))
}

/** The public half as the platform computed it: 3 µs from a JWK, 34 by way of a public key object. */
const publicHalf = (key: crypto.KeyObject): Bytes => fromJwk(key.export({ format: "jwk" }).x)
const fromJwk = (text: string | undefined): Bytes => copy(Buffer.from(text as string, "base64url"))

// ── X25519 ─────────────────────────────────────────────────────────────────────────────────────

const x25519Secrets = /* @__PURE__ */ new BySecret<crypto.KeyObject>()
const x25519Keys = /* @__PURE__ */ new ByPublicKey<crypto.KeyObject>()

const x25519Private = (secret: Uint8Array): crypto.KeyObject => {
  size.requireKey(secret, size.CURVE_BYTES, "X25519 secret")
  return x25519Secrets.get(secret, (bytes) => importPrivate(X25519_PKCS8, bytes))
}

export const drawsItself: Primitives["drawsItself"] = true
/** Made natively in 40 µs; from bytes given it takes 75. */
export const x25519KeyPair: Primitives["x25519KeyPair"] = (bytes) => {
  if (bytes !== undefined) {
    const own = secret(bytes)
    return { secret: own, publicKey: x25519PublicKey(own.expose()) }
  }
  const { privateKey } = crypto.generateKeyPairSync("x25519")
  const jwk = privateKey.export({ format: "jwk" })
  const own = secret(fromJwk(jwk.d))
  x25519Secrets.get(own.expose(), () => privateKey)
  return { secret: own, publicKey: fromJwk(jwk.x) }
}
export const x25519PublicKey: Primitives["x25519PublicKey"] = (secret) => publicHalf(x25519Private(secret))
export const x25519: Primitives["x25519"] = (secret, publicKey) => {
  const privateKey = x25519Private(secret)
  requireX25519PublicKey(publicKey)
  const theirs = x25519Keys.get(publicKey, (bytes) => importPublic("X25519", bytes)) as crypto.KeyObject
  return requireAgreed(agree(privateKey, theirs))
}
/** OpenSSL refuses an all-zero result by itself. */
const agree = (privateKey: crypto.KeyObject, publicKey: crypto.KeyObject): Bytes => {
  try {
    return copy(crypto.diffieHellman({ privateKey, publicKey }))
  } catch {
    throw lowOrder()
  }
}

// ── Ed25519 ────────────────────────────────────────────────────────────────────────────────────

const ed25519Seeds = /* @__PURE__ */ new BySecret<crypto.KeyObject>()
const ed25519Keys = /* @__PURE__ */ new ByPublicKey<crypto.KeyObject>()

const ed25519Private = (seed: Uint8Array): crypto.KeyObject => {
  size.requireKey(seed, size.CURVE_BYTES, "Ed25519 seed")
  return ed25519Seeds.get(seed, (bytes) => importPrivate(ED25519_PKCS8, bytes))
}

export const ed25519PublicKey: Primitives["ed25519PublicKey"] = (seed) => publicHalf(ed25519Private(seed))
export const ed25519Sign: Primitives["ed25519Sign"] = (seed, message) =>
  copy(crypto.sign(null, message, ed25519Private(seed)))

/**
 * 5ℓ − 1, the one multiple of 8 in [2²⁵⁴, 2²⁵⁵) that is −1 modulo ℓ: clamping leaves it as it is. For a point P = P₀ + T
 * with P₀ in the prime-order subgroup and T of small order it gives −P₀, and u(−P₀) = u(P) only where T is nothing.
 */
const MINUS_ONE = /* @__PURE__ */ Uint8Array.of(
  ...[0xa0, 0x23, 0xcd, 0xd0, 0x83, 0xef, 0x5b, 0xb8, 0x2f, 0x10, 0xd6, 0x2e, 0x59, 0xe1, 0x5a, 0x68],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50],
)
/**
 * Is a point, acceptable by its bytes, in the prime-order subgroup? One native agreement (0.1 ms) where multiplying by ℓ
 * takes 1.5 ms in JavaScript. What is no point at all may pass: OpenSSL refuses it when it verifies.
 */
export const isTorsionFree = (point: Uint8Array): boolean => {
  const u = montgomeryOf(point)
  try {
    const publicKey = importPublic("X25519", u)
    return crypto.diffieHellman({ privateKey: x25519Private(MINUS_ONE), publicKey }).equals(u)
  } catch {
    return false
  }
}

const ed25519Verified = /* @__PURE__ */ new ByPublicKey<true>()
/**
 * OpenSSL verifies without the cofactor and compares the encoded R: under a torsion-free A a valid R is
 * torsion-free, so R is checked by bytes only. A is checked in full, once; a signature that held holds again.
 */
export const verifyStrict: Primitives["verifyStrict"] = (publicKey, message, signature) => {
  if (!isAcceptablePoint(publicKey) || !isAcceptableSignature(signature)) return false
  const seen = sha256(concat(publicKey, signature, message))
  return ed25519Verified.get(seen, () => verify(publicKey, message, signature) || undefined) === true
}
const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  const key = ed25519Keys.get(publicKey, (bytes) =>
    isTorsionFree(bytes) ? importPublic("Ed25519", bytes) : undefined,
  )
  return key !== undefined && crypto.verify(null, message, key, signature)
}

// ── ML-KEM-768 ─────────────────────────────────────────────────────────────────────────────────

/**
 * Native since Node 24.7 with OpenSSL 3.5: the function may be there while the library lacks the
 * algorithm, so the first key decides, and the answer is kept.
 */
let nativeKem: boolean | undefined
const hasNativeKem = (): boolean => (nativeKem ??= probeNativeKem())
const probeNativeKem = (): boolean => {
  if (typeof (crypto as { decapsulate?: unknown }).decapsulate !== "function") return false
  try {
    importPrivate(ML_KEM_768_PKCS8, new Uint8Array(size.KEM_SEED_BYTES))
    return true
  } catch {
    return false
  }
}

/** SubjectPublicKeyInfo of a raw ML-KEM-768 key. RFC 9935 §4 */
const ML_KEM_768_SPKI = /* @__PURE__ */ Uint8Array.of(
  ...[0x30, 0x82, 0x04, 0xb2, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x04, 0x02],
  ...[0x03, 0x82, 0x04, 0xa1, 0x00],
)
/** OpenSSL makes the modulus check where it imports. FIPS 203 §7.2 */
const kemPublic = (publicKey: Uint8Array): crypto.KeyObject => {
  const key = Buffer.from(concat(ML_KEM_768_SPKI, publicKey).buffer)
  try {
    return withoutTraces(() => crypto.createPublicKey({ key, format: "der", type: "spki" }))
  } catch {
    throw new SecureChatError("ERR_KEY_INVALID", "ML-KEM public key fails the modulus check")
  }
}
export const mlKemEncapsulate: Primitives["mlKemEncapsulate"] = (publicKey, randomness) => {
  if (randomness !== undefined || !hasNativeKem())
    return noble.mlKemEncapsulate(publicKey, randomness ?? crypto.randomBytes(size.KEM_RANDOM_BYTES))
  size.requireKey(publicKey, size.KEM_PUBLIC_BYTES, "ML-KEM public key")
  const { sharedKey, ciphertext } = crypto.encapsulate(kemPublic(publicKey))
  return { sharedSecret: copy(sharedKey), ciphertext: copy(ciphertext) }
}

/** Imported per call (0.1 ms): an idle key object holds 8.9 KB, and a seed is used once or twice. */
const kemPrivate = (seed: Uint8Array): crypto.KeyObject => importPrivate(ML_KEM_768_PKCS8, seed)

export const mlKemKeyPair: Primitives["mlKemKeyPair"] = (seed) => {
  if (seed === undefined && hasNativeKem()) {
    const { privateKey } = crypto.generateKeyPairSync("ml-kem-768")
    const { pub, priv } = privateKey.export({ format: "jwk" }) as {
      readonly pub: string
      readonly priv: string
    }
    return { publicKey: fromJwk(pub), secretSeed: fromJwk(priv) }
  }
  if (seed === undefined) return noble.mlKemKeyPair(crypto.randomBytes(size.KEM_SEED_BYTES))
  size.requireKey(seed, size.KEM_SEED_BYTES, "ML-KEM seed")
  if (!hasNativeKem()) return noble.mlKemKeyPair(seed)
  const spki = crypto.createPublicKey(kemPrivate(seed)).export({ format: "der", type: "spki" })
  return { publicKey: copy(spki.subarray(-size.KEM_PUBLIC_BYTES)), secretSeed: copy(seed) }
}
export const mlKemDecapsulate: Primitives["mlKemDecapsulate"] = (secretSeed, ciphertext) => {
  size.requireKey(secretSeed, size.KEM_SEED_BYTES, "ML-KEM seed")
  size.requireLength(ciphertext, size.KEM_CIPHERTEXT_BYTES, "ERR_DECODE", "ML-KEM ciphertext")
  return hasNativeKem()
    ? copy(crypto.decapsulate(kemPrivate(secretSeed), ciphertext))
    : noble.mlKemDecapsulate(secretSeed, ciphertext)
}
