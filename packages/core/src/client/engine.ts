/**
 * The parts of the client, put together: one ledger, one connection, and what runs between them. The
 * public face is `client.ts`; each part knows the others only through `Context`.
 */
import type { Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { Connection } from "../runtime/connection.ts"
import { uniform } from "../runtime/backoff.ts"
import type { Link } from "../runtime/link.ts"
import { type Deferred, type Timers, deferred, onAbort } from "../runtime/timers.ts"
import type { ConnectionChange } from "../runtime/types.ts"
import { onWake } from "../runtime/wake.ts"
import type { AccountId, ConversationId, MessageId } from "../wire/address.ts"
import type { FrameOf } from "../wire/frame-types.ts"
import { Asking } from "./asking.ts"
import type { Context } from "./context.ts"
import { Decisions } from "./decisions.ts"
import { Inbox } from "./inbox.ts"
import { Ledger } from "./ledger.ts"
import { Lights } from "./lights.ts"
import { Names } from "./names.ts"
import type { Settings } from "./options.ts"
import { tellGaps } from "./open-gaps.ts"
import { Outbox } from "./outbox.ts"
import { Publisher } from "./publisher.ts"
import { markRead } from "./reading.ts"
import { ReceiptsOwed } from "./receipts.ts"
import type { MessageRecord } from "./records.ts"
import { type Login, Relay, type Unasked } from "./relay.ts"
import { reporter } from "./report.ts"
import { Sessions } from "./sessions.ts"
import { showRecord } from "./show.ts"
import { Telling } from "./telling.ts"
import { Typing } from "./typing.ts"
import { catchUp, keepHouse } from "./upkeep.ts"
import type { ChatEvents, Message, ReceiptEvent, Receipts, Unreadable } from "./types.ts"
import { Vault } from "./vault.ts"

export interface EngineHooks {
  emit<K extends keyof ChatEvents>(type: K, event: ChatEvents[K], conversation?: ConversationId): void
  /** Something a snapshot shows may have changed. */
  changed(): void
  readonly announce: (id: ConversationId) => void
  readonly forgotten: (id: ConversationId) => void
  /** The store is another's now. */
  readonly lost: (error: SecureChatError) => void
}

export class Engine {
  readonly settings: Settings
  readonly ledger: Ledger
  readonly vault: Vault
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
  readonly #asking: Asking
  readonly #publisher: Publisher
  readonly #hooks: EngineHooks
  readonly #timers: Timers
  readonly #deps: Deps
  readonly #telling: Telling
  readonly #report: (error: unknown) => void
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
    this.#report = reporter(settings.log, hooks, () => this.#open)
    this.ledger = new Ledger(settings.store, environment.deps)
    this.lights = new Lights(this.ledger, (change) => {
      hooks.emit("security", change, change.conversationId)
    })
    this.relay = this.#makeRelay()
    this.context = this.#makeContext()
    this.vault = new Vault(this.context, {
      lost: hooks.lost,
      stop: () => this.close(),
      loaded: async () => {
        await this.#telling.load()
        for (const one of this.ledger.conversations.values()) if (!one.stranger) tellGaps(this.context, one)
      },
      resume: this.start,
    })
    this.outbox = new Outbox(this.context)
    this.#telling = new Telling(this.context, this.outbox, () => {
      hooks.changed()
    })
    this.typing = new Typing(this.context)
    this.decisions = new Decisions(this.context)
    this.names = new Names(this.context)
    this.sessions = new Sessions(this.context)
    this.#asking = new Asking(this.context, this.sessions)
    this.#inbox = new Inbox(this.context, this.#asking)
    this.#receipts = new ReceiptsOwed(this.context)
    this.#publisher = new Publisher(this.context)
    this.connection = this.#makeConnection()
  }

  get isOpen(): boolean {
    return this.#open
  }
  /** @throws ERR_CLOSED, ERR_LOCKED */
  requireOpen(): void {
    this.vault.requireUnlocked()
    if (!this.#open) throw new SecureChatError("ERR_CLOSED", "not open", { hint: "Call start() first." })
  }
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Takes the store's lease and reads what it holds: since the last time, another tab may have written. */
  async load(): Promise<void> {
    await this.vault.open()
    this.lights.watch()
  }
  receiptsOf(id: ConversationId): ReadonlyMap<AccountId, Receipts> {
    return this.#telling.receiptsOf(id)
  }
  readonly start = (): void => {
    this.#open = true
    this.#controller = new AbortController()
    this.#cancelHousekeeping = keepHouse(this.context, () => this.#publisher.refresh())
    this.connection.start()
  }

  /** Never rejects; leaves no timer and no connection. */
  async close(): Promise<void> {
    this.#open = false
    this.#controller.abort(new SecureChatError("ERR_CLOSED", "closed"))
    this.#cancelHousekeeping()
    this.#stopTimers()
    await this.connection.close()
    await this.ledger.queue.idle()
    await this.#telling.idle()
    // Work that was under way may have set a timer again before it noticed.
    this.#stopTimers()
  }
  #stopTimers(): void {
    for (const part of [this.outbox, this.#receipts, this.#asking, this.typing]) part.stop()
  }

  show(id: ConversationId, record: MessageRecord): Message | Unreadable {
    const state = record.mine
      ? { status: this.outbox.statusOf(id, record), problem: this.outbox.problemOf(record) }
      : undefined
    return showRecord(this.ledger, id, record, { handle: this.settings.handle, state })
  }

  async markRead(id: ConversationId, upTo: MessageId | undefined): Promise<void> {
    await this.names.answer(id)
    await markRead(this.ledger, id, upTo)
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
      ...{ settings, ledger, lights, relay, deps: this.#deps, timers: this.#timers, report: this.#report },
      signal: () => this.signal,
      emit: (type, event, conversation) => {
        if (type === "message") {
          const message = event as Message
          this.typing.heard(message.conversationId, message.sender.accountId)
        }
        if (type === "receipt") this.#telling.moveCursor(event as ReceiptEvent)
        this.#hooks.emit(type, event, conversation)
      },
      ...{ announce: this.#hooks.announce, forgetting: new Set([this.#hooks.forgotten]) },
      changed: () => {
        this.#telling.changed()
      },
      show: (id, record) => this.show(id, record),
      pump: () => {
        this.outbox.pump()
      },
      settle: this.#settle,
      owe: (id) => {
        if (settings.receipts.delivered) this.#receipts.schedule(id)
      },
      toGo: (account) => this.outbox.toGo(this.ledger.deviceOf(account)),
      allOut: (id) => {
        for (const part of [this.#receipts, this.#asking]) part.goOn(id)
      },
      unconfirmed: (id, heard) => {
        this.#receipts.watch(id, heard)
      },
      givenUp: (id) => {
        this.#receipts.want(id)
      },
      sendAgain: (account, first, last) => {
        this.outbox.again(this.ledger.entriesTo(account), first, last)
      },
      ensureSession: async (id) => {
        if (relay.usable) await this.sessions.ensure(id)
      },
      lookUp: (id) => {
        void this.names.lookUp(id)
      },
      updated: (id, messages) => {
        this.#telling.updated(id, messages)
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
    const stop = deferred<never>()
    onAbort(link.signal, () => {
      stop.reject(link.signal.reason)
    })
    await Promise.race([this.#publisher.publish(login), stop.promise])
    if (handle !== undefined) await this.#publisher.setHandle(handle)
    await Promise.race([this.#caughtUp.promise, stop.promise])
    await this.ledger.queue.idle()
    if (link.signal.aborted) return
    this.outbox.online(login.resumed && hadCursor)
    this.#receipts.scheduleAll()
    this.#asking.scheduleAll()
    void catchUp(this.context, this.names, this.sessions)
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
        this.typing.receive(frame).catch(this.#report)
        return
      case "stock":
        this.#publisher.publish(frame).catch(this.#report)
    }
  }

  /** A delivery that could not be stored ends the link: later ones must not be acknowledged over it. */
  #deliver(frame: FrameOf<"deliver">): Promise<void> {
    const { link } = this.relay
    return this.#inbox
      .deliver(
        frame,
        () => link?.signal.aborted === false,
        (error) => link?.fail(error),
      )
      .catch(this.#report)
  }

  #onConnection(change: ConnectionChange): void {
    this.#hooks.emit("connection", change)
    if (change.error !== undefined && change.retryAt === undefined) this.#report(change.error)
    this.#telling.changed()
  }

  // ── consequences ─────────────────────────────────────────────────────────────────────────────

  /** The recipient has everything up to here. */
  readonly #settle: Context["settle"] = (change, account, upTo) => {
    for (const entry of this.ledger.entriesTo(account)) if (entry.sequence <= upTo) change.dropEntry(entry)
  }
}
