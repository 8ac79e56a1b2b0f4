/** The directory in the relay's SQLite file. What is written is confirmed after the commit of its turn. relay.md §6 */
import type { Bytes, PrekeyKind } from "@securechat/core/wire"
import { type Change, type Memory, type Standing, changeOf } from "../directory/change.ts"
import {
  type ClaimedKeys,
  type Directory,
  type DirectoryLimits,
  LISTS_AT_ONCE,
  type Publication,
  type Published,
  type Stock,
} from "../directory/directory.ts"
import type { SqliteFile } from "./file.ts"

const accountStatements = ({ db }: SqliteFile) =>
  ({
    account: db.prepare("SELECT listed, revoked FROM accounts WHERE account = ?"),
    accounts: db.prepare("SELECT count(*) AS count FROM accounts"),
    putAccount: db.prepare(
      `INSERT INTO accounts VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET listed = excluded.listed, revoked = excluded.revoked, seen = excluded.seen`,
    ),
    seen: db.prepare("UPDATE accounts SET seen = ? WHERE account = ?"),
    newest: db.prepare(
      "SELECT version, hash, bytes, (SELECT count(*) FROM lists WHERE account = ?1) AS length FROM lists WHERE account = ?1 ORDER BY version DESC LIMIT 1",
    ),
    newer: db.prepare("SELECT bytes FROM lists WHERE account = ? AND version > ? ORDER BY version LIMIT ?"),
    addList: db.prepare("INSERT INTO lists VALUES (?, ?, ?, ?)"),
    stale: db.prepare(
      "SELECT account FROM accounts WHERE seen < ? AND account NOT IN (SELECT account FROM handles)",
    ),
    forget: ["accounts", "lists", "devices", "prekeys"].map((table) =>
      db.prepare(`DELETE FROM ${table} WHERE account = ?`),
    ),
    check: db.prepare("SELECT 1"),
  }) as const

const deviceStatements = ({ db }: SqliteFile) =>
  ({
    device: db.prepare("SELECT * FROM devices WHERE account = ? AND device = ?"),
    putDevice: db.prepare(
      `INSERT INTO devices (account, device, certificate, signed, signed_until, resort, resort_until, memory)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET certificate = excluded.certificate, signed = excluded.signed,
         signed_until = excluded.signed_until, resort = excluded.resort, resort_until = excluded.resort_until,
         memory = excluded.memory`,
    ),
    uses: db.prepare("UPDATE devices SET uses = uses + 1 WHERE account = ? AND device = ?"),
    told: db.prepare("UPDATE devices SET uses = 0 WHERE account = ? AND device = ?"),
    dropDevice: db.prepare("DELETE FROM devices WHERE account = ? AND device = ?"),
    addKey: db.prepare("INSERT INTO prekeys (account, device, kind, until, bytes) VALUES (?, ?, ?, ?, ?)"),
    takeKey: db.prepare(
      `DELETE FROM prekeys WHERE id = (
         SELECT id FROM prekeys WHERE account = ? AND device = ? AND kind = ? ORDER BY id LIMIT 1
       ) RETURNING bytes`,
    ),
    dropExpired: db.prepare("DELETE FROM prekeys WHERE account = ? AND device = ? AND until <= ?"),
    dropKeys: db.prepare("DELETE FROM prekeys WHERE account = ? AND device = ?"),
    left: db.prepare("SELECT count(*) AS count FROM prekeys WHERE account = ? AND device = ? AND kind = ?"),
  }) as const

const handleStatements = ({ db }: SqliteFile) =>
  ({
    handle: db.prepare("SELECT account, version, record FROM handles WHERE handle = ?"),
    handles: db.prepare("SELECT count(*) AS count FROM handles"),
    handlesOf: db.prepare("SELECT handle FROM handles WHERE account = ? ORDER BY handle"),
    putHandle: db.prepare(
      `INSERT INTO handles VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET version = excluded.version, record = excluded.record`,
    ),
    bind: db.prepare("INSERT OR IGNORE INTO bindings VALUES (?, ?)"),
    binding: db.prepare("SELECT account FROM bindings WHERE handle = ?"),
  }) as const

const statements = (file: SqliteFile) => ({
  ...accountStatements(file),
  ...deviceStatements(file),
  ...handleStatements(file),
})

type Row = Record<string, unknown> | undefined
const bytesOf = (row: Row, name: string): Bytes => row?.[name] as Bytes
const idsOf = (row: Row, name: string): readonly string[] =>
  row === undefined ? [] : (JSON.parse(row[name] as string) as string[])
const countOf = (row: Row): number => Number(row?.["count"] ?? 0)

class SqliteDirectory implements Directory {
  readonly keepsHandles = true
  readonly #file: SqliteFile
  readonly #limits: DirectoryLimits
  readonly #sql: ReturnType<typeof statements>

  constructor(file: SqliteFile, limits: DirectoryLimits) {
    this.#file = file
    this.#limits = limits
    this.#sql = statements(file)
  }

  find: Directory["find"] = (account, device) => {
    const record = this.#sql.account.get(account)
    const known = record === undefined ? undefined : this.#sql.device.get(account, device)
    const handle = this.#sql.handlesOf.get(account)?.["handle"]
    return {
      certificate: known === undefined ? undefined : bytesOf(known, "certificate"),
      revoked: idsOf(record, "revoked").includes(device),
      oneTimeLeft: this.#left(account, device, "opk"),
      kemLeft: this.#left(account, device, "pqopk"),
      handle: handle === undefined ? undefined : String(handle),
    }
  }

  enter: Directory["enter"] = ({ account, device, handle }, nowMs) =>
    this.#file.write(() => {
      const revoked = idsOf(this.#sql.account.get(account), "revoked").includes(device)
      if (!revoked) this.#sql.seen.run(nowMs, account)
      return { revoked, bound: revoked || handle === undefined || this.#bind(handle, account), fence: 0 }
    })

  bind: Directory["bind"] = (handle, account) => this.#file.write(() => this.#bind(handle, account))

  publish: Directory["publish"] = (publication) =>
    this.#file.write(() => {
      const { account, device, nowMs } = publication
      this.#sql.dropExpired.run(account, device, nowMs)
      const change = changeOf(this.#standing(publication), publication, this.#limits)
      return typeof change === "string" ? change : this.#take(publication, change)
    })

  lists: Directory["lists"] = (account, knownVersion) => {
    const record = this.#sql.account.get(account)
    if (record === undefined) return undefined
    const lists = this.#sql.newer
      .all(account, knownVersion, LISTS_AT_ONCE)
      .map((row) => bytesOf(row, "bytes"))
    if (lists.length === 0) return { lists, certificates: [] }
    const devices = idsOf(record, "listed").map((device) => this.#sql.device.get(account, device))
    const known = devices.filter((row) => row !== undefined)
    return { lists, certificates: known.map((row) => bytesOf(row, "certificate")) }
  }

  claim: Directory["claim"] = (account, devices, nowMs) =>
    this.#file.write(() => {
      const list = this.#sql.newest.get(account)
      const known = devices.map((device) => this.#sql.device.get(account, device))
      if (list === undefined || known.includes(undefined)) return undefined
      return devices.map((device) => this.#claimOne(account, device, bytesOf(list, "bytes"), nowMs))
    })

  told: Directory["told"] = (account, device) =>
    this.#file.write(() => {
      this.#sql.told.run(account, device)
    })

  setHandle: Directory["setHandle"] = ({ handle, account, version, record }) =>
    this.#file.write(() => {
      const bound = this.#sql.binding.get(handle)?.["account"]
      if (bound !== undefined && bound !== account) return "refused"
      const entry = this.#sql.handle.get(handle)
      if (entry !== undefined && (entry["account"] !== account || version < Number(entry["version"])))
        return "refused"
      if (entry === undefined && this.#isFullOfHandles(account)) return "full"
      this.#sql.putHandle.run(handle, account, version, record)
      return "set"
    })

  handle: Directory["handle"] = (handle) => {
    const entry = this.#sql.handle.get(handle)
    return entry === undefined ? undefined : bytesOf(entry, "record")
  }

  freeHandles: Directory["freeHandles"] = () => undefined

  seen: Directory["seen"] = (accounts, nowMs) =>
    this.#file.write(() => {
      for (const account of accounts) this.#sql.seen.run(nowMs, account)
    })

  forget: Directory["forget"] = (beforeMs) => {
    const stale = this.#sql.stale.all(beforeMs).map((row) => String(row["account"]))
    if (stale.length === 0) return undefined
    return this.#file.write(() => {
      for (const account of stale) for (const statement of this.#sql.forget) statement.run(account)
    })
  }

  check: Directory["check"] = () => {
    this.#sql.check.get()
  }

  /** The file is closed by its mailboxes. */
  close: Directory["close"] = () => undefined

  #bind(handle: string, account: string): boolean {
    this.#sql.bind.run(handle, account)
    return this.#sql.binding.get(handle)?.["account"] === account
  }

  #isFullOfHandles(account: string): boolean {
    const { handlesPerAccount, accounts } = this.#limits
    if (this.#sql.handlesOf.all(account).length >= handlesPerAccount) return true
    return countOf(this.#sql.handles.get()) >= accounts * handlesPerAccount
  }

  #left(account: string, device: string, kind: PrekeyKind): number {
    return countOf(this.#sql.left.get(account, device, kind))
  }

  #stock(account: string, device: string): Stock {
    return {
      oneTimeLeft: this.#left(account, device, "opk"),
      kemLeft: this.#left(account, device, "pqopk"),
      lastResortUses: Number(this.#sql.device.get(account, device)?.["uses"] ?? 0),
    }
  }

  #standing({ account, device }: Publication): Standing {
    const newest = this.#sql.newest.get(account)
    const known = this.#sql.device.get(account, device)
    const memory = known === undefined ? undefined : (JSON.parse(String(known["memory"])) as Memory)
    return {
      chain:
        newest === undefined
          ? undefined
          : {
              newest: { version: Number(newest["version"]), hash: String(newest["hash"]) },
              length: Number(newest["length"]),
            },
      revoked: idsOf(this.#sql.account.get(account), "revoked"),
      device: memory === undefined ? undefined : { ...memory, ...this.#stock(account, device) },
      accounts: countOf(this.#sql.accounts.get()),
    }
  }

  #take(publication: Publication, change: Change): Published {
    const { account, device, list, listed, revoked, nowMs } = publication
    if (change.extends) this.#sql.addList.run(account, list.version, list.hash, list.bytes)
    this.#sql.putAccount.run(account, JSON.stringify(listed), JSON.stringify(revoked), nowMs)
    if (change.keys !== undefined) this.#putKeys(publication, change.keys)
    const dropped = change.revoked.filter((one) => this.#sql.device.get(account, one) !== undefined)
    for (const one of change.revoked) {
      this.#sql.dropDevice.run(account, one)
      this.#sql.dropKeys.run(account, one)
    }
    return { stock: this.#stock(account, device), revoked: change.revoked, dropped }
  }

  #putKeys(publication: Publication, { oneTime, oneTimeKem, memory }: NonNullable<Change["keys"]>): void {
    const { account, device, certificate, set } = publication
    const { signedPrekey: signed, lastResortKem: resort } = set
    const keys = [signed.bytes, signed.notAfterMs, resort.bytes, resort.notAfterMs] as const
    this.#sql.putDevice.run(account, device, certificate, ...keys, JSON.stringify(memory))
    for (const { kind, notAfterMs, bytes } of [...oneTime, ...oneTimeKem])
      this.#sql.addKey.run(account, device, kind, notAfterMs, bytes)
  }

  #claimOne(account: string, device: string, list: Bytes, nowMs: number): ClaimedKeys | "none" {
    this.#sql.dropExpired.run(account, device, nowMs)
    const known = this.#sql.device.get(account, device)
    const lastResort = this.#left(account, device, "pqopk") === 0
    const resortIsOver = lastResort && Number(known?.["resort_until"]) <= nowMs
    if (Number(known?.["signed_until"]) <= nowMs || resortIsOver) return "none"
    const kem = this.#sql.takeKey.get(account, device, "pqopk")
    const oneTime = this.#sql.takeKey.get(account, device, "opk")
    if (lastResort) this.#sql.uses.run(account, device)
    return {
      certificate: bytesOf(known, "certificate"),
      list,
      signedPrekey: bytesOf(known, "signed"),
      oneTime: oneTime === undefined ? undefined : bytesOf(oneTime, "bytes"),
      kem: kem === undefined ? bytesOf(known, "resort") : bytesOf(kem, "bytes"),
      lastResort,
      stock: this.#stock(account, device),
    }
  }
}

/** A driver over the file of the mailboxes, which closes it. */
export const sqliteDirectory = (file: SqliteFile, limits: DirectoryLimits): Directory =>
  new SqliteDirectory(file, limits)
