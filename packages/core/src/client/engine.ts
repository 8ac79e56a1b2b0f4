/**
 * The parts of the client, put together: one ledger, one connection, and what runs between them. The
 * public face is `client.ts`; each part knows the others only through `Context`.
 */
import { reduceDirect } from "../conversation/reduce.ts"
import type { Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { Connection } from "../runtime/connection.ts"
import { uniform } from "../runtime/backoff.ts"
import type { Link } from "../runtime/link.ts"
import { type Deferred, type Timers, deferred, onAbort } from "../runtime/timers.ts"
import type { ConnectionChange } from "../runtime/types.ts"
import { onWake } from "../runtime/wake.ts"
import { isTransient } from "../session/security.ts"
import { transition } from "../session/transition.ts"
import type { AccountId, ConversationId, MessageId } from "../wire/address.ts"
import type { FrameOf } from "../wire/frame-types.ts"
import type { Context } from "./context.ts"
import { Decisions } from "./decisions.ts"
import { Inbox } from "./inbox.ts"
import { Change, Ledger } from "./ledger.ts"
import { Lights } from "./lights.ts"
import { messageAt, placeOf } from "./messages.ts"
import { Names } from "./names.ts"
import type { Settings } from "./options.ts"
import { Outbox } from "./outbox.ts"
import { Publisher } from "./publisher.ts"
import { receiptsOf } from "./facts.ts"
import { readUpTo } from "./reading.ts"
import { ReceiptsOwed } from "./receipts.ts"
import type { MessageRecord } from "./records.ts"
import { type Login, Relay, type Unasked } from "./relay.ts"
import { Sessions } from "./sessions.ts"
import { showRecord } from "./show.ts"
import { Typing } from "./typing.ts"
import type { ChatEvents, Message, ReceiptEvent, Receipts, Unreadable } from "./types.ts"

export interface EngineHooks {
  emit<K extends keyof ChatEvents>(type: K, event: ChatEvents[K], conversation?: ConversationId): void
  /** Something a snapshot shows may have changed. */
  changed(): void
  announce(id: ConversationId): void
}

const HOUR_MS = 3_600_000
/** Statuses told last, so that none is told twice. */
const MAX_TOLD = 1_024

export class Engine {
  readonly settings: Settings
  readonly ledger: Ledger
  readonly lights: Lights
  readonly relay: Relay
  readonly connection: Connection
  readonly outbox: Outbox
  readonly typing: Typing
  readonly decisions: Decisions
  readonly names: Names
  readonly sessions: Sessions
  readonly context: Context
  readonly #inbox: Inbox
  readonly #receipts: ReceiptsOwed
  readonly #publisher: Publisher
  readonly #hooks: EngineHooks
  readonly #timers: Timers
  readonly #deps: Deps
  readonly #told = new Map<MessageId, string>()
  readonly #cursors = new Map<ConversationId, ReadonlyMap<AccountId, Receipts>>()
  #telling: Promise<void> = Promise.resolve()
  #counts = "0/0"
  #open = false
  #controller = new AbortController()
  #cancelHousekeeping: () => void = () => undefined
  #caughtUp: Deferred<void> = deferred()
  #login: Login | undefined

  constructor(settings: Settings, hooks: EngineHooks, environment: { deps: Deps; timers: Timers }) {
    this.settings = settings
    this.#hooks = hooks
    this.#deps = environment.deps
    this.#timers = environment.timers
    this.ledger = new Ledger(settings.store, environment.deps)
    this.lights = new Lights(this.ledger, (change) => {
      hooks.emit("security", change, change.conversationId)
    })
    this.relay = this.#makeRelay()
    this.context = this.#makeContext()
    this.outbox = new Outbox(this.context)
    this.typing = new Typing(this.context)
    this.decisions = new Decisions(this.context)
    this.names = new Names(this.context)
    this.sessions = new Sessions(this.context)
    this.#inbox = new Inbox(this.context)
    this.#receipts = new ReceiptsOwed(this.context)
    this.#publisher = new Publisher(this.context)
    this.connection = this.#makeConnection()
  }

  get isOpen(): boolean {
    return this.#open
  }
  /** @throws ERR_CLOSED */
  requireOpen(): void {
    if (!this.#open) throw new SecureChatError("ERR_CLOSED", "not open", { hint: "Call start() first." })
  }
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  async load(): Promise<void> {
    await this.ledger.load()
    for (const id of this.ledger.conversations.keys())
      this.#cursors.set(id, await receiptsOf(this.ledger, id))
    this.lights.watch()
  }
  receiptsOf(id: ConversationId): ReadonlyMap<AccountId, Receipts> {
    return this.#cursors.get(id) ?? new Map()
  }

  start(): void {
    this.#open = true
    this.#controller = new AbortController()
    this.#keepHouse()
    this.connection.start()
  }

  /** Never rejects; leaves no timer and no connection. */
  async close(): Promise<void> {
    this.#open = false
    this.#controller.abort(new SecureChatError("ERR_CLOSED", "closed"))
    this.#cancelHousekeeping()
    this.outbox.stop()
    this.#receipts.stop()
    this.typing.stop()
    await this.connection.close()
    await this.ledger.queue.idle()
    await this.#telling
    // Work that was under way may have set a timer again before it noticed.
    this.outbox.stop()
    this.#receipts.stop()
  }

  show(id: ConversationId, record: MessageRecord): Message | Unreadable {
    const state = record.mine
      ? { status: this.outbox.statusOf(id, record), problem: this.outbox.problemOf(record) }
      : undefined
    return showRecord(this.ledger, id, record, { handle: this.settings.handle, state })
  }

  async markRead(id: ConversationId, upTo: MessageId | undefined): Promise<void> {
    const { ledger } = this
    await this.names.answer(id)
    await ledger.queue.run(async () => {
      const read = await readUpTo(ledger, id, upTo)
      if (read === undefined) return
      const input = { type: "mark-read", deviceId: read.device, upTo: read.sequence } as const
      const [state] = reduceDirect(ledger.direct(id, read.account), input)
      await ledger.commit(new Change(ledger).setDirect(id, read.account, state))
    })
    this.context.changed()
    this.#receipts.schedule(id)
  }

  /** A person starts over: the mismatch is forgotten, and new keys are shown to the peer by using them. */
  async reset(id: ConversationId): Promise<void> {
    await this.decisions.reset(id)
    if (!this.relay.usable) return
    await this.sessions.renew(id)
    await this.#receipts.send(id, true)
  }

  // ── the pieces ───────────────────────────────────────────────────────────────────────────────

  #makeRelay(): Relay {
    return new Relay(
      {
        identity: () => this.ledger.identity,
        cursor: () => this.ledger.cursor,
        token: (reason) => this.#token(reason),
        onUnasked: (frame) => {
          this.#onUnasked(frame)
        },
      },
      this.#deps,
      this.#timers,
    )
  }

  async #token(reason: "connect" | "expired"): Promise<string | undefined> {
    const { token } = this.settings
    return typeof token === "function" ? token({ signal: this.signal, reason }) : token
  }

  #makeConnection(): Connection {
    const { transport, retry, log } = this.settings
    return new Connection({
      ...{ transport, retry, log, timers: this.#timers, nowMs: this.#deps.nowMs, onWake },
      handlers: {
        ...this.relay.handlers,
        login: async (link) => {
          this.#caughtUp = deferred()
          this.#login = await this.relay.login(link)
        },
        resume: (link) => this.#resume(link),
      },
      jitter: () => uniform(this.#deps.random),
      token: () => this.#token("connect"),
      onChange: (change) => {
        this.#onConnection(change)
      },
      onLost: (since) => {
        this.#hooks.emit("connection:lost", Object.freeze({ since }))
      },
    })
  }

  #makeContext(): Context {
    const { settings, ledger, lights, relay } = this
    return {
      ...{ settings, ledger, lights, relay, deps: this.#deps, timers: this.#timers },
      signal: () => this.signal,
      emit: (type, event, conversation) => {
        if (type === "message") {
          const message = event as Message
          this.typing.heard(message.conversationId, message.sender.accountId)
        }
        if (type === "receipt") this.#moveCursor(event as ReceiptEvent)
        this.#hooks.emit(type, event, conversation)
      },
      report: (error) => {
        this.#report(error)
      },
      changed: () => {
        this.#changed()
      },
      show: (id, record) => this.show(id, record),
      announce: (id) => {
        this.#hooks.announce(id)
      },
      pump: () => {
        this.outbox.pump()
      },
      settle: (change, id, account, upTo) => {
        this.#settle(change, id, account, upTo)
      },
      owe: (id) => {
        if (settings.receipts.delivered) this.#receipts.schedule(id)
      },
      ensureSession: async (id) => {
        if (relay.usable) await this.sessions.ensure(id)
      },
      lookUp: (id) => {
        void this.names.lookUp(id)
      },
      updated: (id, messages) => {
        this.#updated(id, messages)
      },
    }
  }

  // ── connection ───────────────────────────────────────────────────────────────────────────────

  /** Signed in: published, named, and everything that waited is stored. */
  async #resume(link: Link): Promise<void> {
    const login = this.#login
    const { handle } = this.settings
    const hadCursor = this.ledger.cursor.length > 0
    if (login === undefined) return
    const stop = new Promise<never>((_, reject) => {
      onAbort(link.signal, () => {
        reject(link.signal.reason as Error)
      })
    })
    stop.catch(() => undefined)
    await Promise.race([this.#publisher.publish(login), stop])
    if (handle !== undefined) await this.#publisher.setHandle(handle)
    await Promise.race([this.#caughtUp.promise, stop])
    await this.ledger.queue.idle()
    if (link.signal.aborted) return
    this.outbox.online(login.resumed && hadCursor)
    this.#receipts.scheduleAll()
    void this.#afterResume()
  }

  /** What may take longer than a person wants to wait for `online`. */
  async #afterResume(): Promise<void> {
    await this.names.recheck().catch((error: unknown) => {
      this.#report(error)
    })
    for (const { id } of this.ledger.conversations.values()) {
      const { level, reason } = this.lights.of(id)
      if (!this.relay.usable) return
      if (level === "red" && isTransient(reason))
        await this.sessions.ensure(id).catch((error: unknown) => {
          this.settings.log.info("no keys yet", { conversation: id, code: (error as SecureChatError).code })
        })
    }
  }

  #onUnasked(frame: Unasked): void {
    switch (frame.type) {
      case "deliver":
        void this.#deliver(frame)
        return
      case "caughtUp":
        this.#caughtUp.resolve()
        return
      case "signalled":
        this.typing.receive(frame).catch((error: unknown) => {
          this.#report(error)
        })
        return
      case "stock":
        this.#publisher.publish(frame).catch((error: unknown) => {
          this.#report(error)
        })
    }
  }

  /** A delivery that could not be stored ends the link: later ones must not be acknowledged over it. */
  async #deliver(frame: FrameOf<"deliver">): Promise<void> {
    const link = this.relay.link
    try {
      await this.#inbox.deliver(
        frame,
        () => link !== undefined && !link.signal.aborted,
        (error) => link?.fail(error),
      )
    } catch (error) {
      this.#report(error)
    }
  }

  #onConnection(change: ConnectionChange): void {
    this.#hooks.emit("connection", change)
    if (change.error !== undefined && change.retryAt === undefined) this.#report(change.error)
    this.#changed()
  }

  // ── consequences ─────────────────────────────────────────────────────────────────────────────

  #changed(): void {
    for (const id of this.lights.refresh()) {
      const { level, reason } = this.lights.of(id)
      const waiting = this.ledger.entries().filter((entry) => entry.conversationId === id)
      if (level === "red" && !isTransient(reason))
        this.outbox.hold(id).then(
          () => {
            this.#updated(
              id,
              waiting.map((entry) => entry.messageId),
            )
          },
          (error: unknown) => {
            this.#report(error)
          },
        )
      else
        this.#updated(
          id,
          waiting.map((entry) => entry.messageId),
        )
      if (level !== "red") this.outbox.pump()
    }
    const counts = this.outbox.counts
    const shown = `${counts.size}/${counts.held}`
    if (shown !== this.#counts) {
      this.#counts = shown
      this.#hooks.emit("outbox", Object.freeze(counts))
    }
    this.#hooks.changed()
  }

  /** The recipient has everything up to here. */
  #settle(change: Change, id: ConversationId, account: AccountId, upTo: number): void {
    for (const entry of this.ledger.entries())
      if (entry.conversationId === id && entry.account === account && entry.sequence <= upTo)
        change.dropEntry(entry)
  }

  #moveCursor({ conversationId, accountId, type, upTo }: ReceiptEvent): void {
    const before = this.receiptsOf(conversationId)
    const moved = type === "read" ? { readUpTo: upTo } : { deliveredUpTo: upTo }
    const cursors = Object.freeze({ ...before.get(accountId), ...moved })
    this.#cursors.set(conversationId, new Map(before).set(accountId, cursors))
  }

  /** Tells how own messages stand now, one after another and each status once. */
  #updated(id: ConversationId, messages: readonly MessageId[]): void {
    if (messages.length === 0) return
    this.#telling = this.#telling
      .then(async () => {
        for (const message of messages) await this.#tellStatus(id, message)
      })
      .catch((error: unknown) => {
        this.#report(error)
      })
  }
  async #tellStatus(id: ConversationId, message: MessageId): Promise<void> {
    const { store } = this.ledger
    const place = await placeOf(store, id, message, true)
    const record = place === undefined ? undefined : await messageAt(store, id, place)
    if (record === undefined) return
    const shown = this.show(id, record) as Message
    if (this.#told.get(message) === shown.status || shown.status === undefined) return
    this.#told.delete(message)
    this.#told.set(message, shown.status)
    const oldest = this.#told.size > MAX_TOLD ? this.#told.keys().next().value : undefined
    if (oldest !== undefined) this.#told.delete(oldest)
    this.#hooks.emit("message:updated", shown, id)
  }

  #report(error: unknown): void {
    if (!this.#open) return
    const known = SecureChatError.is(error)
      ? error
      : new SecureChatError("ERR_INTERNAL", "an unexpected failure", { cause: error })
    // Who asked was told already; a connection that comes and goes has its own event.
    if (SecureChatError.is(known, "ERR_TRANSPORT_CLOSED", "ERR_CLOSED")) return
    this.settings.log.warn(known.message, { code: known.code })
    this.#hooks.emit("error", known)
  }

  /** Sessions and prekeys age. */
  #keepHouse(): void {
    this.#cancelHousekeeping = this.#timers.after(HOUR_MS, () => {
      this.#age().catch((error: unknown) => {
        this.#report(error)
      })
      if (this.#open) this.#keepHouse()
    })
  }
  async #age(): Promise<void> {
    const { ledger } = this
    await ledger.queue.run(async () => {
      const change = new Change(ledger)
      for (const { account, device, link } of ledger.links()) {
        const [next] = transition(link, { type: "tick" }, this.#deps)
        if (next !== link) change.setLink(account, device, next)
      }
      ledger.prekeys.forget(this.#deps.nowMs(), change.batch)
      await ledger.commit(change)
    })
    this.#changed()
    if (this.relay.usable) await this.#publisher.refresh()
  }
}
