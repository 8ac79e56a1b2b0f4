/** The store of a chat: opened and sealed, locked, unlocked, wiped. Not its concern: what is in it (`ledger.ts`). */
import { SecureChatError } from "../errors.ts"
import { StoreHold } from "../runtime/hold.ts"
import { sealedWhereDurable } from "../store/open.ts"
import type { StoreKey } from "../store/store-key.ts"
import type { SealedStore, StoreOp } from "../store/store.ts"
import type { Context } from "./context.ts"
import type { Ledger } from "./ledger.ts"
import type { Settings } from "./options.ts"
import { startOver } from "./put-back.ts"

export interface VaultHooks {
  /** Another tab or process has taken the store. */
  readonly lost: (error: SecureChatError) => void
  /** Everything that ends without keys, ends. */
  readonly stop: () => Promise<void>
  /** The ledger is loaded: what is computed from it can be. */
  readonly loaded: () => Promise<void>
  readonly resume: () => void
}

export class Vault {
  readonly #settings: Settings
  readonly #ledger: Ledger
  readonly #context: Context
  readonly #hooks: VaultHooks
  readonly #hold: StoreHold
  /** Times it was given back. */
  #released = 0
  #unlocking: Promise<void> | undefined

  constructor(context: Context, hooks: VaultHooks) {
    const { settings, ledger } = context
    this.#context = context
    this.#settings = settings
    this.#ledger = ledger
    this.#hooks = hooks
    this.#hold = new StoreHold(settings.store, true, hooks.lost)
  }

  /** Takes the store's lease and reads what it holds: since the last time, another tab may have written. */
  open(): Promise<void> {
    return this.#hold.take(this.#settings.takeover, () => this.#read("open", undefined))
  }
  async #read(reason: "open" | "unlock", key: StoreKey | undefined): Promise<void> {
    const { store, storeKey } = this.#settings
    const ledger = this.#ledger
    ledger.store = await sealedWhereDurable(store, key ?? storeKey, { reason, deps: ledger.deps })
    await ledger.load()
    const { lostWrites = 0 } = ledger.store as Partial<SealedStore>
    if (lostWrites > 0) await startOver(this.#context, lostWrites)
    await this.#hooks.loaded()
  }
  /** Never rejects. */
  async release(): Promise<void> {
    this.#released += 1
    await this.#unlocking?.catch(() => undefined)
    await (this.#ledger.store as Partial<SealedStore>).forget?.()
    await this.#hold.release()
  }

  /** @throws ERR_STATE where nothing is sealed */
  get #sealed(): SealedStore {
    const store = this.#ledger.store as Partial<SealedStore>
    if (store.forget === undefined)
      throw new SecureChatError("ERR_STATE", "the store has no key", {
        hint: "A durable store has one; memoryStore() has none.",
      })
    return store as SealedStore
  }

  /** @throws ERR_LOCKED */
  requireUnlocked(): void {
    if (this.#ledger.locked)
      throw new SecureChatError("ERR_LOCKED", "the keys are locked", { hint: "Call unlock() first." })
  }
  /** @throws ERR_STATE where nothing is sealed */
  async lock(): Promise<void> {
    const sealed = this.#sealed
    if (this.#ledger.locked) return
    this.#ledger.locked = true
    await this.#hooks.stop()
    this.#ledger.forget()
    await sealed.forget()
    // Else the secret would stay here; a function is asked again.
    if (typeof this.#settings.storeKey !== "function") this.#settings.storeKey = undefined
    this.#context.changed()
  }

  /** @throws ERR_STORE_WRONG_KEY, ERR_STORE_KEY_REQUIRED, ERR_STORE_CORRUPT: it stays locked */
  unlock(key: StoreKey | undefined): Promise<void> {
    this.#unlocking ??= this.#unlock(key).finally(() => (this.#unlocking = undefined))
    return this.#unlocking
  }
  async #unlock(key: StoreKey | undefined): Promise<void> {
    if (!this.#ledger.locked) return
    const before = this.#released
    try {
      await this.#read("unlock", key)
      if (this.#released !== before) throw new SecureChatError("ERR_CLOSED", "closed while it was unlocked")
    } catch (error) {
      this.#ledger.forget()
      await this.#sealed.forget()
      throw error
    }
    this.#hooks.resume()
    this.#context.changed()
  }

  async changeKey(next: StoreKey): Promise<void> {
    await this.#sealed.changeKey(next)
    this.#settings.storeKey = next
  }

  /** Everything in the store, as one batch: all of it or none. Needs no key. */
  async wipe(): Promise<void> {
    const { store } = this.#settings
    await this.#hold.take(false, async () => {
      const ops: StoreOp[] = []
      for await (const [key] of store.list([])) ops.push({ type: "delete", key })
      await store.batch(ops)
    })
    await this.#hold.release()
    this.#ledger.forget()
    this.#ledger.clear()
    this.#ledger.locked = false
  }
}
