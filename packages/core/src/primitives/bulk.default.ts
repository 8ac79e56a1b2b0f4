/** `#bulk` everywhere else: WebCrypto, else noble where a page was not served securely and has none. */
import { copy, EMPTY } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import type { BulkCipher, BulkCipherOf } from "./bulk.ts"
import { requireGcmKey, sealFault } from "./lengths.ts"
import { aesGcmOpen, aesGcmSeal } from "./noble.ts"

/** Read when called: a page may be told apart from one without it by nothing else. */
const subtleOfPlatform = (): SubtleCrypto | undefined =>
  (globalThis as { crypto?: { subtle?: SubtleCrypto } }).crypto?.subtle

export const bulkCipher: BulkCipherOf = (key) => {
  requireGcmKey(key)
  const subtle = subtleOfPlatform()
  return subtle === undefined ? inJavaScript(copy(key)) : inWebCrypto(subtle, copy(key))
}

const inJavaScript = (key: Bytes): BulkCipher => ({
  seal: (nonce, plaintext) => [aesGcmSeal(key, nonce, plaintext, EMPTY)],
  open: (nonce, sealed) => aesGcmOpen(key, nonce, sealed, EMPTY),
})

const NAME = "AES-GCM"
/** WebCrypto refuses views of shared memory. */
const unshared = (bytes: Uint8Array): Bytes =>
  bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : copy(bytes)

const inWebCrypto = (subtle: SubtleCrypto, bytes: Bytes): BulkCipher => {
  let imported: Promise<CryptoKey> | undefined
  const key = (): Promise<CryptoKey> =>
    (imported ??= subtle.importKey("raw", bytes, NAME, false, ["encrypt", "decrypt"]))
  return {
    seal: (nonce, plaintext) =>
      key()
        .then((held) => subtle.encrypt({ name: NAME, iv: nonce }, held, unshared(plaintext)))
        .then((sealed) => [new Uint8Array(sealed)]),
    open: (nonce, sealed) =>
      key()
        .then((held) => subtle.decrypt({ name: NAME, iv: nonce }, held, unshared(sealed)))
        .then(
          (plaintext) => new Uint8Array(plaintext),
          () => {
            throw sealFault() // no cause: it would say which check failed
          },
        ),
  }
}
