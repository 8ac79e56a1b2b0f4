/**
 * SecureChat, the second door: accounts, conversations and offline delivery over a relay. A thin public
 * face on `Engine`; here are its life (start, close, start again), its events and its snapshot.
 */
import { type Deps, platformDeps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { CONNECT_TIMEOUT_MS } from "../limits.ts"
import { Emitter, type EmitterHooks } from "../runtime/emitter.ts"
import { type Timers, aborted, orAborted, platformTimers, throwIfAborted } from "../runtime/timers.ts"
import type {
  AbortOptions,
  ConnectionState,
  IterateOptions,
  ListenOptions,
  Observable,
  Unsubscribe,
} from "../runtime/types.ts"
import { traceOf } from "../transport/guard.ts"
import type { StoreKey } from "../store/store-key.ts"
import type { AccountId, ConversationId, DeviceId, UserId } from "../wire/address.ts"
import { ConversationHandle } from "./chat.ts"
import { Engine } from "./engine.ts"
import { settingsOf } from "./options.ts"
import type { ChatEvents, ChatOptions, Contact, Conversation, ConversationEvents, Snapshot } from "./types.ts"

/** What tests replace: randomness, time, and time that passes. Not part of the public contract. */
interface ChatEnvironment {
  readonly deps: Deps
  readonly timers: Timers
}
const platform: ChatEnvironment = { deps: platformDeps, timers: platformTimers }

/** How long a call that needs the relay waits for it. */
const WAIT_MS = 2 * CONNECT_TIMEOUT_MS

const CONVERSATION_EVENTS: ReadonlySet<keyof ChatEvents> = new Set<keyof ConversationEvents>([
  ...(["message", "message:updated", "message:unreadable", "message:removed"] as const),
  ...(["security", "receipt", "typing", "gap", "replay"] as const),
])

/** A chat client: one account on one device. Nothing happens before `start` (or `open`). */
export class SecureChat implements Observable<ChatEvents> {
  readonly #engine: Engine
  readonly #timers: Timers
  readonly #emitter: Emitter<ChatEvents>
  readonly #hooks: EmitterHooks
  readonly #handles = new Map<ConversationId, ConversationHandle>()
  readonly #subscribers = new Set<() => void>()
  #starting: Promise<this> | undefined
  #closing: Promise<void> = Promise.resolve()
  #snapshot: Snapshot | undefined

  /** No I/O, no timer: safe in SSR and in render. @throws ERR_CONFIG_INVALID, ERR_STORE_KEY_REQUIRED */
  constructor(options: ChatOptions, environment: ChatEnvironment = platform) {
    const settings = settingsOf(options)
    this.#timers = environment.timers
    this.#hooks = {
      onThrow: (cause, type) => {
        settings.log.error(`a listener of '${type}' threw`, traceOf(cause))
      },
      onDrop: (type) => {
        const dropped = new SecureChatError("ERR_LIMIT", `a slow reader of '${type}' lost events`)
        if (type !== "error") this.#emitter.emit("error", dropped)
      },
    }
    this.#emitter = new Emitter(this.#hooks)
    this.#engine = new Engine(
      settings,
      {
        emit: (type, event, conversation) => {
          if (conversation !== undefined && CONVERSATION_EVENTS.has(type))
            this.#handle(conversation).emitter.emit(type as keyof ConversationEvents, event as never)
          this.#emitter.emit(type, event)
        },
        changed: () => {
          this.#changed()
        },
        lost: (error) => {
          this.#emitter.emit("error", error)
          void this.close()
        },
        announce: (id) => {
          this.#emitter.emit("conversation", this.#handle(id))
        },
        forgotten: (id) => {
          this.#handles.get(id)?.emitter.endWaits()
          this.#handles.delete(id)
        },
      },
      environment,
    )
  }

  /**
   * `new`, then `start`: resolves when local state is ready, also offline.
   * @throws ERR_CONFIG_INVALID, ERR_STORE_KEY_REQUIRED, ERR_OTHER_TAB, ERR_STORE_WRONG_KEY, ERR_STORE_UNAVAILABLE,
   *   ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW, ERR_ABORTED
   */
  static async open(options: ChatOptions & AbortOptions): Promise<SecureChat> {
    const chat = new SecureChat(options)
    try {
      return await chat.start({ signal: options.signal })
    } catch (error) {
      await chat.close()
      throw error
    }
  }

  /** The handle, or without one the account id. */
  get user(): UserId {
    return this.#engine.settings.handle ?? this.accountId
  }
  /** @throws ERR_STATE before the first start. */
  get accountId(): AccountId {
    return this.#engine.ledger.identity.accountId
  }
  /** @throws ERR_STATE before the first start. */
  get deviceId(): DeviceId {
    return this.#engine.ledger.identity.deviceId
  }
  get connection(): ConnectionState {
    return this.#engine.connection.state
  }

  /**
   * Local state is ready, also offline; the connection is being made. While starting: the same promise.
   * @throws ERR_OTHER_TAB, ERR_STORE_WRONG_KEY, ERR_STORE_UNAVAILABLE, ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW, ERR_ABORTED, ERR_CLOSED
   */
  start(options: AbortOptions = {}): Promise<this> {
    if (options.signal?.aborted === true) return Promise.reject(aborted(options.signal))
    this.#starting ??= this.#begin()
    return orAborted(this.#starting, options.signal)
  }

  /** Not async: the promise has to be known before its work begins, so that a `close` in between is seen. */
  #begin(): Promise<this> {
    const closing = this.#closing
    const mine: Promise<this> = closing
      .then(() => this.#engine.load())
      .then(() => {
        if (this.#starting !== mine) throw closedError()
        this.#engine.start()
        this.#changed()
        return this
      })
    mine.catch(() => {
      if (this.#starting === mine) this.#starting = undefined
    })
    return mine
  }

  /**
   * Resolves when everything that waited has been read and the relay is there.
   * @throws ERR_ABORTED, ERR_CLOSED, and why the relay refused for good, e.g. ERR_HANDLE_TAKEN
   */
  async whenOnline(options: AbortOptions = {}): Promise<void> {
    throwIfAborted(options.signal)
    await orAborted(this.#started(), options.signal)
    await this.#emitter.until(
      "connection",
      (change) => {
        if (change?.state === "closed") throw closedError()
        if (change?.state === "offline" && change.retryAt === undefined && change.error !== undefined)
          throw change.error
        return this.connection === "online" || undefined
      },
      options,
    )
  }

  /** Idempotent, awaits everything, leaves no timer and no socket; never rejects. What was queued stays queued. */
  close(): Promise<void> {
    const starting = this.#starting
    if (starting === undefined) return this.#closing
    this.#starting = undefined
    this.#closing = this.#close(starting)
    return this.#closing
  }
  async #close(starting: Promise<this>): Promise<void> {
    const engine = this.#engine
    const stopped = engine.isOpen ? engine.close() : Promise.resolve()
    await starting.catch(() => undefined)
    await stopped
    await engine.vault.release()
    this.#emitter.endWaits()
    for (const handle of this.#handles.values()) handle.emitter.endWaits()
    this.#changed()
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * The conversation with a person, made where there is none; that needs the relay once.
   * @throws ERR_USER_NOT_FOUND, ERR_NO_PREKEYS, ERR_IDENTITY_MISMATCH, ERR_HANDSHAKE_FAILED, ERR_CONFIG_INVALID,
   *   ERR_TRANSPORT_UNREACHABLE, ERR_ABORTED, ERR_CLOSED
   */
  async direct(user: UserId, options: AbortOptions = {}): Promise<Conversation> {
    throwIfAborted(options.signal)
    await orAborted(this.#started(), options.signal)
    return orAborted(this.#direct(user, options.signal), options.signal)
  }
  async #direct(user: UserId, signal: AbortSignal | undefined): Promise<Conversation> {
    const { names, sessions, relay, context } = this.#engine
    const known = names.known(user)
    if (known === undefined) {
      await this.#reachable(signal)
      const id = await names.open(user)
      context.changed()
      return this.#handle(id)
    }
    await names.answer(known.id)
    if (relay.usable) {
      context.lookUp(known.id)
      // Its light says what is wrong with it: the conversation itself is there.
      if (this.#engine.lights.of(known.id).level === "red")
        await sessions.ensure(known.id).catch(context.report)
    }
    context.owe(known.id)
    context.changed()
    return this.#handle(known.id)
  }

  /** The person behind a user id. @throws as `direct` */
  async contact(user: UserId, options: AbortOptions = {}): Promise<Contact> {
    const conversation = await this.direct(user, options)
    return conversation.members[0] as Contact
  }

  /** @throws ERR_CONVERSATION_NOT_FOUND, ERR_CLOSED */
  async conversation(id: ConversationId): Promise<Conversation> {
    await this.#started()
    if (this.#engine.ledger.conversations.get(id) === undefined)
      throw new SecureChatError("ERR_CONVERSATION_NOT_FOUND", "no such conversation")
    return this.#handle(id)
  }
  /** Oldest first. @throws ERR_CLOSED */
  async conversations(): Promise<readonly Conversation[]> {
    await this.#started()
    return this.#visible()
  }

  /** Resolves when nothing waits for the relay any more; what is held waits for a person. @throws ERR_ABORTED, ERR_CLOSED */
  async flush(options: AbortOptions = {}): Promise<void> {
    throwIfAborted(options.signal)
    await orAborted(this.#started(), options.signal)
    await this.#emitter.until("message:updated", () => this.#engine.outbox.flushed || undefined, options)
  }

  /**
   * Drops the keys from memory and ends the connection: every level turns red, `locked`. What a list of conversations
   * shows stays. JavaScript cannot wipe memory: what the engine copied goes when it is collected.
   * @throws ERR_STATE where the store has no key, ERR_CLOSED
   */
  async lock(): Promise<void> {
    await this.#begun()
    await this.#engine.vault.lock()
  }
  /**
   * @param key needed where `storeKey` is not a function: it was dropped with the other keys.
   * @throws ERR_STORE_WRONG_KEY, ERR_STORE_KEY_REQUIRED, ERR_STORE_CORRUPT, ERR_STORE_UNAVAILABLE, ERR_CLOSED
   */
  async unlock(key?: StoreKey): Promise<void> {
    await this.#begun()
    await this.#engine.vault.unlock(key)
  }
  /** Wraps the store's root key anew; nothing else is rewritten. @throws ERR_STATE, ERR_LOCKED, ERR_CONFIG_INVALID, ERR_CLOSED */
  async changeStoreKey(next: StoreKey): Promise<void> {
    await this.#started()
    await this.#engine.vault.changeKey(next)
  }
  /**
   * Closes, and deletes everything in the store: identity, keys, messages. Needs no key, so also for a forgotten one; the
   * next `start` makes a new account.
   * @throws ERR_STORE_UNAVAILABLE, ERR_OTHER_TAB
   */
  async wipe(): Promise<void> {
    await this.close()
    await this.#engine.vault.wipe()
    this.#changed()
  }

  subscribe(listener: () => void): Unsubscribe {
    // Each subscription is its own, also of one function twice.
    const own = (): void => {
      listener()
    }
    this.#subscribers.add(own)
    return () => {
      this.#subscribers.delete(own)
    }
  }
  getSnapshot(): Snapshot {
    this.#snapshot ??= Object.freeze({
      connection: this.connection,
      conversations: Object.freeze(this.#visible()),
      outbox: this.#engine.ledger.outbox.size,
    })
    return this.#snapshot
  }

  on<K extends keyof ChatEvents>(
    type: K,
    listener: (event: ChatEvents[K]) => void,
    options?: ListenOptions,
  ): Unsubscribe {
    return this.#emitter.on(type, listener, options)
  }
  once<K extends keyof ChatEvents>(type: K, options?: AbortOptions): Promise<ChatEvents[K]> {
    return this.#emitter.once(type, options)
  }
  events<K extends keyof ChatEvents>(
    type: K,
    options?: IterateOptions,
  ): AsyncIterableIterator<ChatEvents[K]> {
    return this.#emitter.events(type, options)
  }

  async #begun(): Promise<void> {
    if (this.#starting === undefined) throw closedError()
    await this.#starting
  }
  async #started(): Promise<void> {
    await this.#begun()
    this.#engine.vault.requireUnlocked()
  }

  /** Waits for a usable connection, not for ever. @throws ERR_TRANSPORT_UNREACHABLE, ERR_CLOSED, a final refusal */
  async #reachable(signal: AbortSignal | undefined): Promise<void> {
    if (this.#engine.relay.usable && this.connection === "online") return
    const limit = new AbortController()
    const cancel = this.#timers.after(WAIT_MS, () => {
      limit.abort(new SecureChatError("ERR_TRANSPORT_UNREACHABLE", "the relay cannot be reached"))
    })
    try {
      await orAborted(this.whenOnline({ signal: limit.signal }), signal)
    } finally {
      cancel()
      // Where the caller's signal fired first, nothing is left listening.
      limit.abort()
    }
  }

  #visible(): ConversationHandle[] {
    return [...this.#engine.ledger.conversations.values()]
      .filter((record) => record.claimedHandle === undefined)
      .sort((a, b) => a.createdAtMs - b.createdAtMs)
      .map((record) => this.#handle(record.id))
  }

  #handle(id: ConversationId): ConversationHandle {
    let handle = this.#handles.get(id)
    if (handle === undefined) {
      handle = new ConversationHandle(this.#engine, id, this.#hooks)
      this.#handles.set(id, handle)
    }
    return handle
  }

  #changed(): void {
    this.#snapshot = undefined
    for (const subscriber of [...this.#subscribers])
      try {
        subscriber()
      } catch (cause) {
        this.#hooks.onThrow(cause, "subscribe")
      }
  }
}

const closedError = (): SecureChatError =>
  new SecureChatError("ERR_CLOSED", "not open", { hint: "Call start() first." })
