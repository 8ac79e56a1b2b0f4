/**
 * AES-256-GCM for long runs of chunks under one key. Not part of `Primitives`, whose functions are synchronous: in a browser
 * only WebCrypto is fast enough for files (performance there is 45 MB/s in JavaScript), and it answers later. Imported as
 * `#bulk`, chosen by an `imports` condition, and loaded only with `stream/`. Never inside a ratchet's step (protocol.md §2).
 */
import type { Bytes } from "../deps.ts"

export interface BulkCipher {
  /**
   * Ciphertext and its tag of 16 bytes, in pieces that belong one after another: joining them would cost a quarter of the
   * encryption. A nonce of 12 bytes, never twice. The plaintext is read before the answer.
   */
  seal(nonce: Bytes, plaintext: Uint8Array): readonly Bytes[] | Promise<readonly Bytes[]>
  /** Opens the joined pieces. @throws ERR_AUTHENTICATION, always the same, and gives no byte of it. */
  open(nonce: Bytes, sealed: Uint8Array): Bytes | Promise<Bytes>
}

/** @param key 32 bytes, copied. */
export type BulkCipherOf = (key: Uint8Array) => BulkCipher
