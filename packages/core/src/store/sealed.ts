/**
 * A store whose driver sees sealed values under pseudonymous paths. A decorator over any `Store`, loaded only where a
 * store is durable. Every message has a key of its own in a row of its own, so that deleting that row is enough to lose
 * it. Not its concern: where the root key comes from (`key.ts`), the lease (the driver's). protocol.md §15
 */
import { equalBytes } from "../bytes/compare.ts"
import { EMPTY } from "../bytes/concat.ts"
import { Reader } from "../bytes/reader.ts"
import { Writer } from "../bytes/writer.ts"
import { type Bytes, type Deps, platformDeps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { MARKER_EVERY_WRITES } from "../limits.ts"
import { KEY_RECORD, StoreKeys, askFor, makeRootKey, openRootKey, wrapRootKey } from "./key.ts"
import { SCHEMA, migrate } from "./migrate.ts"
import { Beside } from "./beside.ts"
import { comparePaths } from "./path.ts"
import { Progress, type State, decodeState, encodeState, inTurn, inUse } from "./seal-progress.ts"
import { ERASE, Names, SEAL, clearPath, hiddenParts, keepsOrder } from "./seal-names.ts"
import { type Open, type Opened, damaged, openRecord, readRecord, sealRecord, useOf } from "./seal-record.ts"
import type { StoreKey, StoreKeyContext } from "./store-key.ts"
import type { ListOptions, SealOptions, SealedStore, Store, StoreOp, StorePath } from "./store.ts"

/** How far the store has come: `u16 schema ‖ u64 version of the newest record`. Written with every batch. */
const STATE_RECORD: StorePath = [SEAL, "state"]
/** Tables whose records have keys of their own. */
const ERASABLE: ReadonlySet<string> = new Set(["message"])
const RECORD_KEY_BYTES = 32
/** A record that is rewritten while it is read may be met with its old key, once or twice. */
const REREADS = 5

export class Sealed implements SealedStore {
  readonly durable: boolean
  readonly #inner: Store
  readonly #keys: StoreKeys
  readonly #names: Names
  readonly #deps: Deps
  readonly #progress: Progress
  #forgotten = false

  constructor(inner: Store, keys: StoreKeys, progress: Progress, deps: Deps) {
    this.#inner = inner
    this.#keys = keys
    this.#names = new Names(keys)
    this.#deps = deps
    this.durable = inner.durable
    this.#progress = progress
    progress.users += 1
    inUse.set(inner, progress)
  }

  get lostWrites(): number {
    return this.#progress.lost
  }

  /** @throws ERR_STORE_CORRUPT, ERR_LOCKED */
  async get(path: StorePath): Promise<Bytes | undefined> {
    return (await this.#read(this.#names.under(path)))?.value
  }

  /**
   * In path order. Where parts below the prefix are pseudonyms that order has to be made, in memory.
   * @throws ERR_STORE_CORRUPT, ERR_LOCKED
   */
  async *list(
    prefix: StorePath,
    options: ListOptions = {},
  ): AsyncIterableIterator<readonly [StorePath, Bytes]> {
    if (keepsOrder(prefix)) yield* this.#listInPlace(prefix, options)
    else yield* this.#listSorted(prefix, options)
  }

  /** @throws ERR_LOCKED, and what the driver throws */
  async batch(ops: readonly StoreOp[]): Promise<void> {
    const sealed = ops.flatMap((op) => this.#sealOp(op))
    const written = this.#progress.written
    sealed.push(this.#state())
    await this.#inner.batch(sealed)
    this.#progress.confirmed = Math.max(this.#progress.confirmed, written)
    if (this.#progress.confirmed - this.#progress.marked >= MARKER_EVERY_WRITES) await this.mark()
  }

  /** Schema number of what is kept; higher after a migration. */
  get schema(): number {
    return this.#progress.schema
  }
  async setSchema(schema: number): Promise<void> {
    this.#progress.schema = schema
    await this.#inner.batch([this.#state()])
  }

  async changeKey(next: StoreKey, signal: AbortSignal = new AbortController().signal): Promise<void> {
    const { root } = this.#keys
    const given = await askFor(next, { signal, reason: "create" })
    const value = await wrapRootKey(root, given, this.#deps)
    // Together, so that a store that has one has the other.
    await this.#inner.batch([{ type: "set", key: KEY_RECORD, value }, this.#state()])
  }

  /** Notes beside the store how far it has come. Failing to is no failure of what was stored. */
  async mark(): Promise<void> {
    const { storeId } = this.#keys.root
    this.#progress.marked = this.#progress.confirmed
    const value = new Writer().put(storeId).u64(this.#progress.confirmed).bytes()
    await this.#inner.marker?.write(value).catch(() => undefined)
  }

  /** Is the store behind what was noted beside it? Another store's marker says nothing. */
  async checkMarker(): Promise<void> {
    const marker = await this.#inner.marker?.read().catch(() => undefined)
    if (marker?.length !== 24 || !equalBytes(marker.subarray(0, 16), this.#keys.root.storeId)) return
    const noted = new Reader(marker.subarray(16)).u64()
    // The marker itself may have been some records behind.
    if (noted > this.#progress.confirmed)
      this.#progress.lost = noted - this.#progress.confirmed + MARKER_EVERY_WRITES
    // No version is given twice, also after a restore.
    this.#progress.written =
      this.#progress.confirmed =
      this.#progress.marked =
        Math.max(noted, this.#progress.confirmed)
  }

  async forget(): Promise<void> {
    if (this.#forgotten) return
    this.#forgotten = true
    await this.mark().catch(() => undefined)
    this.#progress.users -= 1
    if (this.#progress.users === 0) inUse.delete(this.#inner)
    this.#keys.forget()
    this.#names.forget()
  }
  async close(): Promise<void> {
    await this.forget()
    await this.#inner.close?.()
  }

  // ── writing ──────────────────────────────────────────────────────────────────────────────────

  #sealOp(op: StoreOp): StoreOp[] {
    const place = this.#names.of(op.key)
    const own = ERASABLE.has(place[0] as string)
    const keyPlace = [ERASE, ...place]
    if (op.type === "delete")
      return [place, ...(own ? [keyPlace] : [])].map((key) => ({ type: "delete", key }))
    const version = ++this.#progress.written
    const what = { hidden: hiddenParts(op.key), value: op.value }
    if (!own) return [this.#set(this.#keys.of(place[0] as string, useOf(version)), place, what, version)]
    // Drawn anew with each writing: what the record was before is lost with its key.
    const key = this.#deps.random(RECORD_KEY_BYTES)
    const row = { hidden: [], value: key }
    return [
      this.#set(this.#keys.of(ERASE, useOf(version)), keyPlace, row, version),
      this.#set(key, place, what, version),
    ]
  }
  #set(key: Uint8Array, place: StorePath, what: Open, version: number): StoreOp {
    return { type: "set", key: place, value: sealRecord(key, { place, version }, what, this.#deps) }
  }
  #state(): StoreOp {
    const state = { schema: this.#progress.schema, written: this.#progress.written }
    const what = { hidden: [], value: encodeState(state) }
    return this.#set(
      this.#keys.of(SEAL, useOf(this.#progress.written)),
      STATE_RECORD,
      what,
      this.#progress.written,
    )
  }

  // ── reading ──────────────────────────────────────────────────────────────────────────────────

  async #read(place: StorePath): Promise<Opened | undefined> {
    if (ERASABLE.has(place[0] as string)) return this.#readErasable(place)
    const sealed = await this.#inner.get(place)
    return sealed === undefined ? undefined : this.#open(place, sealed)
  }

  /** A record and its key are read one after the other: what was rewritten in between is read again. */
  async #readErasable(place: StorePath): Promise<Opened | undefined> {
    for (let left = REREADS; ; left--) {
      const sealed = await this.#inner.get(place)
      if (sealed === undefined) return undefined
      const key = await this.#inner.get([ERASE, ...place])
      if (key !== undefined && isSameVersion(place, sealed, key))
        return this.#openErasable(place, sealed, key)
      if (left === 0) throw damaged(place)
    }
  }

  #open(place: StorePath, sealed: Uint8Array): Opened {
    const record = readRecord(place, sealed)
    // Newer than the store itself: of another copy of it.
    if (record.version > this.#progress.written) throw damaged(place)
    return openRecord(this.#keys.of(place[0] as string, useOf(record.version)), place, record)
  }
  #openErasable(place: StorePath, sealed: Uint8Array, keyRow: Uint8Array): Opened {
    const { value: key } = this.#open([ERASE, ...place], keyRow)
    if (key.length !== RECORD_KEY_BYTES) throw damaged(place)
    return openRecord(key, place, readRecord(place, sealed))
  }

  /** The driver's order is the clear one. */
  async *#listInPlace(
    prefix: StorePath,
    options: ListOptions,
  ): AsyncIterableIterator<readonly [StorePath, Bytes]> {
    const under = this.#names.under(prefix)
    const inner = { ...options, after: options.after && this.#names.under(options.after) }
    for await (const [place, opened] of this.#listOpened(under, inner)) {
      const path = [...prefix, ...place.slice(prefix.length)]
      yield [path, options.withDamaged === true ? orNothing(opened) : opened().value] as const
    }
  }

  async *#listOpened(
    under: StorePath,
    options: ListOptions,
  ): AsyncIterableIterator<readonly [StorePath, () => Opened]> {
    if (!ERASABLE.has(under[0] ?? "")) {
      for await (const [place, sealed] of this.#inner.list(under, options)) {
        if (place[0] === SEAL || place[0] === ERASE) continue
        const own = ERASABLE.has(place[0] as string)
        const opened = own ? await this.#later(place, sealed, undefined) : () => this.#open(place, sealed)
        if (opened !== undefined) yield [place, opened]
      }
      return
    }
    // Keys lie in the same order as their records: both are read side by side.
    const after = options.after && [ERASE, ...options.after]
    const keys = new Beside(
      this.#inner.list([ERASE, ...under], { ...options, after }),
      options.reverse === true,
    )
    try {
      for await (const [place, sealed] of this.#inner.list(under, options)) {
        const key = await keys.at([ERASE, ...place])
        const opened = await this.#later(place, sealed, key)
        if (opened !== undefined) yield [place, opened]
      }
    } finally {
      await keys.close()
    }
  }

  /** Opens a record met in a list when it is wanted; undefined: it has gone meanwhile. */
  async #later(
    place: StorePath,
    sealed: Uint8Array,
    key: Uint8Array | undefined,
  ): Promise<(() => Opened) | undefined> {
    try {
      if (key !== undefined && isSameVersion(place, sealed, key))
        return () => this.#openErasable(place, sealed, key)
      const opened = await this.#readErasable(place)
      return opened && (() => opened)
    } catch (error) {
      return () => {
        throw error
      }
    }
  }

  async *#listSorted(
    prefix: StorePath,
    { after, limit = Infinity, reverse = false }: ListOptions,
  ): AsyncIterableIterator<readonly [StorePath, Bytes]> {
    const found: (readonly [path: StorePath, place: StorePath])[] = []
    const under = this.#names.under(prefix)
    for await (const [place, opened] of this.#listOpened(under, {}))
      found.push([clearPath(place, opened().hidden), place])
    const sign = reverse ? -1 : 1
    found.sort(([a], [b]) => comparePaths(a, b) * sign)
    let left = limit
    for (const [path, place] of found) {
      if (left <= 0) return
      if (after !== undefined && comparePaths(path, after) * sign <= 0) continue
      // As it is when it is reached.
      const opened = await this.#read(place)
      if (opened === undefined) continue
      left -= 1
      yield [path, opened.value] as const
    }
  }
}

/** @throws ERR_LOCKED, and whatever is no damage */
const orNothing = (opened: () => Opened): Bytes => {
  try {
    return opened().value
  } catch (error) {
    if (SecureChatError.is(error, "ERR_STORE_CORRUPT")) return EMPTY
    throw error
  }
}

/** Written by one batch, they have one version. */
const isSameVersion = (place: StorePath, a: Uint8Array, b: Uint8Array): boolean =>
  readRecord(place, a).version === readRecord(place, b).version

const create = async (inner: Store, key: StoreKey, context: StoreKeyContext, deps: Deps): Promise<Sealed> => {
  // Records without a key record are a damaged store, never an empty one: no identity is made in their place.
  for await (const _ of inner.list([], { limit: 1 })) throw damaged(KEY_RECORD)
  const progress = new Progress({ schema: SCHEMA, written: 0 })
  const store = new Sealed(inner, new StoreKeys(makeRootKey(deps)), progress, deps)
  return orForget(store, async () => {
    await store.changeKey(key, context.signal)
    await store.mark()
  })
}

/** A store that could not be made or opened leaves no keys behind. */
const orForget = async (store: Sealed, work: () => Promise<void>): Promise<Sealed> => {
  try {
    await work()
  } catch (error) {
    await store.forget()
    throw error
  }
  return store
}

const stateOf = async (inner: Store, keys: StoreKeys): Promise<State> => {
  const sealed = await inner.get(STATE_RECORD)
  if (sealed === undefined) throw damaged(STATE_RECORD)
  const record = readRecord(STATE_RECORD, sealed)
  const { value } = openRecord(keys.of(SEAL, useOf(record.version)), STATE_RECORD, record)
  return decodeState(value)
}

/**
 * Opens a sealed store, or makes one where the driver's is empty. The driver is open already.
 * @throws ERR_STORE_WRONG_KEY, ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW, ERR_STORE_UNAVAILABLE, ERR_CONFIG_INVALID, ERR_ABORTED
 */
export const openSealed = (inner: Store, key: StoreKey, options: SealOptions = {}): Promise<Sealed> => {
  const { signal = new AbortController().signal, reason = "open", deps = platformDeps } = options
  return inTurn(inner, async () => {
    const record = await inner.get(KEY_RECORD)
    if (record === undefined) return create(inner, key, { signal, reason }, deps)
    const keys = new StoreKeys(await openRootKey(record, key, { signal, reason }))
    const shared = inUse.get(inner)
    if (shared !== undefined) return new Sealed(inner, keys, shared, deps)
    const store = new Sealed(inner, keys, new Progress(await stateOf(inner, keys)), deps)
    return orForget(store, async () => {
      if (store.schema > SCHEMA)
        throw new SecureChatError("ERR_STORE_TOO_NEW", `the store has schema ${store.schema}`, {
          hint: "Update this app.",
          details: { schema: store.schema, known: SCHEMA },
        })
      await store.checkMarker()
      await migrate(store)
      await store.mark()
    })
  })
}
