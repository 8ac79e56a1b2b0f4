/**
 * One person's device: a disk, a clock, and one process after another on them, each a whole `SecureChat` that may die
 * between any two steps. Everything a person sees goes into the history.
 */
import {
  type AccountId,
  type Conversation,
  SecureChat,
  SecureChatError,
  type Transport,
} from "@securechat/core"
import type { HistoryRecord, SentRecord, UnsafeSeeded } from "@securechat/testkit"
import { type OwnMessage, ownMessages } from "../../packages/core/test/support/own-messages.ts"
import { Eyes, called, recipientIn } from "./eyes.ts"
import { Disk, type DiskFaults, SOUND, storeOn } from "./disk.ts"
import { DeviceClock, type WorldTime } from "./time.ts"

/** What a device needs of its world. */
export interface Surroundings {
  readonly time: WorldTime
  readonly history: HistoryRecord[]
  /** In every text: nobody but the clients may see it. */
  readonly marker: string
  readonly transport: (who: string) => Transport
  /** What the network sees of a process that is gone. */
  readonly cut: (who: string) => void
  readonly note: (line: string) => void
  /** Something went wrong on purpose, or was seen. */
  readonly count: (what: string) => void
  /** Texts that somebody sent again by hand. */
  readonly retried: Set<string>
  /** Whose account it is; undefined: nobody's here. */
  readonly owner: (account: AccountId) => string | undefined
}

/** One process. */
export interface Life {
  alive: boolean
  readonly chat: SecureChat
  readonly conversations: Map<string, Conversation>
  /** Ends of the timers that would still fire. */
  readonly timers: Set<() => void>
  open: boolean
}

const codeOf = (error: unknown): string => (SecureChatError.is(error) ? error.code : String(error))

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class Device {
  readonly name: string
  readonly disk = new Disk()
  readonly clock: DeviceClock
  readonly eyes: Eyes
  faults: DiskFaults = SOUND
  readonly #random: UnsafeSeeded
  readonly #fate: UnsafeSeeded
  readonly #world: Surroundings
  readonly #counters = new Map<string, number>()
  #life: Life | undefined

  constructor(name: string, random: UnsafeSeeded, world: Surroundings) {
    this.name = name
    this.#random = random.fork(1)
    this.#fate = random.fork(2)
    this.#world = world
    this.clock = new DeviceClock(world.time)
    this.eyes = new Eyes(name, world)
  }

  /** Its own account id, once it has one; kept while nothing runs. */
  account: AccountId | undefined

  get chat(): SecureChat | undefined {
    return this.#life?.open === true ? this.#life.chat : undefined
  }

  // ── processes ────────────────────────────────────────────────────────────────────────────────

  boot(): void {
    if (this.#life !== undefined) return
    const { time } = this.#world
    const life: Mutable<Life> = {
      ...{ alive: true, open: false, timers: new Set(), conversations: new Map() },
      chat: undefined as unknown as SecureChat,
    }
    this.#life = life
    const after = (ms: number, work: () => void): (() => void) => {
      const cancel = time.after(ms, () => {
        life.timers.delete(cancel)
        work()
      })
      life.timers.add(cancel)
      return () => {
        life.timers.delete(cancel)
        cancel()
      }
    }
    const store = storeOn(this.disk, {
      ...{ time, random: this.#fate, faults: () => this.faults, alive: () => life.alive },
      die: () => {
        this.kill()
      },
      note: (line) => {
        this.#world.note(`${this.name} ${line}`)
      },
      count: this.#world.count,
    })
    const deps = { random: this.#random.random, nowMs: this.clock.nowMs }
    life.chat = new SecureChat(
      { user: this.name, transport: this.#transport(life), store },
      { deps, timers: { after } },
    )
    this.eyes.listen(life)
    life.chat.start().then(
      async () => {
        this.account = life.chat.accountId
        for (const one of await life.chat.conversations()) {
          this.eyes.keep(life, one)
          await this.eyes.readOn(life, one)
        }
        if (!life.alive) return
        life.open = true
        for (const one of life.conversations.values()) this.eyes.light(one.id, one.security)
      },
      (error: unknown) => {
        this.#world.note(`${this.name} did not start: ${codeOf(error)}`)
        if (this.#life === life) this.kill()
      },
    )
  }

  /** The process is gone between two steps: no answer of the disk reaches it, nothing it began goes on. */
  kill(): void {
    const life = this.#life
    if (life === undefined) return
    life.alive = false
    for (const cancel of life.timers) cancel()
    this.#life = undefined
    this.#world.note(`${this.name} dies`)
    this.#world.cut(this.name)
  }

  /** A clean end. */
  async close(): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    await life.chat.close()
    if (this.#life !== life) return
    life.alive = false
    this.#life = undefined
    this.eyes.tell({ kind: "size", what: "timers after its close", size: life.timers.size, limit: 0 })
  }

  /** Ends and begins a link so that what it does once it is dead reaches nobody. */
  #transport(life: Life): Transport {
    const inner = this.#world.transport(this.name)
    return {
      ...inner,
      connect: async (context) => {
        const connection = await inner.connect({
          ...context,
          onFrame: (frame) => {
            if (life.alive) context.onFrame(frame)
          },
        })
        return {
          get bufferedBytes() {
            return connection.bufferedBytes
          },
          send: (frame) => (life.alive ? connection.send(frame) : Promise.resolve()),
          close: (info) => (life.alive ? connection.close(info) : Promise.resolve()),
        }
      },
    }
  }

  // ── what a person does ───────────────────────────────────────────────────────────────────────

  /** Begins to write to somebody, or looks at what there is. */
  open(to: string): void {
    const life = this.#life
    life?.chat.direct(to).then(
      (one) => {
        if (life.alive) life.conversations.set(to, one)
      },
      (error: unknown) => {
        this.#world.note(`${this.name} no way to ${to}: ${codeOf(error)}`)
      },
    )
  }

  send(to: string, padding: string): void {
    const life = this.#life
    const conversation = life?.conversations.get(to)
    if (life?.open !== true || conversation === undefined) return
    // It may go by another name since: a person reads its title before writing.
    if (this.eyes.nameOf(conversation) !== to) {
      life.conversations.delete(to)
      return
    }
    const counter = (this.#counters.get(to) ?? 0) + 1
    this.#counters.set(to, counter)
    const text = `${this.#world.marker} ${this.name}>${to}#${counter} ${padding}`
    const record: Mutable<SentRecord> = {
      ...{ kind: "sent", actor: this.name, atMs: this.#world.time.nowMs, digest: text },
      ...{ sender: `${this.name}>${to}`, counter, to: [], allowed: [to] },
    }
    this.#world.history.push(record)
    conversation.send(text).then(
      ({ security, status = "queued" }) => {
        if (!life.alive) return
        const { subject } = security
        // Under another identity of that name it is nobody's loss but the one who accepted it.
        const whose = subject === undefined ? to : this.#world.owner(subject)
        record.to = whose === to ? [to] : []
        record.peer = conversation.id
        record.identity = subject ?? ""
        this.eyes.mine.set(text, { record, status: this.eyes.mine.get(text)?.status ?? status })
        this.#world.note(`${this.name} sent ${called(text)}`)
      },
      (error: unknown) => {
        this.#world.note(`${this.name} send refused: ${codeOf(error)}`)
      },
    )
  }

  read(from: string): void {
    this.#life?.conversations
      .get(from)
      ?.markRead()
      .catch(() => undefined)
  }
  typing(to: string): void {
    this.#life?.conversations.get(to)?.typing()
  }

  /** Is there a conversation to write in? */
  knows(peer: string): boolean {
    return this.#life?.conversations.has(peer) === true
  }
  /** Own messages that nobody has confirmed. */
  get waiting(): number {
    return this.chat?.getSnapshot().outbox ?? 0
  }
  /** Own messages, as the store has them. */
  ownMessages(): readonly OwnMessage[] {
    return ownMessages(this.disk.under(["message"]).map(([, bytes]) => bytes))
  }
  /** What a patient person does: begins and connects again, looks at what is red, accepts, starts over, sends what was held. */
  settle(): void {
    this.boot()
    if (this.eyes.offlineForGood) {
      this.eyes.offlineForGood = false
      void this.close().then(() => {
        this.boot()
      })
      return
    }
    for (const [peer, conversation] of this.#life?.conversations ?? [])
      if (this.chat !== undefined) this.#settle(peer, conversation)
  }
  #settle(peer: string, conversation: Conversation): void {
    const ignore = (): void => undefined
    const { level, action, subject } = conversation.security
    if (level === "red") {
      this.open(peer)
      if (action === "accept" && subject !== undefined) conversation.members[0]!.accept(subject).catch(ignore)
      else if (action === "reset") conversation.members[0]!.reset().catch(ignore)
      return
    }
    for (const [id, { status, text }] of this.eyes.statuses) {
      // What was written under another name is not for who stands behind this one now.
      if ((status !== "held" && status !== "failed") || recipientIn(text) !== peer) continue
      this.#world.retried.add(text)
      conversation.retry(id).then(({ security: { subject } }) => {
        // Again for whom the name stands for now, on a person's word: to the one before nothing is owed any more.
        const whose = subject === undefined ? peer : this.#world.owner(subject)
        const record = this.eyes.mine.get(text)?.record as Mutable<SentRecord> | undefined
        if (record !== undefined) record.to = whose === peer ? [peer] : []
      }, ignore)
    }
  }

  /** An older copy of the whole store is put back, with nothing running. */
  restore(picture: Parameters<Disk["putBack"]>[0], upTo: number): void {
    this.kill()
    this.disk.putBack(picture)
    this.eyes.forget(upTo)
  }
}
