/**
 * The interface both back ends implement: about twenty synchronous functions of their arguments, every
 * size in the docs. `noble.ts` is the reference and runs everywhere, `node.ts` shadows it with native
 * functions where those measure faster. Imported as `#primitives`, chosen by an `imports` condition.
 * Not its concern: labels and derivations (`hkdf.ts`, `labels.ts`), randomness (`deps.ts`).
 *
 * Results are fresh copies. A wrong key or input length is ERR_KEY_INVALID or ERR_DECODE as stated.
 */
import type { Secret } from "../bytes/secret.ts"
import type { Bytes } from "../deps.ts"

export interface KemKeyPair {
  /** 1,184 bytes. */
  readonly publicKey: Bytes
  /** The 64-byte seed (d ‖ z, FIPS 203 §7.1): the private key is expanded from it when used. */
  readonly secretSeed: Bytes
}
interface X25519KeyPair {
  /** 32 bytes. */
  readonly secret: Secret
  /** 32 bytes. */
  readonly publicKey: Bytes
}
export interface KemSealed {
  /** 1,088 bytes. */
  readonly ciphertext: Bytes
  /** 32 bytes. */
  readonly sharedSecret: Bytes
}

export interface Primitives {
  /** Do key pairs and encapsulation draw their own randomness when given none, and is that faster? See `draw.ts`. */
  readonly drawsItself: boolean
  /** Base64url with padding, as Fernet writes tokens. */
  toPaddedBase64url(bytes: Uint8Array): string
  /** @throws ERR_DECODE unless `text` is exactly what `toPaddedBase64url` writes. */
  fromPaddedBase64url(text: string): Bytes
  /** SHA-256 of any length: 32 bytes. FIPS 180-4 */
  sha256(data: Uint8Array): Bytes
  /** SHA-512 of any length: 64 bytes. FIPS 180-4 */
  sha512(data: Uint8Array): Bytes
  /** HMAC-SHA-256, key and message of any length: 32 bytes. The parts of a message are one after another. RFC 2104 */
  hmacSha256(key: Uint8Array, ...message: readonly Uint8Array[]): Bytes

  /** AES-128-CBC with PKCS#7, key 16, iv 16. Unauthenticated: only `fernet/` may call it. SP 800-38A */
  aesCbcEncrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Bytes
  /** @throws ERR_AUTHENTICATION on any padding or length fault, always the same; call it only after a MAC held. */
  aesCbcDecrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Bytes

  /** AES-256-GCM, key 32, nonce 12 (never twice under one key): ciphertext ‖ tag 16. SP 800-38D §7.1 */
  aesGcmSeal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Bytes
  /** Opens what `aesGcmSeal` gives. @throws ERR_AUTHENTICATION, always the same, and gives no byte of it. SP 800-38D §7.2 */
  aesGcmOpen(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Bytes

  /** Key pair of a 32-byte secret, which is copied; of a fresh one where it is undefined and `drawsItself`. RFC 7748 §5 */
  x25519KeyPair(secret: Uint8Array | undefined): X25519KeyPair
  /** Public key (32) of a 32-byte X25519 secret. RFC 7748 §5 */
  x25519PublicKey(secret: Uint8Array): Bytes
  /**
   * Shared secret, 32 bytes. RFC 7748 §6.1
   * @throws ERR_KEY_INVALID when `publicKey` is not 32 bytes, has the top bit set, is u ≥ 2²⁵⁵−19, or the result is
   * all zero (a low-order key): in every position, mid-ratchet included (protocol.md §2).
   */
  x25519(secret: Uint8Array, publicKey: Uint8Array): Bytes

  /** Public key (32) of a 32-byte Ed25519 seed. RFC 8032 §5.1.5 */
  ed25519PublicKey(seed: Uint8Array): Bytes
  /** Signature, 64 bytes. RFC 8032 §5.1.6 */
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Bytes
  /**
   * True only under the strict rule of protocol.md §2: A canonical, not small-order, torsion-free; S < ℓ; R neither the
   * identity nor small-order. Never throws: wrong lengths are false. Both back ends give one verdict.
   */
  verifyStrict(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean

  /** ML-KEM-768 key pair of a 64-byte seed; of a fresh one where it is undefined and `drawsItself`. FIPS 203 §7.1 */
  mlKemKeyPair(seed: Uint8Array | undefined): KemKeyPair
  /**
   * Encapsulate to a public key, with 32 random bytes; undefined: as above. Node lets nobody hand them in to its native
   * function. FIPS 203 §7.2
   * @throws ERR_KEY_INVALID when the key has another length than 1,184 bytes or fails the modulus check.
   */
  mlKemEncapsulate(publicKey: Uint8Array, randomness: Uint8Array | undefined): KemSealed
  /**
   * Shared secret (32) of a 1,088-byte ciphertext; a wrong one yields the implicit-rejection secret, without a branch of ours.
   * @throws ERR_DECODE on another length. FIPS 203 §7.3
   */
  mlKemDecapsulate(secretSeed: Uint8Array, ciphertext: Uint8Array): Bytes
}
