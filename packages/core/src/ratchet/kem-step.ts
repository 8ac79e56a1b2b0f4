/**
 * Sparse ML-KEM steps: when a side advertises a key, and how the next chain answers it. All messages of a
 * chain carry its KEM fields, so loss and reordering are harmless. protocol.md §6.1
 */
import { type Secret, secret } from "../bytes/secret.ts"
import type { Bytes, Deps } from "../deps.ts"
import { KEM_EVERY_TURNS, KEM_MAX_AGE_MS } from "../limits.ts"
import { drawn } from "../primitives/draw.ts"
import { isMlKemPublicKey } from "../primitives/ml-kem-rules.ts"
import { mlKemDecapsulate, mlKemEncapsulate, mlKemKeyPair } from "#primitives"
import { unopened } from "../wire/faults.ts"
import type { KemStep } from "./root.ts"
import type { RatchetState } from "./state.ts"

const KEM_SEED_BYTES = 64

/** On the first turn, then after 8 turns or 24 h, never while a key is outstanding. */
export const mayAdvertise = (state: RatchetState, nowMs: number): boolean => {
  if (state.ownKemSecret !== undefined) return false
  if (state.lastKemAtMs === 0) return true
  return state.turnsSinceKem + 1 >= KEM_EVERY_TURNS || nowMs - state.lastKemAtMs >= KEM_MAX_AGE_MS
}

export interface Advertised {
  readonly seed: Secret
  readonly publicKey: Bytes
}
export const advertise = (deps: Deps): Advertised => {
  const { secretSeed, publicKey } = mlKemKeyPair(drawn(deps, KEM_SEED_BYTES))
  return { seed: secret(secretSeed), publicKey }
}

/** The step of a new sending chain: answers the key the peer advertised, if it did. */
export const encapsulateStep = (peerKey: Bytes | undefined, deps: Deps): KemStep | undefined => {
  if (peerKey === undefined) return undefined
  const sealed = mlKemEncapsulate(peerKey, drawn(deps, 32))
  return { sharedSecret: sealed.sharedSecret, publicKey: peerKey, ciphertext: sealed.ciphertext }
}

/**
 * The step of a new receiving chain.
 * @throws ERR_AUTHENTICATION when our current chain advertised and there is no answer, or the reverse.
 */
export const decapsulateStep = (state: RatchetState, ciphertext: Bytes | undefined): KemStep | undefined => {
  const seed = state.ownKemSecret
  const publicKey = state.sending?.kemKey
  if ((ciphertext === undefined) !== (seed === undefined)) throw unopened()
  if (ciphertext === undefined || seed === undefined || publicKey === undefined) return undefined
  return { sharedSecret: mlKemDecapsulate(seed.expose(), ciphertext), publicKey, ciphertext }
}

/**
 * An advertised key that fails the modulus check would stop our next send: it is refused on receipt.
 * @throws ERR_AUTHENTICATION
 */
export const checkPeerKemKey = (publicKey: Bytes): void => {
  if (!isMlKemPublicKey(publicKey)) throw unopened()
}
