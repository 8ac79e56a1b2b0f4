/**
 * The driver for browsers: one IndexedDB database, through `idb`. Not its concern: sealing; it sees bytes under paths.
 *
 * The lease is a Web Lock, which the browser gives back when its tab is gone, and a number in the database that is
 * compared in the transaction of each batch: a frozen tab that was taken over and wakes finds another number.
 */
import { type DBSchema, type IDBPDatabase, type IDBPObjectStore, openDB } from "idb"
import { copy } from "../bytes/concat.ts"
import { SecureChatError } from "../errors.ts"
import { browserMarker } from "./browser.ts"
import { type Connect, type PageRequest, type StoreConnection, leasedStore, otherTab } from "./leased.ts"
import { comparePaths, isUnder } from "./path.ts"
import type { Store, StoreOp, StorePath } from "./store.ts"

export { browserKey } from "./browser.ts"

/** IndexedDB sorts arrays of strings just as paths are sorted, so a path is its own key. */
interface Schema extends DBSchema {
  record: { key: string[]; value: Uint8Array }
  lease: { key: typeof NUMBER; value: number }
}
type Database = IDBPDatabase<Schema>

const LAYOUT = 1
/** The one key of `lease`. */
const NUMBER = "number"

const nameOf = (error: unknown): string => (error as { name?: string } | null)?.name ?? ""

const failure = (cause: unknown): SecureChatError => {
  if (SecureChatError.is(cause)) return cause
  if (nameOf(cause) === "QuotaExceededError")
    return new SecureChatError("ERR_STORE_FULL", "the browser gives this site no more space", { cause })
  if (nameOf(cause) === "VersionError")
    return new SecureChatError("ERR_STORE_TOO_NEW", "a newer version wrote this store", { cause })
  return new SecureChatError("ERR_STORE_UNAVAILABLE", "the browser's database cannot be used", { cause })
}

const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw failure(error)
  }
}

/**
 * The lock, as the function that gives it back.
 * @throws ERR_OTHER_TAB, ERR_RUNTIME_UNSUPPORTED: without Web Locks nothing keeps a second tab out.
 */
const acquire = (name: string, takeover: boolean, onStolen: () => void): Promise<() => void> => {
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks
  if (locks === undefined)
    throw new SecureChatError("ERR_RUNTIME_UNSUPPORTED", "no Web Locks here", {
      hint: "Serve the page over https, or from localhost.",
    })
  return new Promise((resolve, reject) => {
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      if (lock !== null)
        return new Promise((release) => {
          resolve(release)
        })
      reject(otherTab())
      return undefined
    }
    locks.request(name, takeover ? { steal: true } : { ifAvailable: true }, hold).catch((error: unknown) => {
      // Before the lock was given it is a refusal, after it a theft; each of the two ignores the other's time.
      reject(failure(error))
      onStolen()
    })
  })
}

/** First and last key of what a page may hold: an array sorts after every string, so it ends a prefix. */
const rangeOf = ({ prefix, after, reverse }: PageRequest): IDBKeyRange => {
  const low = [...prefix]
  const high = [...prefix, []]
  if (after === undefined) return IDBKeyRange.bound(low, high)
  if (reverse) {
    const within = comparePaths(after, prefix) < 0 || isUnder(after, prefix)
    return IDBKeyRange.bound(low, within ? [...after] : high, false, within)
  }
  const within = comparePaths(after, prefix) >= 0
  return IDBKeyRange.bound(within ? [...after] : low, high, within)
}

/** A range that holds nothing has no form in IndexedDB. */
const isEmpty = ({ prefix, after, reverse }: PageRequest): boolean =>
  after !== undefined &&
  (reverse ? comparePaths(after, prefix) <= 0 : comparePaths(after, prefix) > 0 && !isUnder(after, prefix))

class IndexedDbConnection implements StoreConnection {
  readonly #db: Database
  readonly #lease: number
  readonly #release: () => void

  constructor(db: Database, lease: number, release: () => void) {
    this.#db = db
    this.#lease = lease
    this.#release = release
  }

  get(key: StorePath): Promise<Uint8Array | undefined> {
    return attempt(() => this.#db.get("record", [...key]))
  }

  page(request: PageRequest): ReturnType<StoreConnection["page"]> {
    return attempt(async () => {
      if (isEmpty(request)) return []
      const { store } = this.#db.transaction("record")
      const range = rangeOf(request)
      if (request.reverse) return await backwards(store, range, request.limit)
      const [keys, values] = await Promise.all([
        store.getAllKeys(range, request.limit),
        store.getAll(range, request.limit),
      ])
      return keys.map((key, i) => [key, values[i] as Uint8Array] as const)
    })
  }

  write(ops: readonly StoreOp[]): Promise<void> {
    return attempt(async () => {
      const tx = this.#db.transaction(["record", "lease"], "readwrite", { durability: "strict" })
      try {
        if ((await tx.objectStore("lease").get(NUMBER)) !== this.#lease) throw otherTab()
        const records = tx.objectStore("record")
        await Promise.all(
          ops.map((op) =>
            // A view would be cloned with the whole buffer it looks at.
            op.type === "set" ? records.put(copy(op.value), [...op.key]) : records.delete([...op.key]),
          ),
        )
        await tx.done
      } catch (error) {
        abort(tx)
        // What it ended of says more than that it ended.
        throw await tx.done.then(
          () => error,
          (ended: unknown) => (nameOf(error) === "AbortError" ? ended : error),
        )
      }
    })
  }

  close(): Promise<void> {
    this.#db.close()
    this.#release()
    return Promise.resolve()
  }
}

const backwards = async (
  store: IDBPObjectStore<Schema, ["record"], "record">,
  range: IDBKeyRange,
  limit: number,
): Promise<(readonly [StorePath, Uint8Array])[]> => {
  const found: (readonly [StorePath, Uint8Array])[] = []
  let cursor = await store.openCursor(range, "prev")
  while (cursor !== null) {
    found.push([cursor.key, cursor.value])
    if (found.length === limit) break
    cursor = await cursor.continue()
  }
  return found
}

const abort = (tx: { abort(): void }): void => {
  try {
    tx.abort()
  } catch {
    // It has ended already.
  }
}

const openDatabase = (name: string): Promise<Database> =>
  openDB<Schema>(name, LAYOUT, {
    upgrade: (db) => {
      db.createObjectStore("record")
      db.createObjectStore("lease")
    },
    // Somebody deletes it or brings a newer layout: it must not wait for this tab.
    blocking: (_, __, event) => {
      ;(event.target as IDBDatabase).close()
    },
  })

/** @param newest the newest lease this page had; an older one means that the browser has evicted the database. */
const takeLease = async (db: Database, newest: number): Promise<number> => {
  const tx = db.transaction("lease", "readwrite", { durability: "strict" })
  const before = (await tx.store.get(NUMBER)) ?? 0
  if (before < newest) {
    abort(tx)
    await tx.done.catch(() => undefined)
    throw new SecureChatError("ERR_STORE_UNAVAILABLE", "the browser has deleted this store")
  }
  await tx.store.put(before + 1, NUMBER)
  await tx.done
  return before + 1
}

/** Asks the browser not to evict the site's data. Some ask the user: nobody waits for the answer. Workers cannot ask. */
const askToKeep = (): void => {
  const { storage } = navigator as { storage?: Partial<StorageManager> }
  storage?.persist?.().catch(() => undefined)
}

/** A store in this browser, for this site. The browser is asked not to evict it. */
export const indexedDbStore = (name: string): Store => {
  let newest = 0
  const connect: Connect = ({ takeover }, onLost) =>
    attempt(async () => {
      const release = await acquire(`securechat:store:${name}`, takeover, onLost)
      let db: Database | undefined
      try {
        askToKeep()
        db = await openDatabase(name)
        newest = await takeLease(db, newest)
        return new IndexedDbConnection(db, newest, release)
      } catch (error) {
        db?.close()
        release()
        throw error
      }
    })
  return leasedStore(connect, browserMarker(name))
}
