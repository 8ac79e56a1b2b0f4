/** Mailboxes in Redis Streams, for several relays: one script per append, `XTRIM MINID` for an ack. relay.md §7, §10 */
import { MAX_IDS, SWEEP_MS } from "../mailbox/limits.ts"
import type { MailItem, MailPlace, Mailbox } from "../mailbox/mailbox.ts"
import { Watchers } from "../mailbox/watchers.ts"
import { toText } from "../relay/text.ts"
import { TurnBatch } from "./batch.ts"
import { KEYS } from "./keys.ts"
import { type Argument, type RedisLink, isOutOfMemory } from "./link.ts"
import { ACK, APPEND, DROP, EXPIRE, NEWS, RESUME, SWEEP } from "./mailbox-scripts.ts"

export interface RedisMailboxOptions {
  /** Clock of a test; without it what expires is Redis' own clock's word, one for all relays. */
  readonly nowMs?: (() => number) | undefined
  readonly random: (length: number) => Uint8Array
  /** Name of this relay, for the routes. */
  readonly relay: string
  readonly messages: number
  readonly bytes: number
  readonly dedupMs: number
}

type Entry = readonly [
  id: Buffer,
  fields: readonly [e: Buffer, envelope: Buffer, x: Buffer, expiresMs: Buffer],
]

const CURSOR = /^([0-9a-f]{32})\.(\d{1,14}-\d{1,14})$/
const cursorOf = (epoch: string, id: string): string => `${epoch}.${id}`
const idIn = (epoch: string, cursor: string): string | undefined => {
  const match = CURSOR.exec(cursor)
  return match?.[1] === epoch ? match[2] : undefined
}

/** What one script does at once: Redis serves others in between. */
const APPENDS_AT_ONCE = 64
const ACKS_AT_ONCE = 256

interface Append {
  readonly device: string
  readonly envelope: Uint8Array
  readonly id: string
  readonly expiresMs: number
}
interface Ack {
  readonly device: string
  readonly id: string
}

class RedisMailbox implements Mailbox {
  readonly #link: RedisLink
  readonly #options: RedisMailboxOptions
  readonly #watchers = new Watchers()
  /** As read with this connection: a Redis that began anew has another. */
  #epoch: Promise<string> | undefined
  /** The same, once it was read. */
  #epochNow: string | undefined
  #sweptAtMs = 0
  readonly #appends = new TurnBatch(APPENDS_AT_ONCE, (all: readonly Append[]) => this.#append(all))
  readonly #acks = new TurnBatch(ACKS_AT_ONCE, (all: readonly Ack[]) => this.#ack(all))

  constructor(link: RedisLink, options: RedisMailboxOptions) {
    this.#link = link
    this.#options = options
    link.onConnect(() => {
      this.#epoch = undefined
      this.#epochNow = undefined
    })
  }

  append: Mailbox["append"] = (device, envelope, { id, expiresAt }) => {
    this.#sweep()
    return this.#appends.add({ device, envelope, id, expiresMs: expiresAt.getTime() })
  }

  resume: Mailbox["resume"] = async (device, cursor): Promise<MailPlace> => {
    const id = await this.#idOf(cursor)
    const backlog = await this.#link.call<number>(RESUME, [], this.#arguments(device, id))
    return { resumed: id !== undefined, after: id === undefined ? "" : cursor, backlog }
  }

  read: Mailbox["read"] = async (device, { after, limit }): Promise<readonly MailItem[]> => {
    const id = after === undefined || after === "" ? undefined : await this.#idOf(after)
    const from = id === undefined ? "-" : `(${id}`
    const stream = KEYS.stream(device)
    const entries = await this.#link.command<readonly Entry[]>("XRANGE", stream, from, "+", "COUNT", limit)
    const nowMs = this.#options.nowMs?.() ?? Date.now()
    if (entries.some(([, fields]) => Number(fields[3]) <= nowMs)) {
      await this.#link.call(EXPIRE, [], this.#arguments(device, ""))
      return this.#items(
        await this.#link.command<readonly Entry[]>("XRANGE", stream, from, "+", "COUNT", limit),
      )
    }
    return this.#items(entries)
  }

  ack: Mailbox["ack"] = async (device, upTo) => {
    // Within this turn where the epoch is known: then all acks of the turn are one call.
    const id = this.#epochNow === undefined ? await this.#idOf(upTo) : idIn(this.#epochNow, upTo)
    if (id !== undefined) await this.#acks.add({ device, id })
  }

  drop: Mailbox["drop"] = async (device) => {
    await this.#link.call(DROP, [], [device])
  }

  watch: Mailbox["watch"] = (device, onMail) => this.#watchers.watch(device, onMail)

  news: NonNullable<Mailbox["news"]> = async (places) => {
    const given: string[] = []
    for (const { device, after } of places) given.push(device, (await this.#idOf(after)) ?? "")
    return (await this.#link.call<readonly Buffer[]>(NEWS, [], given)).map((device) => String(device))
  }

  counts: Mailbox["counts"] = async () => {
    const [mailboxes, messages] = await Promise.all([
      this.#link.command<number>("ZCARD", KEYS.boxes),
      this.#link.command<Buffer | null>("GET", KEYS.messages),
    ])
    return { mailboxes, messages: Number(messages ?? 0) }
  }

  close: Mailbox["close"] = () => {
    this.#watchers.clear()
    return this.#link.close()
  }

  async #append(all: readonly Append[]): Promise<readonly ("stored" | "duplicate" | "full")[]> {
    const { messages, bytes, dedupMs, relay } = this.#options
    const given: Argument[] = [this.#now, messages, bytes, dedupMs, MAX_IDS, relay]
    for (const { device, envelope, id, expiresMs } of all) given.push(device, envelope, id, expiresMs)
    try {
      const results = await this.#link.call<readonly Buffer[]>(APPEND, [], given)
      return results.map((result, index) => this.#appended(all[index] as Append, result.toString("latin1")))
    } catch (error) {
      // Refused with the first write, before anything was stored.
      if (isOutOfMemory(error)) return all.map(() => "full")
      throw error
    }
  }

  #appended({ device, envelope }: Append, result: string): "stored" | "duplicate" | "full" {
    if (result === "duplicate" || result === "full") return result
    const epoch = this.#epochNow
    if (epoch === undefined) this.#watchers.wake(device)
    else if (this.#watchers.has(device)) {
      const [place = "", before = ""] = result.split(" ")
      const follows = before === "" ? "" : cursorOf(epoch, before)
      this.#watchers.wake(device, { cursor: cursorOf(epoch, place), envelope, follows })
    }
    return "stored"
  }

  async #ack(all: readonly Ack[]): Promise<readonly undefined[]> {
    await this.#link.call(
      ACK,
      [],
      all.flatMap(({ device, id }) => [device, id]),
    )
    return all.map(() => undefined)
  }

  get #now(): string | number {
    return this.#options.nowMs?.() ?? ""
  }

  #arguments(device: string, id: string | undefined): readonly (string | number)[] {
    return [this.#now, device, id ?? "", this.#options.dedupMs]
  }

  async #items(entries: readonly Entry[]): Promise<readonly MailItem[]> {
    const epoch = await this.#currentEpoch()
    return entries.map(([id, fields]) => ({ cursor: cursorOf(epoch, id.toString()), envelope: fields[1] }))
  }

  async #idOf(cursor: string): Promise<string | undefined> {
    return idIn(await this.#currentEpoch(), cursor)
  }

  async #currentEpoch(): Promise<string> {
    const reading = (this.#epoch ??= this.#readEpoch())
    try {
      const epoch = await reading
      if (this.#epoch === reading) this.#epochNow = epoch
      return epoch
    } catch (error) {
      // A Redis that is still loading will answer later, on the same connection.
      if (this.#epoch === reading) this.#epoch = undefined
      throw error
    }
  }

  /** Looked for before it is made: a Redis without memory refuses to write, and still has the one it had. */
  async #readEpoch(): Promise<string> {
    const read = (): Promise<Buffer | null> => this.#link.command("GET", KEYS.epoch)
    const kept = await read()
    if (kept !== null) return kept.toString()
    await this.#link.command("SET", KEYS.epoch, toText(this.#options.random(16)), "NX")
    return String(await read())
  }

  #sweep(): void {
    const nowMs = this.#options.nowMs?.() ?? Date.now()
    if (nowMs - this.#sweptAtMs < SWEEP_MS) return
    this.#sweptAtMs = nowMs
    this.#link.call(SWEEP, [], this.#arguments("", "")).catch(() => undefined)
  }
}

/** A driver over a link, which closes with it. */
export const redisMailbox = (link: RedisLink, options: RedisMailboxOptions): Mailbox =>
  new RedisMailbox(link, options)
