/** Mailboxes in a SQLite file: they outlive the process, or a power cut too. One relay per file. relay.md §7 */
import { cursorAt, placeOf } from "../mailbox/cursor.ts"
import { MAX_IDS, SWEEP_MS } from "../mailbox/limits.ts"
import type { MailItem, MailPlace, Mailbox } from "../mailbox/mailbox.ts"
import { Watchers } from "../mailbox/watchers.ts"
import { toText } from "../relay/text.ts"
import { type SqliteFile, isFull } from "./file.ts"

export interface SqliteMailboxOptions {
  readonly nowMs: () => number
  /** 16 random bytes: the epoch of a new file. */
  readonly epoch: Uint8Array
  readonly messages: number
  readonly bytes: number
  readonly dedupMs: number
}

/** Sums of what the file holds of one device, so that no append has to count. */
interface Box {
  messages: number
  bytes: number
  ids: number
  /** When the first of its envelopes expires. */
  soonestMs: number
  /** Place of the newest one there ever was since the start; 0: none is known. */
  newest: number
}
interface Sums {
  readonly messages: number
  readonly bytes: number | null
  readonly soonest: number | null
}

/** Places per millisecond: a place is never used again, even when a power cut took the newest ones back. */
const PLACES_PER_MS = 1_000

const statements = ({ db }: SqliteFile) =>
  ({
    remember: db.prepare(
      "INSERT INTO envelope_ids VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET until = excluded.until WHERE until <= ?",
    ),
    forgetId: db.prepare("DELETE FROM envelope_ids WHERE device = ? AND id = ?"),
    forgetOldest: db.prepare(
      "DELETE FROM envelope_ids WHERE device = ?1 AND id IN (SELECT id FROM envelope_ids WHERE device = ?1 ORDER BY until LIMIT ?2)",
    ),
    forgetIds: db.prepare("DELETE FROM envelope_ids WHERE until <= ?"),
    store: db.prepare("INSERT INTO mail VALUES (?, ?, ?, ?, ?)"),
    read: db.prepare(
      "SELECT place, envelope FROM mail WHERE device = ? AND place > ? AND expires > ? ORDER BY place LIMIT ?",
    ),
    ack: db.prepare("DELETE FROM mail WHERE device = ? AND place <= ? RETURNING bytes"),
    expire: db.prepare("DELETE FROM mail WHERE device = ? AND expires <= ?"),
    drop: db.prepare("DELETE FROM mail WHERE device = ?"),
    dropIds: db.prepare("DELETE FROM envelope_ids WHERE device = ?"),
    sums: db.prepare(
      "SELECT count(*) AS messages, sum(bytes) AS bytes, min(expires) AS soonest FROM mail WHERE device = ?",
    ),
    allSums: db.prepare(
      "SELECT device, count(*) AS messages, sum(bytes) AS bytes, min(expires) AS soonest FROM mail GROUP BY device",
    ),
    allIds: db.prepare("SELECT device, count(*) AS ids FROM envelope_ids GROUP BY device"),
    last: db.prepare("SELECT max(place) AS place FROM mail"),
    epoch: db.prepare("SELECT value FROM meta WHERE name = 'epoch'"),
    setEpoch: db.prepare("INSERT INTO meta VALUES ('epoch', ?)"),
  }) as const

const newBox = (): Box => ({ messages: 0, bytes: 0, ids: 0, soonestMs: Infinity, newest: 0 })

class SqliteMailbox implements Mailbox {
  readonly #file: SqliteFile
  readonly #options: SqliteMailboxOptions
  readonly #sql: ReturnType<typeof statements>
  readonly #watchers = new Watchers()
  readonly #boxes = new Map<string, Box>()
  readonly #epoch: string
  #messages = 0
  #filled = 0
  #last: number
  #sweptAtMs: number

  constructor(file: SqliteFile, options: SqliteMailboxOptions) {
    this.#file = file
    this.#options = options
    this.#sql = statements(file)
    this.#sweptAtMs = options.nowMs()
    const kept = this.#sql.epoch.get()?.["value"]
    this.#epoch = typeof kept === "string" ? kept : toText(options.epoch)
    if (kept === undefined) this.#sql.setEpoch.run(this.#epoch)
    this.#last = Number(this.#sql.last.get()?.["place"] ?? 0)
    this.#load()
    file.onRollback(() => {
      this.#load()
    })
  }

  append: Mailbox["append"] = async (device, envelope, { id, expiresAt }) => {
    let follows = 0
    let place = 0
    try {
      const result = await this.#file.write(() => {
        follows = this.#boxes.get(device)?.newest ?? 0
        const stored = this.#store(device, envelope, id, expiresAt.getTime())
        place = this.#last
        return stored
      })
      if (result === "stored") this.#wake(device, envelope, place, follows)
      return result
    } catch (error) {
      if (isFull(error)) return "full"
      throw error
    }
  }

  resume: Mailbox["resume"] = (device, cursor) =>
    this.#file.write((): MailPlace => {
      const place = placeOf(this.#epoch, cursor)
      const box = this.#boxes.get(device)
      if (box !== undefined) this.#forget(device, box)
      if (box !== undefined && place !== undefined) this.#deleteUpTo(device, box, place)
      const after = place === undefined ? "" : cursor
      return { resumed: place !== undefined, after, backlog: box?.messages ?? 0 }
    })

  read: Mailbox["read"] = (device, { after, limit }) =>
    this.#file.read((): readonly MailItem[] => {
      if ((this.#boxes.get(device)?.messages ?? 0) === 0) return []
      const from = placeOf(this.#epoch, after ?? "") ?? 0
      return this.#sql.read.all(device, from, this.#options.nowMs(), limit).map((row) => ({
        cursor: cursorAt(this.#epoch, Number(row["place"])),
        envelope: row["envelope"] as Uint8Array,
      }))
    })

  ack: Mailbox["ack"] = (device, upTo) =>
    this.#file.write(() => {
      const box = this.#boxes.get(device)
      const place = placeOf(this.#epoch, upTo)
      if (box !== undefined && place !== undefined) this.#deleteUpTo(device, box, place)
    })

  drop: Mailbox["drop"] = (device) =>
    this.#file.write(() => {
      this.#sql.drop.run(device)
      this.#sql.dropIds.run(device)
      this.#count(this.#boxes.get(device), 0, 0)
      this.#boxes.delete(device)
    })

  watch: Mailbox["watch"] = (device, onMail) => this.#watchers.watch(device, onMail)

  counts: Mailbox["counts"] = () => ({ mailboxes: this.#filled, messages: this.#messages })

  close: Mailbox["close"] = () => {
    this.#file.close()
    this.#watchers.clear()
    return Promise.resolve()
  }

  #wake(device: string, envelope: Uint8Array, place: number, follows: number): void {
    if (!this.#watchers.has(device)) return
    const cursor = cursorAt(this.#epoch, place)
    this.#watchers.wake(device, {
      cursor,
      envelope,
      follows: follows === 0 ? "" : cursorAt(this.#epoch, follows),
    })
  }

  #store(
    device: string,
    envelope: Uint8Array,
    id: string,
    expiresMs: number,
  ): "stored" | "duplicate" | "full" {
    const nowMs = this.#options.nowMs()
    this.#sweep(nowMs)
    const box = this.#boxes.get(device) ?? newBox()
    this.#forget(device, box)
    const { messages, bytes, dedupMs } = this.#options
    if (this.#sql.remember.run(device, id, nowMs + dedupMs, nowMs).changes === 0) return "duplicate"
    if (box.messages >= messages || box.bytes + envelope.length > bytes) {
      this.#sql.forgetId.run(device, id)
      return "full"
    }
    this.#last = Math.max(this.#last + 1, nowMs * PLACES_PER_MS)
    this.#sql.store.run(this.#last, device, envelope, envelope.length, expiresMs)
    this.#boxes.set(device, box)
    box.soonestMs = Math.min(box.soonestMs, expiresMs)
    box.newest = this.#last
    this.#count(box, box.messages + 1, box.bytes + envelope.length)
    this.#boundIds(device, box)
    return "stored"
  }

  /** A tenth at once, so that a device at the bound does not pay with every append. */
  #boundIds(device: string, box: Box): void {
    if (++box.ids <= MAX_IDS) return
    const gone = this.#sql.forgetOldest.run(device, MAX_IDS / 10).changes
    box.ids -= Number(gone)
  }

  #count(box: Box | undefined, messages: number, bytes: number): void {
    if (box === undefined) return
    this.#messages += messages - box.messages
    this.#filled += Math.sign(messages) - Math.sign(box.messages)
    box.messages = messages
    box.bytes = bytes
  }

  #recount(device: string, box: Box): void {
    const { messages, bytes, soonest } = this.#sql.sums.get(device) as unknown as Sums
    this.#count(box, messages, bytes ?? 0)
    box.soonestMs = soonest ?? Infinity
  }

  #deleteUpTo(device: string, box: Box, place: number): void {
    if (box.messages === 0) return
    const gone = this.#sql.ack.all(device, place)
    const bytes = gone.reduce((sum, row) => sum + Number(row["bytes"]), 0)
    // `soonestMs` may be too early now: then the next look finds nothing, and counts again.
    this.#count(box, box.messages - gone.length, box.bytes - bytes)
  }

  #forget(device: string, box: Box): void {
    const nowMs = this.#options.nowMs()
    if (box.soonestMs > nowMs) return
    this.#sql.expire.run(device, nowMs)
    this.#recount(device, box)
  }

  /** What nobody opens must not be kept for ever. */
  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < SWEEP_MS) return
    this.#sweptAtMs = nowMs
    for (const [device, box] of this.#boxes) this.#forget(device, box)
    if (this.#sql.forgetIds.run(nowMs).changes === 0) return
    for (const box of this.#boxes.values()) box.ids = 0
    for (const row of this.#sql.allIds.iterate()) this.#boxOf(String(row["device"])).ids = Number(row["ids"])
    for (const [device, box] of this.#boxes)
      if (box.messages === 0 && box.ids === 0) this.#boxes.delete(device)
  }

  #boxOf(device: string): Box {
    const box = this.#boxes.get(device) ?? newBox()
    this.#boxes.set(device, box)
    return box
  }

  /** Sums of the file as it is. */
  #load(): void {
    this.#boxes.clear()
    this.#messages = 0
    this.#filled = 0
    for (const row of this.#sql.allSums.iterate()) {
      const box = this.#boxOf(String(row["device"]))
      this.#count(box, Number(row["messages"]), Number(row["bytes"]))
      box.soonestMs = Number(row["soonest"])
    }
    for (const row of this.#sql.allIds.iterate()) this.#boxOf(String(row["device"])).ids = Number(row["ids"])
  }
}

/** A driver over a file that `SqliteFile` has opened; closing it closes the file. */
export const sqliteMailbox = (file: SqliteFile, options: SqliteMailboxOptions): Mailbox =>
  new SqliteMailbox(file, options)
