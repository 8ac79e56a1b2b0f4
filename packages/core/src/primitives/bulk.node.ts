/** `#bulk` under the condition `node`: synchronous, which is 1.7 times as fast as WebCrypto even at 1 MiB; the key is imported once. */
import { createSecretKey } from "node:crypto"
import { EMPTY } from "../bytes/concat.ts"
import type { BulkCipherOf } from "./bulk.ts"
import { requireGcmKey } from "./lengths.ts"
import { gcmOpen, gcmSeal } from "./node.ts"

export const bulkCipher: BulkCipherOf = (bytes) => {
  requireGcmKey(bytes)
  const key = createSecretKey(bytes)
  return {
    seal: (nonce, plaintext) => gcmSeal(key, { nonce, associated: EMPTY }, plaintext),
    open: (nonce, sealed) => gcmOpen(key, { nonce, associated: EMPTY }, sealed),
  }
}
