/**
 * What every durable driver shares: opened once for all who use it, by one writer at a time, read in pages. A driver
 * brings the connection; here are its life (open, lost, closed, open again) and the rules of paths.
 */
import { SecureChatError } from "../errors.ts"
import { STORE_PAGE } from "../limits.ts"
import { requirePath } from "./path.ts"
import { openSealed } from "./sealed.ts"
import type { StoreKey } from "./store-key.ts"
import type {
  SealOptions,
  SealedStore,
  Store,
  StoreMarker,
  StoreOp,
  StoreOpenOptions,
  StorePath,
} from "./store.ts"

export interface PageRequest {
  readonly prefix: StorePath
  readonly after: StorePath | undefined
  readonly limit: number
  readonly reverse: boolean
  /** Not the first page of its list. */
  readonly goesOn: boolean
}

/** One connection with the lease. Its failures are typed. */
export interface StoreConnection {
  get(key: StorePath): Promise<Uint8Array | undefined>
  page(request: PageRequest): Promise<readonly (readonly [StorePath, Uint8Array])[]>
  /** @throws ERR_OTHER_TAB when the lease is another's. */
  write(ops: readonly StoreOp[]): Promise<void>
  /** Gives the lease back; never rejects. */
  close(): Promise<void>
}

/** @param onLost to be called when somebody else takes the lease, if that can be noticed. */
export type Connect = (options: StoreOpenOptions, onLost: () => void) => Promise<StoreConnection>

export const otherTab = (): SecureChatError =>
  new SecureChatError("ERR_OTHER_TAB", "another tab or process has this store", {
    hint: "Close it there, or open with tabs: 'takeover'.",
  })

const closed = (): SecureChatError =>
  new SecureChatError("ERR_STORE_UNAVAILABLE", "the store is closed", { hint: "Open it again." })

/** @throws ERR_ABORTED */
const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true)
    throw new SecureChatError("ERR_ABORTED", "aborted by its signal", { cause: signal.reason })
}

class Leased implements Store {
  readonly durable = true
  readonly marker: StoreMarker | undefined
  readonly #connect: Connect
  /** Undefined: never opened. An error: why nothing may be done until it is opened again. */
  #state: StoreConnection | SecureChatError | undefined
  #users = 0
  readonly #listeners = new Set<(error: SecureChatError) => void>()
  /** Opening and closing happen one after another. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(connect: Connect, marker: StoreMarker | undefined) {
    this.marker = marker
    this.#connect = connect
  }

  open(options: StoreOpenOptions): Promise<void> {
    return this.#inTurn(async () => {
      throwIfAborted(options.signal)
      if (!this.#isOpen()) await this.#connectNow(options)
      this.#users += 1
      this.#listen(options)
    })
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#users = Math.max(0, this.#users - 1)
      if (this.#users > 0) return
      const state = this.#state
      this.#listeners.clear()
      this.#state = closed()
      if (state !== undefined && !SecureChatError.is(state)) await state.close()
    })
  }

  async get(key: StorePath): Promise<Uint8Array | undefined> {
    return (await this.#connection()).get(key)
  }

  async *list(
    prefix: StorePath,
    { after, limit = Infinity, reverse = false }: NonNullable<Parameters<Store["list"]>[1]> = {},
  ): AsyncIterableIterator<readonly [StorePath, Uint8Array]> {
    let last = after
    for (let left = limit; left > 0;) {
      const count = Math.min(left, STORE_PAGE)
      const goesOn = last !== after
      const page = await (
        await this.#connection()
      ).page({ prefix, after: last, limit: count, reverse, goesOn })
      yield* page
      if (page.length < count) return
      left -= count
      last = page.at(-1)?.[0]
    }
  }

  async batch(ops: readonly StoreOp[]): Promise<void> {
    for (const op of ops) requirePath(op.key)
    const connection = await this.#connection()
    try {
      await connection.write(ops)
    } catch (error) {
      if (SecureChatError.is(error, "ERR_OTHER_TAB")) this.#lost(connection)
      throw error
    }
  }

  #listen({ onLost, signal }: StoreOpenOptions): void {
    if (onLost === undefined) return
    this.#listeners.add(onLost)
    signal?.addEventListener("abort", () => this.#listeners.delete(onLost), { once: true })
  }

  seal(key: StoreKey, options?: SealOptions): Promise<SealedStore> {
    return openSealed(this, key, options)
  }

  #isOpen(): boolean {
    return this.#state !== undefined && !SecureChatError.is(this.#state)
  }

  async #connectNow(options: StoreOpenOptions): Promise<void> {
    // It may be lost before it is here.
    const mine: { connection?: StoreConnection; lost: boolean } = { lost: false }
    const connection = await this.#connect(options, () => {
      mine.lost = true
      if (mine.connection !== undefined) this.#lost(mine.connection)
    })
    mine.connection = connection
    if (mine.lost) {
      await connection.close()
      throw otherTab()
    }
    if (options.signal?.aborted === true) await connection.close()
    throwIfAborted(options.signal)
    this.#state = connection
  }

  /** Opens itself for who did not ask, and takes the lease from nobody. */
  #connection(): Promise<StoreConnection> {
    return this.#inTurn(async () => {
      if (this.#state === undefined) await this.#connectNow({ takeover: false })
      if (SecureChatError.is(this.#state)) throw this.#state
      return this.#state as StoreConnection
    })
  }

  #lost(connection: StoreConnection): void {
    if (this.#state !== connection) return
    const error = otherTab()
    const listeners = [...this.#listeners]
    this.#state = error
    this.#listeners.clear()
    void connection.close()
    for (const listener of listeners) listener(error)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

/** A durable store over what `connect` brings, with a place beside it for its marker. */
export const leasedStore = (connect: Connect, marker?: StoreMarker): Store => new Leased(connect, marker)
