/**
 * State, output and bookkeeping as one batch: all of it is stored or none, and only then does anything
 * leave or show. protocol.md §6.9
 */
import { equalBytes } from "../bytes/compare.ts"
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
 * Is a batch stored whose driver says that it failed? Who went on with the old state would seal another text under
 * the key that a stored envelope has used (simulation, seed 10). A batch is all or nothing, so one look is enough.
 */
const isStored = async (store: Store, ops: readonly StoreOp[]): Promise<boolean> => {
  for (const op of ops) {
    const value = await store.get(op.key)
    const wanted = op.type === "set" ? op.value : undefined
    const same = value === undefined || wanted === undefined ? value === wanted : equalBytes(value, wanted)
    if (!same) return false
  }
  return true
}

/**
 * @throws ERR_STORE_UNAVAILABLE with the driver's error as cause; a typed error of the driver passes
 *   unchanged. The caller goes on with its old state.
 */
export const commit = async (store: Store, batch: Batch): Promise<void> => {
  if (batch.size === 0) return
  const ops = batch.ops()
  try {
    await store.batch(ops)
  } catch (cause) {
    if (await isStored(store, ops).catch(() => false)) return
    if (SecureChatError.is(cause)) throw cause
    throw new SecureChatError("ERR_STORE_UNAVAILABLE", "the store did not take a batch", { cause })
  }
}
