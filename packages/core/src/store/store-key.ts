/** What opens a sealed store. Types only. */

/** A passphrase, and who is told how far its slow derivation is, as a fraction from 0 to 1. */
export interface StorePassphrase {
  readonly passphrase: string
  readonly onProgress?: ((fraction: number) => void) | undefined
}
/** A string is a passphrase (Argon2id), bytes are a raw 32-byte key. */
export type StoreSecret = string | Uint8Array | StorePassphrase
export interface StoreKeyContext {
  readonly signal: AbortSignal
  /** `create`: a key is chosen now, for a store that has none yet or for `changeStoreKey`. */
  readonly reason: "create" | "open" | "unlock"
}
/** A function is asked each time the store is opened or unlocked, e.g. to prompt. */
export type StoreKey = StoreSecret | ((context: StoreKeyContext) => Promise<StoreSecret>)
