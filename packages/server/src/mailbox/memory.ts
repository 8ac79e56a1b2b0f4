/**
 * Mailboxes in memory: durable against nothing, for trying out and for tests. The epoch is new with
 * every start, so that a cursor from before is recognised and the gap is named.
 */
import { SecureChatError } from "@securechat/core/errors"
import { toText } from "../relay/text.ts"
import { cursorAt, placeOf } from "./cursor.ts"
import { MAX_IDS, SWEEP_MS } from "./limits.ts"
import type { MailItem, MailPlace, Mailbox } from "./mailbox.ts"
import { Watchers } from "./watchers.ts"

export interface MemoryMailboxOptions {
  readonly nowMs: () => number
  /** 16 random bytes. */
  readonly epoch: Uint8Array
  readonly messages: number
  readonly bytes: number
  /** Of all mailboxes together. */
  readonly totalBytes: number
  readonly dedupMs: number
}

interface Item extends MailItem {
  readonly place: number
  readonly expiresAtMs: number
}
interface Box {
  items: Item[]
  bytes: number
  /** Envelope id to when it may be forgotten, oldest first. */
  readonly ids: Map<string, number>
  /** When the first of the items expires, and the first of the ids may be forgotten. */
  soonestMs: number
  oldestIdMs: number
  /** Of the newest item there ever was, kept or not; empty: there was none. */
  newest: string
}

const newBox = (): Box => ({
  items: [],
  bytes: 0,
  ids: new Map(),
  soonestMs: Infinity,
  oldestIdMs: Infinity,
  newest: "",
})

const remember = (box: Box, id: string, untilMs: number): void => {
  box.ids.set(id, untilMs)
  // Ids never come with an earlier time than those before, unless the clock went back.
  box.oldestIdMs = Math.min(box.oldestIdMs, untilMs)
  const oldest = box.ids.size > MAX_IDS ? box.ids.keys().next().value : undefined
  if (oldest !== undefined) box.ids.delete(oldest)
}

class MemoryMailbox implements Mailbox {
  readonly #options: MemoryMailboxOptions
  readonly #epoch: string
  readonly #boxes = new Map<string, Box>()
  readonly #watchers = new Watchers()
  #bytes = 0
  /** Shared by all mailboxes: an emptied and forgotten one must not begin again below an old cursor. */
  #next = 1
  #sweptAtMs: number
  #closed = false

  constructor(options: MemoryMailboxOptions) {
    this.#options = options
    this.#epoch = toText(options.epoch)
    this.#sweptAtMs = options.nowMs()
  }

  append: Mailbox["append"] = (device, envelope, { id, expiresAt }) =>
    this.#answer(() => {
      const nowMs = this.#options.nowMs()
      this.#sweep(nowMs)
      const box = this.#boxes.get(device) ?? newBox()
      this.#forget(box, nowMs)
      if (box.ids.has(id)) return "duplicate"
      const { messages, bytes, totalBytes, dedupMs } = this.#options
      if (box.items.length >= messages || box.bytes + envelope.length > bytes) return "full"
      if (this.#bytes + envelope.length > totalBytes) return "full"
      remember(box, id, nowMs + dedupMs)
      const expiresAtMs = expiresAt.getTime()
      const cursor = cursorAt(this.#epoch, this.#next)
      const follows = box.newest
      box.items.push({ place: this.#next++, cursor, envelope, expiresAtMs })
      box.newest = cursor
      box.soonestMs = Math.min(box.soonestMs, expiresAtMs)
      this.#grow(box, envelope.length)
      this.#boxes.set(device, box)
      this.#watchers.wake(device, { cursor, envelope, follows })
      return "stored"
    })

  resume: Mailbox["resume"] = (device, cursor) =>
    this.#answer((): MailPlace => {
      const place = placeOf(this.#epoch, cursor)
      const box = this.#boxes.get(device)
      if (box === undefined)
        return { resumed: place !== undefined, after: place === undefined ? "" : cursor, backlog: 0 }
      this.#forget(box, this.#options.nowMs())
      if (place !== undefined) this.#deleteUpTo(box, place)
      return {
        resumed: place !== undefined,
        after: place === undefined ? "" : cursor,
        backlog: box.items.length,
      }
    })

  read: Mailbox["read"] = (device, { after, limit }) =>
    this.#answer((): readonly MailItem[] => {
      const box = this.#boxes.get(device)
      if (box === undefined) return []
      this.#forget(box, this.#options.nowMs())
      const from = placeOf(this.#epoch, after ?? "") ?? 0
      const start = box.items.findIndex((item) => item.place > from)
      if (start === -1) return []
      return box.items.slice(start, start + limit)
    })

  ack: Mailbox["ack"] = (device, upTo) =>
    this.#answer(() => {
      const box = this.#boxes.get(device)
      const place = placeOf(this.#epoch, upTo)
      if (box !== undefined && place !== undefined) this.#deleteUpTo(box, place)
    })

  drop: Mailbox["drop"] = (device) =>
    this.#answer(() => {
      this.#bytes -= this.#boxes.get(device)?.bytes ?? 0
      this.#boxes.delete(device)
    })

  watch: Mailbox["watch"] = (device, onMail) => this.#watchers.watch(device, onMail)

  counts: Mailbox["counts"] = () => {
    const filled = [...this.#boxes.values()].filter((box) => box.items.length > 0)
    return { mailboxes: filled.length, messages: filled.reduce((sum, box) => sum + box.items.length, 0) }
  }

  close: Mailbox["close"] = () => {
    this.#closed = true
    this.#boxes.clear()
    this.#watchers.clear()
    return Promise.resolve()
  }

  #answer<T>(step: () => T): T | Promise<T> {
    return this.#closed ? Promise.reject(new SecureChatError("ERR_CLOSED", "the mailbox is closed")) : step()
  }

  #grow(box: Box, by: number): void {
    box.bytes += by
    this.#bytes += by
  }

  #deleteUpTo(box: Box, place: number): void {
    let gone = 0
    for (const item of box.items) {
      if (item.place > place) break
      this.#grow(box, -item.envelope.length)
      gone += 1
    }
    if (gone === box.items.length) box.items = []
    else box.items.splice(0, gone)
  }

  /** Drops what has expired, and ids whose time is over. */
  #forget(box: Box, nowMs: number): void {
    if (box.oldestIdMs <= nowMs) {
      box.oldestIdMs = Infinity
      for (const [id, until] of box.ids) {
        if (until > nowMs) {
          box.oldestIdMs = until
          break
        }
        box.ids.delete(id)
      }
    }
    if (box.soonestMs > nowMs) return
    for (const item of box.items) if (item.expiresAtMs <= nowMs) this.#grow(box, -item.envelope.length)
    box.items = box.items.filter((item) => item.expiresAtMs > nowMs)
    box.soonestMs = box.items.reduce((soonest, item) => Math.min(soonest, item.expiresAtMs), Infinity)
  }

  /** Mailboxes of devices that never come back must not be kept for ever. */
  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < SWEEP_MS) return
    this.#sweptAtMs = nowMs
    for (const [device, box] of this.#boxes) {
      this.#forget(box, nowMs)
      if (box.items.length === 0 && box.ids.size === 0) this.#boxes.delete(device)
    }
  }
}

/** A driver over nothing but memory. */
export const memoryMailbox = (options: MemoryMailboxOptions): Mailbox => new MemoryMailbox(options)
