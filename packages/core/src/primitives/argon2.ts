/**
 * Argon2id (RFC 9106): the one slow derivation, for passphrases. Not part of `Primitives`, whose functions are
 * synchronous and cheap; imported as `#argon2`, chosen by an `imports` condition, and loaded only with a sealed store.
 */
import type { Bytes } from "../deps.ts"

export interface Argon2Cost {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

interface Argon2Options {
  /** Told a fraction from 0 to 1; native code tells only the end. */
  readonly onProgress?: ((fraction: number) => void) | undefined
  /** Further inputs of RFC 9106 §3.1. A store has none. */
  readonly secret?: Uint8Array | undefined
  readonly associated?: Uint8Array | undefined
}

/** 32 bytes from a passphrase and a salt of at least 8 bytes. Lets the page or process go on meanwhile. RFC 9106 */
export type Argon2id = (
  passphrase: Uint8Array,
  salt: Uint8Array,
  cost: Argon2Cost,
  options?: Argon2Options,
) => Promise<Bytes>

export const ARGON2_OUTPUT_BYTES = 32
