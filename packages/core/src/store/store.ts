/**
 * Where state is kept: values under paths, written all or nothing, by one writer at a time. Drivers see
 * bytes only. Not its concern: what the values mean, and sealing.
 */
import type { Deps } from "../deps.ts"
import type { SecureChatError } from "../errors.ts"
import type { StoreKey } from "./store-key.ts"

export type StorePath = readonly string[]

export type StoreOp =
  | { readonly type: "set"; readonly key: StorePath; readonly value: Uint8Array }
  | { readonly type: "delete"; readonly key: StorePath }

export interface ListOptions {
  readonly after?: StorePath | undefined
  readonly limit?: number | undefined
  readonly reverse?: boolean | undefined
  /** A sealed store gives a record that does not open without its bytes, instead of failing at it. */
  readonly withDamaged?: boolean | undefined
}

export interface StoreOpenOptions {
  /** True: takes the lease from another tab or process that has it. */
  readonly takeover: boolean
  /** Ends the opening, and afterwards the interest in `onLost`. */
  readonly signal?: AbortSignal | undefined
  /** Told once, with ERR_OTHER_TAB, when somebody else has taken the lease; at the latest by the next batch. */
  readonly onLost?: ((error: SecureChatError) => void) | undefined
}

/**
 * A few bytes kept beside a store and not in it, e.g. in a file of its own: an older copy of the store that is put back
 * does not bring them back.
 */
export interface StoreMarker {
  read(): Promise<Uint8Array | undefined>
  write(value: Uint8Array): Promise<void>
}

export interface SealOptions {
  readonly signal?: AbortSignal | undefined
  /** Default "open". */
  readonly reason?: "open" | "unlock" | undefined
  readonly deps?: Deps | undefined
}

export interface Store {
  /** False: gone with the process. */
  readonly durable: boolean
  /**
   * Takes the lease: one writer across tabs and processes. Counted, as is `close`: the last one gives the lease back.
   * A store that is used without it opens itself and takes the lease from nobody.
   *
   * @throws ERR_OTHER_TAB, ERR_STORE_UNAVAILABLE, ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW, ERR_STORE_FULL, ERR_ABORTED
   */
  open?(options: StoreOpenOptions): Promise<void>
  get(key: StorePath): Promise<Uint8Array | undefined>
  /**
   * In path order: component by component, by UTF-16 code units. Values are copies. Each item is as it is when it is
   * reached, and memory does not grow with what lies under the prefix.
   */
  list(prefix: StorePath, options?: ListOptions): AsyncIterable<readonly [StorePath, Uint8Array]>
  /**
   * All or nothing, durable when it resolves.
   * @throws ERR_OTHER_TAB when another writer has taken over, ERR_STORE_FULL, ERR_STORE_UNAVAILABLE: nothing is written.
   */
  batch(ops: readonly StoreOp[]): Promise<void>
  close?(): Promise<void>
  readonly marker?: StoreMarker | undefined
  /**
   * The same store with everything in it sealed. Durable stores bring it, so that who keeps nothing loads none of it;
   * one of your own gets it by `sealable` of `@securechat/core/store/sealed`.
   *
   * @throws ERR_STORE_WRONG_KEY, ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW, ERR_CONFIG_INVALID, ERR_ABORTED, as `get` and `batch`
   */
  seal?(key: StoreKey, options?: SealOptions): Promise<SealedStore>
}

export interface SealedStore extends Store {
  /** An older copy of the whole store was put back, as far as the marker beside it shows: at most so many records are lost. */
  readonly lostWrites: number
  /** Wraps the root key anew; no record is rewritten. @throws ERR_LOCKED, ERR_CONFIG_INVALID, ERR_ABORTED */
  changeKey(next: StoreKey, signal?: AbortSignal): Promise<void>
  /** Drops the keys; everything after is ERR_LOCKED. The driver stays open. Never rejects. */
  forget(): Promise<void>
}
