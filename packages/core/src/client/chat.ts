/** One conversation as an app holds it: a handle that stays the same while what it shows changes. */
import { SecureChatError } from "../errors.ts"
import { unreadOf } from "../conversation/reduce.ts"
import { Emitter, type EmitterHooks } from "../runtime/emitter.ts"
import { orAborted, throwIfAborted } from "../runtime/timers.ts"
import type {
  AbortOptions,
  Inspection,
  IterateOptions,
  ListenOptions,
  SafetyNumber,
  Unsubscribe,
} from "../runtime/types.ts"
import type { Store } from "../store/store.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import { fromBase64url } from "../bytes/text.ts"
import { type AccountId, type ConversationId, MESSAGE_ID_BYTES, type MessageId } from "../wire/address.ts"
import type { Engine } from "./engine.ts"
import { sessionsOf } from "./facts.ts"
import { readInspection } from "./inspections.ts"
import { pinnedAccount, shownAccount } from "./lights.ts"
import { Change } from "./ledger.ts"
import { placeOf, readMessage, removeMessage } from "./messages.ts"
import { findText, readAll, readPage } from "./pages.ts"
import type { ConversationRecord, MessageRecord } from "./records.ts"
import { devicesOf, titleOf } from "./show.ts"
import type {
  Contact,
  Content,
  Conversation,
  ConversationEvents,
  HistoryOptions,
  Message,
  Page,
  PageOptions,
  Receipts,
  SendStatus,
  SessionInfo,
  Unreadable,
} from "./types.ts"

/** How far a message came; what is not here has not left. */
const RANK: Readonly<Partial<Record<SendStatus, number>>> = { sent: 1, delivered: 2, read: 3 }
const rankOf = (status: SendStatus = "queued"): number => RANK[status] ?? 0

/** Text and reply of a `Content`. @throws ERR_CONFIG_INVALID */
const draftOf = (content: Content): { text: string; replyTo: MessageId | undefined } => {
  const { text, replyTo } = typeof content === "string" ? { text: content, replyTo: undefined } : content
  const invalid = (what: string, hint: string): SecureChatError =>
    new SecureChatError("ERR_CONFIG_INVALID", what, { hint })
  if (typeof (text as unknown) !== "string" || !text.isWellFormed())
    throw invalid("a message needs well-formed text", "Give a string, or { text, replyTo }.")
  if (replyTo === undefined) return { text, replyTo }
  try {
    if (fromBase64url(replyTo).length === MESSAGE_ID_BYTES) return { text, replyTo }
  } catch {
    // Told below, with its hint.
  }
  throw invalid("replyTo is no message id", "Pass the `id` of a message.")
}

export class ConversationHandle implements Conversation {
  readonly id: ConversationId
  readonly kind = "direct"
  readonly members: readonly Contact[]
  readonly #engine: Engine
  readonly #emitter: Emitter<ConversationEvents>

  constructor(engine: Engine, id: ConversationId, hooks: EmitterHooks) {
    this.id = id
    this.#engine = engine
    this.#emitter = new Emitter(hooks)
    this.members = Object.freeze([new ContactHandle(engine, id)])
  }

  /** For the client alone: what listeners of this conversation hear. */
  get emitter(): Emitter<ConversationEvents> {
    return this.#emitter
  }
  get title(): string {
    const record = this.#engine.ledger.conversations.get(this.id)
    return record === undefined ? this.id : titleOf(record)
  }
  get security(): SecurityStatus {
    return this.#engine.lights.of(this.id)
  }
  get unread(): number {
    const { ledger } = this.#engine
    const record = ledger.conversations.get(this.id)
    return record === undefined || ledger.locked ? 0 : unreadOf(ledger.direct(pinnedAccount(record.trust)))
  }
  get receipts(): ReadonlyMap<AccountId, Receipts> {
    return this.#engine.receiptsOf(this.id)
  }

  async send(content: Content, options: AbortOptions = {}): Promise<Message> {
    // Locked is red like other reds: what is refused says why.
    if (!this.#engine.ledger.locked) this.#engine.requireOpen()
    throwIfAborted(options.signal)
    const draft = draftOf(content)
    const record = await orAborted(this.#engine.outbox.send(this.id, draft), options.signal)
    this.#engine.typing.sent(this.id)
    return this.#own(record)
  }

  async waitFor(
    id: MessageId,
    status: "sent" | "delivered" | "read",
    options: AbortOptions = {},
  ): Promise<Message> {
    this.#engine.requireOpen()
    throwIfAborted(options.signal)
    const reached = async (): Promise<Message | undefined> => {
      const message = this.#own(await readMessage(this.#engine.ledger.store, this.id, id, true))
      return rankOf(message.status) >= rankOf(status) ? message : undefined
    }
    return this.#emitter.until(
      "message:updated",
      (message) => (message === undefined || message.id === id ? reached() : undefined),
      options,
    )
  }

  async retry(id: MessageId): Promise<Message> {
    this.#engine.requireOpen()
    return this.#own(await this.#engine.outbox.retry(this.id, id))
  }

  async page(options: PageOptions = {}): Promise<Page<Message | Unreadable>> {
    this.#engine.requireOpen()
    throwIfAborted(options.signal)
    const page = await orAborted(readPage(this.#engine.ledger.store, this.id, options), options.signal)
    return { ...page, items: page.items.map((record) => this.#engine.show(this.id, record)) }
  }

  async *history(options: HistoryOptions = {}): AsyncIterableIterator<Message | Unreadable> {
    for await (const record of this.#kept((store) => readAll(store, this.id, options)))
      yield this.#engine.show(this.id, record)
  }

  async *search(text: string, options: AbortOptions = {}): AsyncIterableIterator<Message> {
    for await (const record of this.#kept((store) => findText(store, this.id, text, options)))
      yield this.#own(record)
  }

  /** What a walk through the store meets, as long as the client is open. */
  async *#kept(walk: (store: Store) => AsyncIterable<MessageRecord>): AsyncGenerator<MessageRecord, void> {
    this.#engine.requireOpen()
    for await (const record of walk(this.#engine.ledger.store)) {
      this.#engine.requireOpen()
      yield record
    }
  }

  async inspect(id: MessageId): Promise<readonly Inspection[]> {
    this.#engine.requireOpen()
    const { store } = this.#engine.ledger
    const place = await placeOf(store, this.id, id)
    const found = place === undefined ? undefined : await readInspection(store, this.id, place)
    return found === undefined ? [] : [found]
  }

  sessions(): Promise<readonly SessionInfo[]> {
    return Promise.resolve(sessionsOf(this.#engine.ledger, this.id))
  }

  typing(active = true): void {
    if (this.#engine.isOpen) this.#engine.typing.note(this.id, active)
  }

  async delete(id: MessageId, { for: whom }: { readonly for: "me" }): Promise<void> {
    this.#engine.requireOpen()
    // A caller in JavaScript must not believe that others lose it, too.
    if ((whom as string) !== "me")
      throw new SecureChatError("ERR_CONFIG_INVALID", "a message is deleted for oneself alone", {
        hint: 'Give { for: "me" }.',
      })
    const { ledger, context } = this.#engine
    await ledger.queue.run(async () => {
      const change = new Change(ledger)
      await removeMessage(ledger.store, change.batch, this.id, id)
      await ledger.commit(change)
    })
    const removed = { id, conversationId: this.id, reason: "deleted" } as const
    context.emit("message:removed", Object.freeze(removed), this.id)
  }

  async markRead(upTo?: MessageId): Promise<void> {
    this.#engine.requireOpen()
    await this.#engine.markRead(this.id, upTo)
  }

  on<K extends keyof ConversationEvents>(
    type: K,
    listener: (event: ConversationEvents[K]) => void,
    options?: ListenOptions,
  ): Unsubscribe {
    return this.#emitter.on(type, listener, options)
  }
  once<K extends keyof ConversationEvents>(type: K, options?: AbortOptions): Promise<ConversationEvents[K]> {
    return this.#emitter.once(type, options)
  }
  events<K extends keyof ConversationEvents>(
    type: K,
    options?: IterateOptions,
  ): AsyncIterableIterator<ConversationEvents[K]> {
    return this.#emitter.events(type, options)
  }

  #own(record: MessageRecord): Message {
    return this.#engine.show(this.id, record) as Message
  }
}

/** The person on the other side of a direct conversation, whichever identity is in force. */
class ContactHandle implements Contact {
  readonly #engine: Engine
  readonly #id: ConversationId

  constructor(engine: Engine, id: ConversationId) {
    this.#engine = engine
    this.#id = id
  }

  get #record(): ConversationRecord {
    const record = this.#engine.ledger.conversations.get(this.#id)
    if (record === undefined) throw new SecureChatError("ERR_CONVERSATION_NOT_FOUND", "no such conversation")
    return record
  }
  /** @throws ERR_CLOSED */
  get #decisions(): Engine["decisions"] {
    this.#engine.requireOpen()
    return this.#engine.decisions
  }
  get accountId(): AccountId {
    return shownAccount(this.#record.trust)
  }
  get handle(): string | undefined {
    return this.#record.handle
  }
  get devices(): Contact["devices"] {
    return devicesOf(this.#engine.ledger, this.#record)
  }
  get security(): SecurityStatus {
    return this.#engine.lights.of(this.#id)
  }
  async safetyNumber(options: AbortOptions = {}): Promise<SafetyNumber> {
    const decisions = this.#decisions
    throwIfAborted(options.signal)
    return Promise.resolve(decisions.safetyNumber(this.#id))
  }
  async verify(seen: SafetyNumber | Uint8Array): Promise<boolean> {
    return this.#decisions.verify(this.#id, seen)
  }
  async reject(seen: SafetyNumber): Promise<void> {
    await this.#decisions.reject(this.#id, seen)
  }
  async unverify(): Promise<void> {
    await this.#decisions.unverify(this.#id)
  }
  async accept(identity: AccountId): Promise<void> {
    await this.#decisions.accept(this.#id, identity)
  }
  async reset(): Promise<void> {
    this.#engine.requireOpen()
    await this.#engine.reset(this.#id)
  }
}
