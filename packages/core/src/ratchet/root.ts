/** One step of the root key, with or without a KEM secret. protocol.md §6 */
import { EMPTY, concat } from "../bytes/concat.ts"
import { type Secret, secret } from "../bytes/secret.ts"
import type { Bytes } from "../deps.ts"
import { kdf } from "../primitives/hkdf.ts"
import { LABELS } from "../primitives/labels.ts"

/** A KEM secret with what it was made from: ML-KEM alone binds neither key nor ciphertext. */
export interface KemStep {
  readonly sharedSecret: Bytes
  readonly publicKey: Bytes
  readonly ciphertext: Bytes
}
export interface RootStep {
  readonly rootKey: Secret
  readonly chainKey: Secret
  readonly signalKey: Secret
}

/** `RK' ‖ CK ‖ GK`, 32 bytes each. @param agreement DH, 32 bytes. */
export const rootStep = (rootKey: Secret, agreement: Bytes, kem: KemStep | undefined): RootStep => {
  const out = kdf(
    {
      ikm: kem === undefined ? agreement : concat(agreement, kem.sharedSecret),
      salt: rootKey.expose(),
      label: kem === undefined ? LABELS.rootDh : LABELS.rootDhKem,
      context: kem === undefined ? EMPTY : concat(kem.publicKey, kem.ciphertext),
    },
    96,
  )
  return {
    rootKey: secret(out.subarray(0, 32)),
    chainKey: secret(out.subarray(32, 64)),
    signalKey: secret(out.subarray(64, 96)),
  }
}
