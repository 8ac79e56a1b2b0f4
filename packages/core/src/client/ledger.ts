/**
 * Everything the client knows, held in memory as the store holds it, and changed in one way only: a
 * `Change` collects what one step writes, is stored as one batch, and takes effect when the batch
 * resolved. A failed batch leaves the old state in use. protocol.md §6.9
 */
import { toBase64url } from "../bytes/text.ts"
import { EMPTY } from "../bytes/concat.ts"
import { type DirectState, emptyDirect } from "../conversation/state.ts"
import type { Bytes, Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { directConversationId } from "../identity/ids.ts"
import { type Identity, createIdentity, identityCodec } from "../identity/keys.ts"
import { Batch, commit } from "../runtime/commit.ts"
import { Queue } from "../runtime/queue.ts"
import { linkCodec } from "../session/codec.ts"
import { type Link, emptyLink, inSamePhase } from "../session/state.ts"
import type { Store, StorePath } from "../store/store.ts"
import {
  type AccountId,
  type ConversationId,
  type DeviceId,
  type MessageId,
  formatAccountId,
  parseAccountId,
} from "../wire/address.ts"
import type { KnownList } from "./directory.ts"
import { knownListCodec } from "./known-list.ts"
import { logStart } from "./log.ts"
import { type PeerLink, Peers } from "./peers.ts"
import { Prekeys } from "./prekeys.ts"
import { directCodec } from "./progress-codec.ts"
import {
  type ConversationRecord,
  type OutboxEntry,
  type Wanted,
  at,
  conversationCodec,
  entryCodec,
  orCorrupt,
  wantedCodec,
} from "./records.ts"
import { Repeats } from "./repeats.ts"

export class Ledger {
  /** As the app gave it; sealed, where it is durable, once it is open. */
  store: Store
  /** The keys were dropped from memory. */
  locked = false
  readonly deps: Deps
  /** One writer for the whole store: acks are cumulative, so deliveries are committed in their order. */
  readonly queue: Queue = new Queue()
  readonly prekeys: Prekeys = new Prekeys()
  readonly repeats: Repeats = new Repeats()
  readonly conversations: Map<ConversationId, ConversationRecord> = new Map()
  readonly outbox: Map<number, OutboxEntry> = new Map()
  /** By the text of their commitment, oldest first. */
  readonly wanted: Map<string, Wanted> = new Map()
  /** Up to here every delivery is stored. */
  cursor: Bytes = EMPTY
  /** Rises with whatever a light depends on: no light has changed while this stands. */
  facts = 0
  /** One for each account: its numbers go on, whatever conversation it speaks in. */
  readonly directs: Map<AccountId, DirectState> = new Map()
  readonly lists: Map<AccountId, KnownList> = new Map()
  #identity: Identity | undefined
  readonly #peers = new Peers()
  readonly #byAccount = new Map<AccountId, ConversationId>()
  readonly #entryOf = new Map<MessageId, number>()
  #lastOrder = 0

  constructor(store: Store, deps: Deps) {
    this.store = store
    this.deps = deps
  }

  /** @throws ERR_STATE before `load`, ERR_LOCKED */
  get identity(): Identity {
    if (this.#identity === undefined)
      throw new SecureChatError(this.locked ? "ERR_LOCKED" : "ERR_STATE", "no keys: not started, or locked")
    return this.#identity
  }

  clear(): void {
    for (const map of [this.conversations, this.outbox, this.directs, this.lists, this.wanted]) map.clear()
    for (const map of [this.#peers, this.#byAccount, this.#entryOf]) map.clear()
  }

  /** Drops every key; what a list of conversations shows stays. */
  forget(): void {
    this.locked = true
    this.#identity = undefined
    this.#peers.dropKeys()
    this.prekeys.forgetAll()
  }

  /**
   * Reads everything, and makes the account where there is none.
   * @throws ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW, ERR_STORE_UNAVAILABLE
   */
  async load(): Promise<void> {
    const { store } = this
    this.clear()
    const kept = await store.get(at.identity)
    const identity =
      kept === undefined
        ? createIdentity(this.deps)
        : orCorrupt("the identity", () => identityCodec.decode(kept))
    if (kept === undefined) await commit(store, new Batch().set(at.identity, identityCodec.encode(identity)))
    await this.prekeys.load(store)
    await this.repeats.load(store)
    await this.#each(at.lists, knownListCodec, (known, account) => this.lists.set(account, known))
    await this.#each(at.links, linkCodec, (link, account, device) => {
      this.applyLink({ account, device, link })
    })
    await this.#each(at.conversations, conversationCodec, (record) => {
      this.applyConversation(record)
    })
    await this.#each(at.directs, directCodec, (state, account) => this.directs.set(account, state))
    await this.#each(at.outbox, entryCodec, (entry) => {
      this.applyEntry(entry)
    })
    await this.#each(at.wanteds, wantedCodec, (wanted, key) => this.wanted.set(key, wanted))
    this.cursor = ((await store.get(at.cursor)) as Bytes | undefined) ?? EMPTY
    this.#identity = identity
    this.locked = false
  }
  async #each<T>(
    under: StorePath,
    codec: { decode(bytes: Uint8Array): T },
    apply: (value: T, first: AccountId, second: DeviceId) => unknown,
  ): Promise<void> {
    for await (const [[, first = "", second = ""], bytes] of this.store.list(under))
      apply(
        orCorrupt(under[0] ?? "", () => codec.decode(bytes)),
        first as AccountId,
        second,
      )
  }

  // ── reading ──────────────────────────────────────────────────────────────────────────────────

  conversationWith(account: AccountId): ConversationRecord | undefined {
    return this.conversations.get(this.#byAccount.get(account) ?? "")
  }
  /** Is the account in force in some conversation? */
  hasOwnConversation(account: AccountId): boolean {
    const record = this.conversationWith(account)
    return record !== undefined && formatAccountId(record.trust.pin.accountId) === account
  }
  conversationNamed(handle: string): ConversationRecord | undefined {
    for (const record of this.conversations.values()) if (record.handle === handle) return record
    return undefined
  }
  linkOfSession(sessionId: Uint8Array): PeerLink | undefined {
    return this.#peers.ofSession(sessionId)
  }
  linkTo(account: AccountId, device: DeviceId): Link {
    return this.#peers.linkTo(account, device)
  }
  links(): PeerLink[] {
    return this.#peers.all()
  }
  deviceOf(account: AccountId): DeviceId | undefined {
    return this.#peers.deviceOf(account)
  }
  /** The link with the account's device; an empty one where there is none. */
  linkWith(account: AccountId): Link {
    const device = this.deviceOf(account)
    return device === undefined ? emptyLink : this.linkTo(account, device)
  }
  listOf(account: AccountId): KnownList | undefined {
    return this.lists.get(account)
  }
  /** convId of the direct conversation with an account, 32 bytes. */
  directIdWith(account: AccountId): Bytes {
    return directConversationId(parseAccountId(this.identity.accountId), parseAccountId(account))
  }
  direct(account: AccountId): DirectState {
    return this.directs.get(account) ?? this.#newDirect(account)
  }
  #newDirect(account: AccountId): DirectState {
    return emptyDirect(logStart(this.directIdWith(account), this.identity.certificate.deviceId))
  }
  entryOf(message: MessageId): OutboxEntry | undefined {
    const order = this.#entryOf.get(message)
    return order === undefined ? undefined : this.outbox.get(order)
  }
  /** In the order in which they were sent. */
  entries(): OutboxEntry[] {
    return [...this.outbox.values()].sort((a, b) => a.order - b.order)
  }
  /** What an account has not confirmed. */
  entriesTo(account: AccountId): OutboxEntry[] {
    return this.entries().filter((entry) => entry.account === account)
  }
  /** Of the numbers below this none is sent any more. */
  floorOf(account: AccountId): number {
    const numbers = this.entriesTo(account).map((entry) => entry.sequence)
    return Math.min(this.direct(account).sent + 1, ...numbers)
  }
  /** Rises for the life of the process: the outbox remembers what it submitted by this number. */
  nextOrder(): number {
    return ++this.#lastOrder
  }

  // ── writing ──────────────────────────────────────────────────────────────────────────────────

  /** Stores a change as one batch, then lets it take effect. @throws ERR_STORE_UNAVAILABLE */
  async commit(change: Change): Promise<void> {
    await commit(this.store, change.batch)
    for (const effect of change.effects) effect()
  }

  /** In its turn: the conversation as `next` makes it of what is stored then, if it makes something of it. */
  update(
    id: ConversationId,
    next: (record: ConversationRecord) => ConversationRecord | undefined,
  ): Promise<void> {
    return this.queue.run(async () => {
      const record = this.conversations.get(id)
      const made = record && next(record)
      if (made !== undefined) await this.commit(new Change(this).setConversation(made))
    })
  }

  applyLink(peer: PeerLink): void {
    if (!inSamePhase(this.linkWith(peer.account), peer.link)) this.facts += 1
    this.#peers.set(peer)
  }
  forgetLink(peer: PeerLink): void {
    this.#peers.delete(peer)
  }
  applyConversation(record: ConversationRecord): void {
    const before = this.conversations.get(record.id)
    // Most writes change a place and nothing else: what is found by account stands, and so do the lights.
    if (before?.trust !== record.trust || before.devices !== record.devices)
      this.forgetConversation(record.id)
    this.conversations.set(record.id, record)
    const { pin, candidate } = record.trust
    this.#byAccount.set(formatAccountId(pin.accountId), record.id)
    if (candidate === undefined) return
    const account = formatAccountId(candidate.accountId)
    // Who has a conversation of its own keeps it, also where another name leads to the same account.
    if (!this.hasOwnConversation(account)) this.#byAccount.set(account, record.id)
  }
  forgetConversation(id: ConversationId): void {
    this.facts += 1
    if (this.conversations.delete(id))
      for (const [account, of] of this.#byAccount) if (of === id) this.#byAccount.delete(account)
  }
  applyEntry(entry: OutboxEntry): void {
    this.outbox.set(entry.order, entry)
    this.#lastOrder = Math.max(this.#lastOrder, entry.order)
    this.#entryOf.set(entry.messageId, entry.order)
  }
  dropEntry(entry: OutboxEntry): void {
    this.outbox.delete(entry.order)
    if (this.#entryOf.get(entry.messageId) === entry.order) this.#entryOf.delete(entry.messageId)
  }
  /**
   * Text id of a new conversation with an account: the one both sides derive, unless a conversation that began with it has
   * gone over to another identity since and keeps its id (simulation, seed 831).
   */
  newConversationId(account: AccountId): ConversationId {
    const id = this.firstIdWith(account)
    return this.conversations.has(id) ? toBase64url(this.deps.random(32)) : id
  }
  /** Of the first conversation that there was with an account. */
  firstIdWith(account: AccountId): ConversationId {
    return toBase64url(this.directIdWith(account))
  }
}

/** What one step writes, read through by that step itself. */
export class Change {
  readonly batch = new Batch()
  readonly effects: (() => unknown)[] = []
  readonly #ledger: Ledger
  readonly #conversations = new Map<ConversationId, ConversationRecord>()
  readonly #directs = new Map<AccountId, DirectState>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  conversation(id: ConversationId): ConversationRecord | undefined {
    return this.#conversations.get(id) ?? this.#ledger.conversations.get(id)
  }
  /** Of an account, as `Ledger.conversationWith`. */
  conversationWith(account: AccountId): ConversationRecord | undefined {
    for (const record of this.#conversations.values())
      if (formatAccountId(record.trust.pin.accountId) === account) return record
    const known = this.#ledger.conversationWith(account)
    return known && this.conversation(known.id)
  }
  direct(account: AccountId): DirectState {
    return this.#directs.get(account) ?? this.#ledger.direct(account)
  }

  setConversation(record: ConversationRecord): this {
    this.#conversations.set(record.id, record)
    return this.#set(at.conversation(record.id), conversationCodec.encode(record), () => {
      this.#ledger.applyConversation(record)
    })
  }
  setDirect(account: AccountId, state: DirectState): this {
    if (state === this.direct(account)) return this
    this.#directs.set(account, state)
    return this.#set(at.direct(account), directCodec.encode(state), () =>
      this.#ledger.directs.set(account, state),
    )
  }
  setLink(account: AccountId, device: DeviceId, link: Link): this {
    return this.#set(at.link(account, device), linkCodec.encode(link), () => {
      this.#ledger.applyLink({ account, device, link })
    })
  }
  setEntry(entry: OutboxEntry): this {
    return this.#set(at.entry(entry.order), entryCodec.encode(entry), () => {
      this.#ledger.applyEntry(entry)
    })
  }
  dropEntry(entry: OutboxEntry): this {
    return this.#set(at.entry(entry.order), undefined, () => {
      this.#ledger.dropEntry(entry)
    })
  }
  setWanted(key: string, wanted: Wanted | undefined): this {
    const { wanted: all } = this.#ledger
    return this.#set(at.wanted(key), wanted && wantedCodec.encode(wanted), () =>
      wanted === undefined ? all.delete(key) : all.set(key, wanted),
    )
  }
  setList(account: AccountId, known: KnownList): this {
    return this.#set(at.list(account), knownListCodec.encode(known), () =>
      this.#ledger.lists.set(account, known),
    )
  }
  setCursor(cursor: Bytes): this {
    return this.#set(at.cursor, cursor, () => (this.#ledger.cursor = cursor))
  }
  /** Once the batch resolved. */
  after(work: () => unknown): this {
    this.effects.push(work)
    return this
  }

  #set(path: StorePath, value: Uint8Array | undefined, apply: () => unknown): this {
    this.batch.put(path, value)
    return this.after(apply)
  }
}
