/**
 * One SQLite file for one relay: mailboxes and directory. What is written in one turn of the event loop
 * is one transaction, and is confirmed after its commit. relay.md §7
 *
 *   write, write, … ──end of the turn──► BEGIN … COMMIT ──► every promise of the group
 */
import { chmodSync, closeSync, openSync } from "node:fs"
import type { DatabaseSync } from "node:sqlite"
import { SecureChatError } from "@securechat/core/errors"
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts"

export interface SqliteOptions {
  readonly path: string
  /** `process`: survives a killed process. `power`: each commit waits for the disk. */
  readonly durability: "process" | "power"
}

interface Write {
  readonly work: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** A relay that is just being replaced may take this long to let go of the file. */
const BUSY_MS = 1_000
const SQLITE_BUSY = 5
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

const codeOf = (error: unknown): number | undefined =>
  error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined

export const isFull = (error: unknown): boolean => codeOf(error) === SQLITE_FULL

const openError = (error: unknown): unknown => {
  const code = codeOf(error)
  if (code === SQLITE_BUSY)
    return new SecureChatError("ERR_CONFIG_INVALID", "mailbox.sqlite: another process has this file open", {
      cause: error,
      hint: "One relay per file. Several relays need Redis.",
    })
  if (code === SQLITE_NOTADB)
    return new SecureChatError("ERR_STORE_CORRUPT", "mailbox.sqlite: not a SQLite file", { cause: error })
  return new SecureChatError("ERR_STORE_UNAVAILABLE", "mailbox.sqlite: cannot be opened", { cause: error })
}

const prepare = (db: DatabaseSync, durability: SqliteOptions["durability"]): void => {
  // Taken with the first access and kept: a second relay on the file would deliver the same mail.
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL")
  db.exec(`PRAGMA synchronous = ${durability === "power" ? "FULL" : "NORMAL"}`)
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"])
  if (version > SCHEMA_VERSION)
    throw new SecureChatError("ERR_STORE_TOO_NEW", `mailbox.sqlite: format ${version} of a newer relay`)
  if (version === 0) db.exec(`BEGIN; ${SCHEMA}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
}

const openDatabase = ({ path, durability }: SqliteOptions): DatabaseSync => {
  // Asked for here and not imported: a relay in memory does without it.
  const sqlite = process.getBuiltinModule("node:sqlite")
  let db: DatabaseSync | undefined
  try {
    // Made before SQLite would, which makes it for everybody to read; its journal takes the file's mode.
    closeSync(openSync(path, "a", 0o600))
    chmodSync(path, 0o600)
    db = new sqlite.DatabaseSync(path, { timeout: BUSY_MS })
    prepare(db, durability)
    return db
  } catch (error) {
    db?.close()
    throw SecureChatError.is(error) ? error : openError(error)
  }
}

export class SqliteFile {
  readonly db: DatabaseSync
  readonly #onRollback: (() => void)[] = []
  #group: Write[] = []
  #closed = false

  /** @throws ERR_CONFIG_INVALID when another process has it, ERR_STORE_UNAVAILABLE, ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW */
  constructor(options: SqliteOptions) {
    this.db = openDatabase(options)
  }

  /** What the transaction of a failed group had changed in memory is read again. */
  onRollback(reload: () => void): void {
    this.#onRollback.push(reload)
  }

  /** `work` in this turn's transaction; resolves when that is committed. Nothing of a failed group is kept. */
  write<T>(work: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new SecureChatError("ERR_CLOSED", "the file is closed"))
    return new Promise<T>((resolve, reject) => {
      if (this.#group.push({ work, resolve, reject }) > 1) return
      setImmediate(() => {
        this.#flush()
      })
    })
  }

  /** `work` on what is committed. */
  read<T>(work: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new SecureChatError("ERR_CLOSED", "the file is closed"))
    return Promise.resolve(work())
  }

  close(): void {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    this.db.close()
  }

  #flush(): void {
    const group = this.#group
    this.#group = []
    if (group.length === 0) return
    try {
      this.db.exec("BEGIN IMMEDIATE")
      const results = group.map(({ work }) => work())
      this.db.exec("COMMIT")
      group.forEach(({ resolve }, index) => {
        resolve(results[index] as never)
      })
    } catch (error) {
      if (this.db.isTransaction) this.db.exec("ROLLBACK")
      for (const reload of this.#onRollback) reload()
      for (const { reject } of group) reject(error)
    }
  }
}
