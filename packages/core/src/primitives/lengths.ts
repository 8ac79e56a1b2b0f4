/** Sizes of keys and inputs in bytes, and the one way to refuse another size. */
import { type ErrorCode, SecureChatError } from "../errors.ts"

const AES_KEY_BYTES = 16
const AES_BLOCK_BYTES = 16
const GCM_KEY_BYTES = 32
const GCM_NONCE_BYTES = 12
export const GCM_TAG_BYTES = 16
export const CURVE_BYTES = 32
export const SIGNATURE_BYTES = 64
export const KEM_SEED_BYTES = 64
export const KEM_RANDOM_BYTES = 32
export const KEM_PUBLIC_BYTES = 1184
export const KEM_CIPHERTEXT_BYTES = 1088

/** @throws `code` unless `bytes` has exactly `length` bytes. The message names sizes, never contents. */
export const requireLength = (bytes: Uint8Array, length: number, code: ErrorCode, what: string): void => {
  if (bytes.length !== length)
    throw new SecureChatError(code, `${what} has ${bytes.length} bytes, not ${length}`)
}

export const requireKey = (bytes: Uint8Array, length: number, what: string): void => {
  requireLength(bytes, length, "ERR_KEY_INVALID", what)
}

/** Key and IV of AES-128-CBC. @throws ERR_KEY_INVALID, ERR_DECODE */
export const requireCbc = (key: Uint8Array, iv: Uint8Array): void => {
  requireKey(key, AES_KEY_BYTES, "AES key")
  requireLength(iv, AES_BLOCK_BYTES, "ERR_DECODE", "IV")
}

/** @throws ERR_KEY_INVALID */
export const requireGcmKey = (key: Uint8Array): void => {
  requireKey(key, GCM_KEY_BYTES, "AES key")
}
/** Key and nonce of AES-256-GCM. @throws ERR_KEY_INVALID, ERR_DECODE */
export const requireGcm = (key: Uint8Array, nonce: Uint8Array): void => {
  requireGcmKey(key)
  requireLength(nonce, GCM_NONCE_BYTES, "ERR_DECODE", "nonce")
}

/** All faults of a ciphertext read the same (padding oracle), and carry no cause that would tell. */
export const sealFault = (): SecureChatError => new SecureChatError("ERR_AUTHENTICATION", "cannot be opened")

/** PKCS#7 always adds a byte: a ciphertext is one block or more. @throws ERR_AUTHENTICATION */
export const requireBlocks = (ciphertext: Uint8Array): void => {
  if (ciphertext.length === 0 || ciphertext.length % AES_BLOCK_BYTES !== 0) throw sealFault()
}
