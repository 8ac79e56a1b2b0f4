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

interface Item {
  readonly place: number
  readonly envelope: Uint8Array
  readonly expiresAtMs: number
}
interface Box {
  items: Item[]
  bytes: number
  /** Envelope id to when it may be forgotten, oldest first. */
  readonly ids: Map<string, number>
  /** When the first of the items expires. */
  soonestMs: number
}

const newBox = (): Box => ({ items: [], bytes: 0, ids: new Map(), soonestMs: Infinity })

const remember = (box: Box, id: string, untilMs: number): void => {
  box.ids.set(id, untilMs)
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
      this.#sweep()
      const box = this.#boxes.get(device) ?? newBox()
      const nowMs = this.#options.nowMs()
      this.#forget(box, nowMs)
      if (box.ids.has(id)) return "duplicate"
      const { messages, bytes, totalBytes, dedupMs } = this.#options
      if (box.items.length >= messages || box.bytes + envelope.length > bytes) return "full"
      if (this.#bytes + envelope.length > totalBytes) return "full"
      remember(box, id, nowMs + dedupMs)
      const expiresAtMs = expiresAt.getTime()
      box.items.push({ place: this.#next++, envelope: envelope.slice(), expiresAtMs })
      box.soonestMs = Math.min(box.soonestMs, expiresAtMs)
      this.#grow(box, envelope.length)
      this.#boxes.set(device, box)
      this.#watchers.wake(device)
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
      return box.items
        .slice(start, start + limit)
        .map((item) => ({ cursor: cursorAt(this.#epoch, item.place), envelope: item.envelope.slice() }))
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

  /** One synchronous step behind a promise, as a driver with a disk would need. */
  #answer<T>(step: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new SecureChatError("ERR_CLOSED", "the mailbox is closed"))
    return Promise.resolve(step())
  }

  #grow(box: Box, by: number): void {
    box.bytes += by
    this.#bytes += by
  }

  #deleteUpTo(box: Box, place: number): void {
    const kept = box.items.findIndex((item) => item.place > place)
    const gone = box.items.splice(0, kept === -1 ? box.items.length : kept)
    for (const item of gone) this.#grow(box, -item.envelope.length)
  }

  /** Drops what has expired, and ids whose time is over. */
  #forget(box: Box, nowMs: number): void {
    for (const [id, until] of box.ids) {
      if (until > nowMs) break
      box.ids.delete(id)
    }
    if (box.soonestMs > nowMs) return
    for (const item of box.items) if (item.expiresAtMs <= nowMs) this.#grow(box, -item.envelope.length)
    box.items = box.items.filter((item) => item.expiresAtMs > nowMs)
    box.soonestMs = box.items.reduce((soonest, item) => Math.min(soonest, item.expiresAtMs), Infinity)
  }

  /** Mailboxes of devices that never come back must not be kept for ever. */
  #sweep(): void {
    const nowMs = this.#options.nowMs()
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
