/** What a person sees of a chat, written into the history as it is shown. */
import {
  type AccountId,
  type Conversation,
  type Message,
  SecureChatError,
  type SecurityStatus,
} from "@securechat/core"
import type { HistoryRecord, SentRecord } from "@securechat/testkit"
import type { Life, Surroundings } from "./device.ts"

type DistributiveOmit<T, K extends keyof T> = T extends unknown ? Omit<T, K> : never

const numberIn = (text: string): number => Number(/#(\d+) /.exec(text)?.[1] ?? NaN)
export const recipientIn = (text: string): string | undefined => />(\w+)#/.exec(text)?.[1]
/** What a trace calls a text. */
export const called = (text: string): string => /\w+>\w+#\d+/.exec(text)?.[0] ?? "a foreign text"

export class Eyes {
  readonly name: string
  /** Texts the person was told are sent for good, with where they stand. */
  readonly mine = new Map<string, { readonly record: SentRecord; status: string }>()
  /** Where own messages stand, by id. */
  readonly statuses = new Map<string, { readonly status: string; readonly text: string }>()
  restored = false
  /** When the person last learned that an older store was put back, by the conversation whose peer showed it. */
  readonly #toldPutBack = new Map<string, number>()
  readonly #world: Surroundings
  /** What it was told is missing: of whom, and its numbers in that sender's own order. */
  readonly gaps: { readonly from: string; readonly first: number; readonly last: number }[] = []
  /** Told that trying again is pointless: only a person's word begins it again. */
  offlineForGood = false
  /** Texts of others that were shown. */
  readonly #seen = new Set<string>()
  /** Where messages of others were shown, by id, the latest last, and behind how many records. */
  readonly #places = new Map<string, readonly { readonly conversation: string; readonly at: number }[]>()

  constructor(name: string, world: Surroundings) {
    this.name = name
    this.#world = world
  }

  /** An older copy of the store was put back. */
  forget(upTo: number): void {
    this.restored = true
    this.#toldPutBack.clear()
    this.#seen.clear()
    for (const [id, all] of this.#places)
      this.#places.set(
        id,
        all.filter(({ at }) => at <= upTo),
      )
    const { history } = this.#world
    for (const one of history.slice(0, upTo + 1))
      if (one.kind === "delivered" && one.actor === this.name) this.#seen.add(one.digest)
    this.tell({ kind: "restored", upTo })
    for (const [text, { record }] of this.mine) if (history.indexOf(record) > upTo) this.mine.delete(text)
  }

  /** Could it know that its numbers in this conversation are old? One peer's word is no reason to give up the sessions with others. */
  knewPutBack(conversation: string, atMs: number): boolean {
    return atMs > (this.#toldPutBack.get(conversation) ?? Infinity)
  }

  listen(life: Life): void {
    const { chat } = life
    const heard =
      <T>(work: (event: T) => void) =>
      (event: T): void => {
        if (life.alive) work(event)
      }
    chat.on(
      "connection",
      heard(({ state, retryAt }) => {
        this.offlineForGood = state === "offline" && retryAt === undefined
      }),
    )
    chat.on(
      "conversation",
      heard((one: Conversation) => {
        this.keep(life, one)
      }),
    )
    chat.on(
      "message",
      heard((message: Message) => {
        this.#shown(message)
      }),
    )
    chat.on(
      "message:updated",
      heard(({ id, text = "", status = "queued" }: Message) => {
        this.statuses.set(id, { status, text })
        const own = this.mine.get(text)
        if (own !== undefined) own.status = status
        this.#world.note(`${this.name} ${called(text)} ${status}`)
      }),
    )
    chat.on(
      "message:unreadable",
      heard(({ problem }) => {
        this.#saw("unreadable")
        this.#world.note(`${this.name} cannot read ${problem.code}`)
      }),
    )
    chat.on(
      "gap",
      heard(({ accountId, first, last }) => {
        this.#saw("gap")
        this.gaps.push({ from: this.#world.owner(accountId) ?? accountId, first, last })
        this.#world.note(`${this.name} misses ${first} to ${last} of ${accountId}`)
      }),
    )
    chat.on(
      "security",
      heard(({ conversationId = "", status }) => {
        this.light(conversationId, status)
      }),
    )
    chat.on(
      "error",
      heard((error: SecureChatError) => {
        this.#world.note(`${this.name} error ${error.code}`)
        if (error.details?.["cause"] !== "rollback") return
        this.#saw("rollback")
        this.#toldPutBack.set(String(error.details["conversation"]), this.#world.time.nowMs)
      }),
    )
  }

  keep(life: Life, one: Conversation): void {
    const name = this.nameOf(one)
    if (name !== undefined) life.conversations.set(name, one)
  }
  /** Whom one writes to there; undefined: the conversation has gone over into another. */
  nameOf(one: Conversation): string | undefined {
    try {
      return this.#world.owner(one.members[0]!.accountId) ?? one.title
    } catch (error) {
      if (SecureChatError.is(error, "ERR_CONVERSATION_NOT_FOUND")) return undefined
      throw error
    }
  }

  /** An app shows what the store holds: what was stored and not told before its process died among it. */
  async readOn(life: Life, one: Conversation): Promise<void> {
    const stored = new Set<string>()
    for await (const entry of one.history()) {
      if (!life.alive) return
      if (!("security" in entry) || entry.mine) continue
      const { text = "" } = entry
      if (stored.has(text) || !this.#seen.has(text)) this.#shown(entry)
      stored.add(text)
    }
  }

  #shown({ id, text = "", sender, conversationId, reordered }: Message): void {
    // What a stranger wrote moves, once a person has accepted that this is who the name stands for.
    // It does so again where a copy of before that is put back (seed 6857).
    const all = this.#places.get(id) ?? []
    const before = all.at(-1)?.conversation
    this.#places.set(id, [...all, { conversation: conversationId, at: this.#world.history.length }])
    if (before !== undefined && before !== conversationId) return
    const from = this.#world.owner(sender.accountId) ?? "nobody here"
    // Whom it was for is what its sender wrote into it: what reaches somebody else is seen.
    const ref = { sender: `${from}>${recipientIn(text) ?? this.name}`, counter: numberIn(text) }
    // What was sent again on its sender's word has its place where it was sent again.
    if (reordered !== undefined) this.#saw("late message")
    const marked = reordered !== undefined || this.#world.retried.has(text)
    this.#seen.add(text)
    const identity = { peer: conversationId, identity: sender.accountId }
    this.tell({ kind: "delivered", ...ref, digest: text, marked, ...identity })
  }

  light(peer: string, { level, subject, reason }: SecurityStatus): void {
    if (reason === "identity-changed") this.#saw("identity change")
    if (subject === undefined) return
    // Only these speak of the identity: a red for want of keys is no warning.
    const warns = reason === "identity-changed" || reason === "verification-violation"
    this.tell({
      kind: "security",
      peer,
      level: level === "red" && !warns ? "yellow" : level,
      identity: subject,
    })
  }

  #saw(what: string): void {
    this.#world.count(`${what} seen`)
  }
  tell(record: DistributiveOmit<HistoryRecord, "actor" | "atMs">): void {
    const whole = { ...record, actor: this.name, atMs: this.#world.time.nowMs } as HistoryRecord
    this.#world.history.push(whole)
    const text = "digest" in record ? called(record.digest) : ""
    const level = record.kind === "security" ? record.level : ""
    const whose =
      "identity" in record ? (this.#world.owner(record.identity as AccountId) ?? "a foreign identity") : ""
    this.#world.note([this.name, record.kind, text, level, whose].filter((word) => word !== "").join(" "))
  }
}
