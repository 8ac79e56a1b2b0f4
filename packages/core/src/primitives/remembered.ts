/**
 * Two small memories for what is dear to compute from a key. Neither changes a result: a memory that
 * was forgotten is computed again.
 */
import { copy } from "../bytes/concat.ts"
import { equalBytes } from "../bytes/compare.ts"
import { MAX_REMEMBERED_PUBLIC_KEYS } from "../limits.ts"

/**
 * Values by public key, the longest unused one out. Public keys only: they are kept until others come,
 * and how long a look-up takes tells whether the key was seen before.
 */
export class ByPublicKey<V> {
  readonly #values = new Map<string, V>()

  /** The remembered value, else what `make` returns; `undefined` is not remembered. */
  get(publicKey: Uint8Array, make: (publicKey: Uint8Array) => V | undefined): V | undefined {
    const name = String.fromCharCode(...publicKey)
    const value = this.#values.get(name) ?? make(publicKey)
    if (value === undefined) return undefined
    this.#values.delete(name)
    this.#values.set(name, value)
    if (this.#values.size > MAX_REMEMBERED_PUBLIC_KEYS) this.#forgetOldest()
    return value
  }

  get size(): number {
    return this.#values.size
  }

  #forgetOldest(): void {
    for (const name of this.#values.keys()) {
      this.#values.delete(name)
      return
    }
  }
}

/**
 * Values by secret, held no longer than the very array that holds the secret: the value goes when that
 * array is collected. The contents are compared, so an array that was overwritten or used again for
 * another secret gets another value.
 */
export class BySecret<V> {
  readonly #values = new WeakMap<Uint8Array, { readonly secret: Uint8Array; readonly value: V }>()

  get(secret: Uint8Array, make: (secret: Uint8Array) => V): V {
    const known = this.#values.get(secret)
    if (known !== undefined && equalBytes(known.secret, secret)) return known.value
    const value = make(secret)
    this.#values.set(secret, { secret: copy(secret), value })
    return value
  }
}
