/**
 * The driver for Node: one SQLite file (`node:sqlite`, WAL) of mode 0600. Calls are synchronous inside, so a batch is
 * one uninterrupted transaction. Not its concern: sealing; it sees bytes under paths.
 *
 * The lease is a number in the database, compared in the transaction of each batch, and a lock of the operating system
 * on a file named after that number: the kernel gives it back when its holder dies, however it dies, and a stopped
 * holder that is taken over finds another number.
 */
import { chmodSync, closeSync, existsSync, openSync, rmSync, statSync } from "node:fs"
import { DatabaseSync, type StatementSync } from "node:sqlite"
import { concat } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { STORE_BUSY_MS, STORE_OVERWRITE_MS } from "../limits.ts"
import { type Connect, type PageRequest, type StoreConnection, leasedStore, otherTab } from "./leased.ts"
import { comparePaths, isUnder } from "./path.ts"
import { endOf, pathFromBytes, pathToBytes } from "./path-bytes.ts"
import { fileMarker } from "./files.ts"
import type { Store, StoreOp, StorePath } from "./store.ts"

export { fileKey } from "./files.ts"

export interface SqliteStoreOptions {
  /** The file does not grow past this: ERR_STORE_FULL, as on a full disk. Default: no bound. */
  readonly maxBytes?: number | undefined
}

/** "SCs1": tells the file from another program's. */
const APPLICATION = 0x53437331
const LAYOUT = 1
const TABLES = `
  CREATE TABLE record (path BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE lease (number INTEGER NOT NULL) STRICT;
  INSERT INTO lease VALUES (0);
  PRAGMA application_id = ${APPLICATION};
  PRAGMA user_version = ${LAYOUT};`
/** FULL: what a batch resolved with survives a power cut, so that no ratchet step is ever taken twice. */
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  PRAGMA journal_size_limit = 0;
  PRAGMA trusted_schema = OFF;`

const SQLITE_BUSY = 5
const CODES: Readonly<Record<number, "ERR_STORE_FULL" | "ERR_STORE_CORRUPT">> = {
  11: "ERR_STORE_CORRUPT", // SQLITE_CORRUPT
  13: "ERR_STORE_FULL", // SQLITE_FULL: also ENOSPC
  26: "ERR_STORE_CORRUPT", // SQLITE_NOTADB
}
const SAID = {
  ERR_STORE_FULL: "no space is left for the store",
  ERR_STORE_CORRUPT: "the store's file is damaged or not a store",
  ERR_STORE_UNAVAILABLE: "the store's file cannot be used",
} as const

/** The primary code of a SQLite error. */
const sqliteCode = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) & 0xff

const failure = (cause: unknown): SecureChatError => {
  if (SecureChatError.is(cause)) return cause
  const full = ["ENOSPC", "EDQUOT"].includes((cause as NodeJS.ErrnoException).code ?? "")
  const code = full ? "ERR_STORE_FULL" : (CODES[sqliteCode(cause)] ?? "ERR_STORE_UNAVAILABLE")
  return new SecureChatError(code, SAID[code], { cause })
}

/** Typed failures of synchronous work, as a promise. */
const attempt = async <T>(work: () => T): Promise<T> => {
  try {
    return await Promise.resolve(work())
  } catch (error) {
    throw failure(error)
  }
}

/**
 * Makes the file where there is none, for this user alone. One that exists is never opened and closed here: that would
 * drop the locks this process has on it (SQLite, "How To Corrupt", 2.2).
 */
const ensureFile = (file: string): void => {
  try {
    closeSync(openSync(file, "wx", 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    chmodSync(file, 0o600)
  }
}

const lockFile = (path: string, lease: number): string => `${path}-lease-${lease}`

/** The lock as an open transaction; undefined: somebody has it. */
const lock = (file: string): DatabaseSync | undefined => {
  ensureFile(file)
  const held = new DatabaseSync(file)
  try {
    held.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
    return held
  } catch (error) {
    held.close()
    if (sqliteCode(error) === SQLITE_BUSY) return undefined
    throw error
  }
}

const removeLock = (path: string, lease: number): void => {
  try {
    rmSync(lockFile(path, lease), { force: true })
  } catch {
    // Windows keeps what is open: it is empty, and nobody asks for this number any more.
  }
}

/** Is the holder of this lease gone? */
const isFree = (path: string, lease: number): boolean => {
  const file = lockFile(path, lease)
  if (!existsSync(file)) return true
  const held = lock(file)
  held?.close()
  return held !== undefined
}

const numberOf = (db: DatabaseSync, sql: string): number =>
  Number(Object.values(db.prepare(sql).get() ?? {})[0])
const leaseIn = (db: DatabaseSync): number => numberOf(db, "SELECT number FROM lease")

/** Runs `work` as one transaction. */
const transact = <T>(db: DatabaseSync, work: () => T): T => {
  db.exec("BEGIN IMMEDIATE")
  try {
    const result = work()
    db.exec("COMMIT")
    return result
  } catch (error) {
    try {
      db.exec("ROLLBACK")
    } catch {
      // SQLite has rolled back by itself, as on a full disk.
    }
    throw error
  }
}

/** Is it a store? False: an empty file. @throws ERR_STORE_TOO_NEW, ERR_STORE_CORRUPT for another program's file */
const hasLayout = (db: DatabaseSync): boolean => {
  if (numberOf(db, "PRAGMA application_id") !== APPLICATION) {
    if (numberOf(db, "SELECT count(*) FROM sqlite_schema") === 0) return false
    throw new SecureChatError("ERR_STORE_CORRUPT", "the file is another program's database")
  }
  const version = numberOf(db, "PRAGMA user_version")
  if (version <= LAYOUT) return true
  throw new SecureChatError("ERR_STORE_TOO_NEW", "a newer version wrote this store", { details: { version } })
}

const openDatabase = (path: string, { maxBytes }: SqliteStoreOptions): DatabaseSync => {
  ensureFile(path)
  const db = new DatabaseSync(path)
  try {
    db.exec(`PRAGMA busy_timeout = ${STORE_BUSY_MS}`)
    // Looked at without the write lock: who is refused does not wait for it, and does not hold up the writer.
    if (!hasLayout(db))
      transact(db, () => {
        // Another process may have been faster.
        if (!hasLayout(db)) db.exec(TABLES)
      })
    db.exec(SETTINGS)
    if (maxBytes !== undefined)
      db.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / numberOf(db, "PRAGMA page_size"))}`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

interface Lease {
  readonly number: number
  readonly held: DatabaseSync
}

/** @throws ERR_OTHER_TAB */
const takeLease = (path: string, db: DatabaseSync, takeover: boolean): Lease => {
  // Refused without the write lock: who only asks does not hold up the writer.
  if (!takeover && !isFree(path, leaseIn(db))) throw otherTab()
  let held: DatabaseSync | undefined
  try {
    const lease = transact(db, () => {
      const before = leaseIn(db)
      if (!takeover && !isFree(path, before)) throw otherTab()
      held = lock(lockFile(path, before + 1))
      if (held === undefined) throw otherTab()
      db.prepare("UPDATE lease SET number = ?").run(before + 1)
      return { number: before + 1, held }
    })
    // A holder that lives on keeps a file without a name; nobody asks for that number any more.
    removeLock(path, lease.number - 1)
    return lease
  } catch (error) {
    held?.close()
    throw error
  }
}

/** First and past-the-last key of what a page may hold. */
const rangeOf = (prefix: StorePath, after: StorePath | undefined, reverse: boolean): [Bytes, Bytes] => {
  const low = pathToBytes(prefix)
  const high = endOf(low)
  if (after === undefined) return [low, high]
  const from = pathToBytes(after)
  if (reverse) return [low, comparePaths(after, prefix) < 0 || isUnder(after, prefix) ? from : high]
  // The next byte string after `from`.
  return [comparePaths(after, prefix) < 0 ? low : concat(from, Uint8Array.of(0)), high]
}

class SqliteConnection implements StoreConnection {
  readonly #db: DatabaseSync
  readonly #path: string
  readonly #lease: Lease
  readonly #inode: number
  readonly #statements = new Map<string, StatementSync>()
  #overwriting: NodeJS.Timeout | undefined

  constructor(path: string, db: DatabaseSync, lease: Lease) {
    this.#path = path
    this.#db = db
    this.#lease = lease
    this.#inode = statSync(path).ino
  }

  get(key: StorePath): Promise<Uint8Array | undefined> {
    return attempt(() => {
      const row = this.#sql("SELECT value FROM record WHERE path = ?").get(pathToBytes(key))
      return row?.["value"] as Uint8Array | undefined
    })
  }

  async page({ prefix, after, limit, reverse, goesOn }: PageRequest): ReturnType<StoreConnection["page"]> {
    // A walk through a long history is synchronous work page by page: sockets and timers get their turn in between.
    if (goesOn) await new Promise(setImmediate)
    return attempt(() => {
      const [low, high] = rangeOf(prefix, after, reverse)
      const order = reverse ? "DESC" : "ASC"
      const rows = this.#sql(
        `SELECT path, value FROM record WHERE path >= ? AND path < ? ORDER BY path ${order} LIMIT ?`,
      ).all(low, high, limit)
      return rows.map(
        (row) => [pathFromBytes(row["path"] as Uint8Array), row["value"] as Uint8Array] as const,
      )
    })
  }

  write(ops: readonly StoreOp[]): Promise<void> {
    return attempt(() => {
      // A file that was deleted or replaced would take the batch and lose it.
      if (statSync(this.#path).ino !== this.#inode)
        throw new SecureChatError("ERR_STORE_UNAVAILABLE", "the store's file was replaced")
      this.#overwriteSoon()
      transact(this.#db, () => {
        if (leaseIn(this.#db) !== this.#lease.number) throw otherTab()
        for (const op of ops)
          if (op.type === "delete") this.#sql("DELETE FROM record WHERE path = ?").run(pathToBytes(op.key))
          else
            this.#sql(
              "INSERT INTO record VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET value = excluded.value",
            ).run(pathToBytes(op.key), op.value)
      })
    })
  }

  /**
   * The log holds pages as they were, with the keys that a batch replaced, until it is written into the file and cut.
   * Not with each batch: that is two more writes to the disk.
   */
  #overwriteSoon(): void {
    this.#overwriting ??= setTimeout(() => {
      this.#overwriting = undefined
      try {
        this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)")
      } catch {
        // Another process reads just now, or the disk is full: the next write tries again.
      }
    }, STORE_OVERWRITE_MS).unref()
  }

  close(): Promise<void> {
    clearTimeout(this.#overwriting)
    for (const db of [this.#db, this.#lease.held])
      try {
        db.close()
      } catch {
        // Closed already, or its file is gone: there is nothing left to give back.
      }
    removeLock(this.#path, this.#lease.number)
    return Promise.resolve()
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.#db.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }
}

/**
 * A store in one file, made where there is none. Beside it lie SQLite's own `-wal` and `-shm` files, the lease and the
 * marker; it belongs on a local disk.
 *
 * @throws ERR_CONFIG_INVALID where `path` is no file's name
 */
export const sqliteStore = (path: string, options: SqliteStoreOptions = {}): Store => {
  if (path === "" || path.startsWith(":") || path.startsWith("file:"))
    throw new SecureChatError("ERR_CONFIG_INVALID", "a store needs the path of a file", {
      hint: "Like './chat.db'; for a store in memory use memoryStore().",
    })
  /** The newest lease this object had: an older one means that the file was put back or made anew. */
  let newest = 0
  const connect: Connect = ({ takeover }) =>
    attempt(() => {
      const db = openDatabase(path, options)
      try {
        if (leaseIn(db) < newest)
          throw new SecureChatError("ERR_STORE_UNAVAILABLE", "the store's file was deleted or put back")
        const lease = takeLease(path, db, takeover)
        newest = lease.number
        return new SqliteConnection(path, db, lease)
      } catch (error) {
        db.close()
        throw error
      }
    })
  return leasedStore(connect, fileMarker(`${path}-mark`))
}
