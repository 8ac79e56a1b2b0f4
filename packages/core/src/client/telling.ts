/**
 * What apps are told when something has changed: lights, statuses of own messages, receipt cursors, the
 * size of the outbox. Each state once, in order, after the store has it.
 */
import { isTransient } from "../session/security.ts"
import type { AccountId, ConversationId, MessageId } from "../wire/address.ts"
import type { Context } from "./context.ts"
import { receiptsOf } from "./facts.ts"
import { messageAt, placeOf } from "./messages.ts"
import type { Outbox } from "./outbox.ts"
import type { Message, ReceiptEvent, Receipts } from "./types.ts"

/** Statuses told last, so that none is told twice. */
const MAX_TOLD = 1_024

export class Telling {
  readonly #context: Context
  readonly #outbox: Outbox
  readonly #changed: () => void
  readonly #statuses = new Map<MessageId, string>()
  readonly #cursors = new Map<ConversationId, ReadonlyMap<AccountId, Receipts>>()
  #tail: Promise<void> = Promise.resolve()
  #counts = "0/0"

  constructor(context: Context, outbox: Outbox, changed: () => void) {
    this.#context = context
    this.#outbox = outbox
    this.#changed = changed
    context.forgetting.add((id) => this.#cursors.delete(id))
  }

  async load(): Promise<void> {
    const { ledger } = this.#context
    for (const id of ledger.conversations.keys()) this.#cursors.set(id, await receiptsOf(ledger, id))
  }
  /** Resolves when everything begun has been told. */
  idle(): Promise<void> {
    return this.#tail
  }

  receiptsOf(id: ConversationId): ReadonlyMap<AccountId, Receipts> {
    return this.#cursors.get(id) ?? new Map<AccountId, Receipts>()
  }
  moveCursor({ conversationId, accountId, type, upTo }: ReceiptEvent): void {
    const before = this.receiptsOf(conversationId)
    const moved = type === "read" ? { readUpTo: upTo } : { deliveredUpTo: upTo }
    const cursors = Object.freeze({ ...before.get(accountId), ...moved })
    this.#cursors.set(conversationId, new Map(before).set(accountId, cursors))
  }

  /** Lights are compared; who waits behind one that changed is held, let go, and told. */
  changed(): void {
    const { lights, emit } = this.#context
    for (const id of lights.refresh()) this.#lightChanged(id)
    const { counts } = this.#outbox
    const shown = `${counts.size}/${counts.held}`
    if (shown !== this.#counts) {
      this.#counts = shown
      emit("outbox", Object.freeze(counts))
    }
    this.#changed()
  }
  #lightChanged(id: ConversationId): void {
    const { ledger, lights, report } = this.#context
    const { level, reason } = lights.of(id)
    const waiting = ledger
      .entries()
      .filter((entry) => entry.conversationId === id)
      .map((entry) => entry.messageId)
    if (level === "red" && !isTransient(reason))
      this.#outbox.hold(id).then(() => {
        this.updated(id, waiting)
      }, report)
    else this.updated(id, waiting)
    if (level !== "red") this.#outbox.pump()
  }

  /** How own messages stand now, one after another and each status once. */
  updated(id: ConversationId, messages: readonly MessageId[]): void {
    if (messages.length === 0) return
    this.#tail = this.#tail
      .then(async () => {
        for (const message of messages) await this.#tellStatus(id, message)
      })
      .catch(this.#context.report)
  }
  async #tellStatus(id: ConversationId, message: MessageId): Promise<void> {
    const { ledger, show, emit } = this.#context
    const place = await placeOf(ledger.store, id, message, true)
    const record = place === undefined ? undefined : await messageAt(ledger.store, id, place)
    if (record === undefined) return
    const shown = show(id, record) as Message
    if (shown.status === undefined || this.#statuses.get(message) === shown.status) return
    this.#statuses.delete(message)
    this.#statuses.set(message, shown.status)
    const oldest = this.#statuses.size > MAX_TOLD ? this.#statuses.keys().next().value : undefined
    if (oldest !== undefined) this.#statuses.delete(oldest)
    emit("message:updated", shown, id)
  }
}
