/** What was promised, shown and kept in a run: a history for the HistoryChecker, and the sum of it. */
import { type HistoryRecord, type SentRecord, checkHistory } from "@securechat/testkit"

interface Parsed {
  readonly sender: string
  readonly peer: string
  readonly counter: number
}
export const parsed = (text: string): Parsed => {
  const [, sender = "", peer = "", counter = ""] = /^(\w+>(\w+))#(\d+) $/.exec(text) ?? []
  return { sender, peer, counter: Number(counter) }
}

export class Record {
  readonly history: HistoryRecord[] = []
  promised = 0
  shown = 0
  /** Shown, and marked as late. */
  late = 0
  /** Numbers named as missing when a later message came. */
  missing = 0
  unreadable = 0
  readonly #sent = new Map<string, { -readonly [K in keyof SentRecord]: SentRecord[K] }>()
  readonly #shown = new Set<string>()
  /** Shown before their sender was heard to send them: two pipes are read in either order, and the earlier line may come second. */
  readonly #ahead = new Set<string>()
  /** Promised and not shown. */
  readonly #open = new Set<string>()
  readonly #kept = new Map<string, number>()

  /** Messages on their way. */
  get inFlight(): number {
    return this.#open.size
  }

  sending(actor: string, text: string): void {
    if (!this.#ahead.delete(text)) this.#sending(actor, text)
  }
  #sending(actor: string, text: string): void {
    const { sender, peer, counter } = parsed(text)
    const record: SentRecord = {
      ...{ kind: "sent", actor, atMs: Date.now(), sender, counter },
      ...{ digest: text, to: [], allowed: [peer] },
    }
    this.#sent.set(text, record)
    this.history.push(record)
  }
  promise(text: string): void {
    const record = this.#sent.get(text)
    if (record === undefined) throw new Error(`${text} was promised and never sent`)
    record.to = record.allowed ?? []
    this.promised += 1
    if (!this.#shown.has(text)) this.#open.add(text)
  }
  show(actor: string, text: string, marked: boolean): void {
    const { sender, counter } = parsed(text)
    if (!this.#sent.has(text)) {
      this.#ahead.add(text)
      this.#sending(sender.slice(0, sender.indexOf(">")), text)
    }
    this.#shown.add(text)
    this.#open.delete(text)
    this.shown += 1
    if (marked) this.late += 1
    const what = { sender, counter, digest: text, marked }
    this.history.push({ kind: "delivered", actor, atMs: Date.now(), ...what })
  }
  /** An app shows what its store holds: what was stored and not told before a kill among it. */
  stored(actor: string, text: string, marked: boolean): void {
    if (!this.#shown.has(text)) this.show(actor, text, marked)
  }
  kept(text: string): void {
    this.#kept.set(text, (this.#kept.get(text) ?? 0) + 1)
  }
  quiet(): void {
    this.history.push({ kind: "quiet", actor: "run", atMs: Date.now() })
  }

  /** The oldest messages on their way, one of each sender. */
  waitingFor(): readonly string[] {
    const first = new Map<string, string>()
    for (const text of this.#open) {
      const { sender } = parsed(text)
      if (!first.has(sender)) first.set(sender, text)
    }
    return [...first.values()].map((text) => {
      const behind = [...this.#open].filter((one) => parsed(one).sender === parsed(text).sender).length
      return `${parsed(text).peer} waits for ${text}and ${behind - 1} behind it`
    })
  }

  /** Shown, and their sender never said that it sends them. */
  get invented(): readonly string[] {
    return [...this.#ahead]
  }
  /** Of the promised messages, those not in their recipient's store, and those that are there twice. */
  get store(): { readonly lost: number; readonly twice: number } {
    const promised = [...this.#sent.values()].filter(({ to }) => to.length > 0)
    return {
      lost: promised.filter(({ digest }) => !this.#kept.has(digest)).length,
      twice: [...this.#kept.values()].filter((times) => times > 1).length,
    }
  }
  /** Violations of the checker by what they mean to a person. */
  get broken(): Readonly<{ lost: number; twice: number; reordered: number; other: number }> {
    const found = checkHistory(this.history)
    const count = (invariant: string): number => found.filter((one) => one.invariant === invariant).length
    const [lost, twice, reordered] = [count("I5"), count("I3"), count("I4")]
    return { lost, twice, reordered, other: found.length - lost - twice - reordered + this.#ahead.size }
  }
}
