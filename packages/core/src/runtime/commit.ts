/**
 * State, output and bookkeeping as one batch: all of it is stored or none, and only then does anything
 * leave or show. protocol.md §6.9
 */
import { SecureChatError } from "../errors.ts"
import type { Store, StoreOp, StorePath } from "../store/store.ts"

/** Writes collected for one commit; a later write to a path replaces an earlier one. */
export class Batch {
  readonly #ops = new Map<string, StoreOp>()

  get size(): number {
    return this.#ops.size
  }
  set(key: StorePath, value: Uint8Array): this {
    return this.#put({ type: "set", key, value })
  }
  delete(key: StorePath): this {
    return this.#put({ type: "delete", key })
  }
  /** Deletes where there is no value. */
  put(key: StorePath, value: Uint8Array | undefined): this {
    return value === undefined ? this.delete(key) : this.set(key, value)
  }
  ops(): readonly StoreOp[] {
    return [...this.#ops.values()]
  }

  #put(op: StoreOp): this {
    this.#ops.set(JSON.stringify(op.key), op)
    return this
  }
}

/**
 * @throws ERR_STORE_UNAVAILABLE with the driver's error as cause; a typed error of the driver passes
 *   unchanged. The caller goes on with its old state.
 */
export const commit = async (store: Store, batch: Batch): Promise<void> => {
  if (batch.size === 0) return
  try {
    await store.batch(batch.ops())
  } catch (cause) {
    if (SecureChatError.is(cause)) throw cause
    throw new SecureChatError("ERR_STORE_UNAVAILABLE", "the store did not take a batch", { cause })
  }
}
