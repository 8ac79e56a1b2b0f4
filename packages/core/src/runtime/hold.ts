/**
 * A user's hold on a store, from its start to its close: the lease of a store that has one, and nothing for the
 * others. Not its concern: who may have the lease; that is the driver's.
 */
import { SecureChatError } from "../errors.ts"
import { Queue } from "./queue.ts"
import type { Store } from "../store/store.ts"

/** Stores that somebody in this process writes alone. */
const alone = /* @__PURE__ */ new WeakSet<Store>()

/** Who finds an empty store makes its key and an identity: two who share the object must not both find it empty. */
const turns = /* @__PURE__ */ new WeakMap<Store, Queue>()
const turnsOf = (store: Store): Queue => {
  const queue = turns.get(store) ?? new Queue()
  turns.set(store, queue)
  return queue
}

export class StoreHold {
  readonly #store: Store | undefined
  readonly #alone: boolean
  readonly #onLost: (error: SecureChatError) => void
  #held: AbortController | undefined

  /** @param isAlone a store object is open for all who share it; a writer of sessions does not share it with another. */
  constructor(store: Store | undefined, isAlone: boolean, onLost: (error: SecureChatError) => void) {
    this.#store = store
    this.#alone = isAlone
    this.#onLost = onLost
  }

  /**
   * Takes it, then does what that is for; gives it back where that fails.
   *
   * @param read told whether somebody else may have written since the last time.
   * @throws as `Store.open`, and as `read`
   */
  async take<T>(takeover: boolean, read: (changed: boolean) => Promise<T>): Promise<T> {
    const work = async (): Promise<T> => {
      try {
        return await read(await this.#open(takeover))
      } catch (error) {
        await this.release()
        throw error
      }
    }
    return this.#store === undefined ? work() : turnsOf(this.#store).run(work)
  }
  async #open(takeover: boolean): Promise<boolean> {
    const store = this.#store
    if (store?.open === undefined) return false
    if (this.#alone && alone.has(store))
      throw new SecureChatError("ERR_OTHER_TAB", "another client has this store")
    const held = new AbortController()
    if (this.#alone) alone.add(store)
    try {
      await store.open({ takeover, signal: held.signal, onLost: this.#onLost })
    } catch (error) {
      if (this.#alone) alone.delete(store)
      throw error
    }
    this.#held = held
    return true
  }

  /** Gives it back, if it is held. Never rejects. */
  async release(): Promise<void> {
    const held = this.#held
    const store = this.#store
    if (held === undefined || store === undefined) return
    this.#held = undefined
    held.abort()
    await store.close?.().catch(() => undefined)
    if (this.#alone) alone.delete(store)
  }
}
