/**
 * Own messages on their way: stored before anything leaves, submitted in order, kept until the
 * recipient's receipt. A retry sends the stored bytes; nothing is encrypted twice for one identity.
 * protocol.md §6.9
 */
import { toBase64url } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { type OutboxStatus, statusOf } from "../conversation/receipts.ts"
import { type ErrorCode, SecureChatError } from "../errors.ts"
import { MAX_RESENDS, RESEND_DELAY_MS } from "../limits.ts"
import { backoffMs, uniform } from "../runtime/backoff.ts"
import { isTransient } from "../session/security.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import { type ConversationId, type DeviceId, MESSAGE_ID_BYTES, type MessageId } from "../wire/address.ts"
import type { Context } from "./context.ts"
import { type Draft, composeText, conversationIn } from "./compose.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { giveUp } from "./given-up.ts"
import { readMessage } from "./messages.ts"
import type { MessageRecord, OutboxEntry } from "./records.ts"
import type { SendStatus } from "./types.ts"

/** Devices submitted to at once; to each one envelope at a time, so that a refused one is not overtaken. */
const IN_FLIGHT = 16
const RETRY = { minMs: 1_000, maxMs: 60_000 }

/** `send` while the light is red. */
const notSecure = (status: SecurityStatus): SecureChatError =>
  new SecureChatError("ERR_NOT_SECURE", `the conversation is red: ${status.reason}`, {
    retryable: isTransient(status.reason),
    hint: status.action === undefined ? "Wait until it has passed." : `Offer '${status.action}'.`,
    details: { reason: status.reason },
  })

export class Outbox {
  readonly #context: Context
  readonly #flying = new Set<number>()
  /** Failed submits in a row, and the end of the pause they caused. */
  #failures = 0
  #cancelPause: (() => void) | undefined
  /** Entries the relay accepted in this process, since it last lost its memory. */
  readonly #accepted = new Set<number>()
  /** How often entries went again because the peer lacked them. */
  readonly #again = new Map<number, { readonly times: number; readonly atMs: number }>()
  /** Names under which they go since: a relay throws away what it knows by its first name. */
  readonly #renamed = new Map<number, Bytes>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Numbers, seals and stores a message; it leaves by itself. @throws see `Conversation.send` */
  async send(id: ConversationId, draft: Draft): Promise<MessageRecord> {
    const { ledger, lights, settings, deps } = this.#context
    const record = await ledger.queue.run(async () => {
      const status = lights.of(id)
      if (status.level === "red") throw notSecure(status)
      // What the relay has taken does not count: `flush` would wait for people who are away.
      if (ledger.entries().filter((entry) => entry.state !== "sent").length >= settings.maxQueue)
        throw new SecureChatError("ERR_QUEUE_FULL", `${settings.maxQueue} messages wait already`, {
          hint: "Wait for flush().",
          details: { limit: settings.maxQueue },
        })
      const change = new Change(ledger)
      const id16 = deps.random(MESSAGE_ID_BYTES)
      const message = composeText(this.#context, change, id, {
        draft,
        messageId: toBase64url(id16),
        sentAtMs: deps.nowMs(),
        status,
      })
      await ledger.commit(change)
      return message
    })
    this.#told(id, [])
    return record
  }

  /** @throws ERR_MESSAGE_NOT_FOUND, ERR_NOT_SECURE */
  async retry(id: ConversationId, messageId: MessageId): Promise<MessageRecord> {
    const { ledger, lights } = this.#context
    const message = await ledger.queue.run(async () => {
      const found = await readMessage(ledger.store, id, messageId, true)
      const entry = ledger.entryOf(messageId)
      if (entry === undefined && found.problem === undefined) return found
      const status = lights.of(id)
      if (status.level === "red") throw notSecure(status)
      const change = new Change(ledger)
      const conversation = conversationIn(change, id)
      let result = found
      if (entry?.account === pinnedAccount(conversation.trust)) {
        change.setEntry({ ...entry, state: "queued", problem: undefined })
      } else {
        // Given up, or another identity since: the text is encrypted anew, under new numbers, on the user's word.
        if (entry !== undefined) change.dropEntry(entry)
        const draft = { text: found.text ?? "", replyTo: found.replyTo }
        const again = { draft, messageId, sentAtMs: found.sentAtMs, status, place: found.place }
        result = composeText(this.#context, change, id, again)
      }
      await ledger.commit(change)
      if (entry !== undefined) this.#accepted.delete(entry.order)
      return result
    })
    this.#unpause()
    this.#told(id, [messageId])
    return message
  }

  /** Where an own message stands. */
  statusOf(id: ConversationId, message: MessageRecord): SendStatus {
    const { ledger, lights } = this.#context
    if (message.problem !== undefined) return "failed"
    const entry = ledger.entryOf(message.id)
    const waiting = entry === undefined ? undefined : this.#waiting(entry, lights.of(id))
    return statusOf(ledger.direct(message.peer), message.sequence, waiting)
  }
  problemOf(message: MessageRecord): ErrorCode | undefined {
    return message.problem ?? this.#context.ledger.entryOf(message.id)?.problem
  }
  #waiting(entry: OutboxEntry, status: SecurityStatus): OutboxStatus {
    if (entry.state !== "queued") return entry.state
    if (status.level === "red") return "held"
    return this.#flying.has(entry.order) ? "sending" : "queued"
  }

  get counts(): { readonly size: number; readonly held: number } {
    const { ledger, lights } = this.#context
    let held = 0
    for (const { state, conversationId } of ledger.outbox.values())
      if (state === "held" || (state === "queued" && lights.of(conversationId).level === "red")) held += 1
    return { size: ledger.outbox.size, held }
  }
  /** Nothing waits for the relay any more. Held and failed messages wait for a person. */
  get flushed(): boolean {
    return !this.#context.ledger.entries().some((entry) => entry.state === "queued")
  }

  /** A hard red: what has not left waits for the user's decision, whatever the light does later. */
  async hold(id: ConversationId): Promise<void> {
    const { ledger, lights } = this.#context
    await ledger.queue.run(async () => {
      const status = lights.of(id)
      if (status.level !== "red" || isTransient(status.reason)) return
      const change = new Change(ledger)
      for (const entry of ledger.entries())
        if (entry.conversationId === id && entry.state === "queued")
          change.setEntry({ ...entry, state: "held", problem: "ERR_NOT_SECURE" })
      await ledger.commit(change)
    })
  }

  /**
   * The connection is usable. What the relay accepted earlier is submitted again where its mailbox may
   * have been lost: the recipient drops what it has. protocol.md §6.9
   */
  online(resumed: boolean): void {
    if (!resumed) this.#accepted.clear()
    this.#unpause()
    this.pump()
  }

  /**
   * The peer knows of these numbers and lacks some, the first for certain: the stored bytes again, the others once, the
   * first three times at most in a process. A relay that took a message and did not hand it out answers its name with
   * "accepted" for ever, which holds up the confirmation of all that follows: after the first time it goes under another
   * name. What the peer has after all is a duplicate by its number.
   */
  again(entries: readonly OutboxEntry[], first: number, last: number): void {
    this.#forgetGone()
    const now = this.#context.deps.nowMs()
    const lacking = entries.filter(({ sequence }) => sequence >= first && sequence <= last)
    for (const { order, sequence } of lacking.slice(0, IN_FLIGHT)) {
      const { times, atMs } = this.#again.get(order) ?? { times: 0, atMs: -Infinity }
      // Several receipts may tell of one loss before anything sent again can have come.
      if (times >= (sequence === first ? MAX_RESENDS : 1) || Math.abs(now - atMs) < RESEND_DELAY_MS) continue
      if (!this.#accepted.delete(order)) continue
      this.#again.set(order, { times: times + 1, atMs: now })
      if (times > 0) this.#renamed.set(order, this.#context.deps.random(16))
    }
    this.pump()
  }
  #forgetGone(): void {
    for (const order of this.#again.keys())
      if (!this.#context.ledger.outbox.has(order)) {
        this.#again.delete(order)
        this.#renamed.delete(order)
      }
  }

  /**
   * Own messages to this device still have to be submitted. What is sealed now must not overtake them: after a few
   * turns of the ratchet their keys are gone at the recipient, and a backlog could not be opened any more.
   */
  toGo(device: DeviceId | undefined): boolean {
    for (const entry of this.#context.ledger.outbox.values())
      if (entry.device === device && (this.#flying.has(entry.order) || this.#mayGo(entry))) return true
    return false
  }

  /** Submits what may go, in order. */
  pump(): void {
    const { ledger, relay } = this.#context
    if (!relay.usable || this.#cancelPause !== undefined) return
    const busy = new Set([...this.#flying].map((order) => ledger.outbox.get(order)?.device))
    for (const entry of ledger.entries()) {
      if (this.#flying.size >= IN_FLIGHT) return
      if (busy.has(entry.device) || !this.#mayGo(entry)) continue
      busy.add(entry.device)
      void this.#submit(entry)
    }
  }
  #mayGo(entry: OutboxEntry): boolean {
    if (entry.state === "sent" && this.#accepted.has(entry.order)) return false
    if (entry.state !== "queued" && entry.state !== "sent") return false
    return this.#context.lights.of(entry.conversationId).level !== "red"
  }

  async #submit(entry: OutboxEntry): Promise<void> {
    const { relay } = this.#context
    this.#flying.add(entry.order)
    this.#told(entry.conversationId, entry.state === "queued" ? [entry.messageId] : [])
    try {
      await relay.submit({ ...entry, envelopeId: this.#renamed.get(entry.order) ?? entry.envelopeId })
      this.#accepted.add(entry.order)
      this.#failures = 0
      await this.#mark(entry)
      this.#context.unconfirmed(entry.conversationId, false)
    } catch (error) {
      await this.#onFailure(entry, error)
    } finally {
      this.#flying.delete(entry.order)
      if (!this.toGo(entry.device)) this.#context.allOut(entry.conversationId)
      this.#told(entry.conversationId, [entry.messageId])
    }
  }

  async #onFailure(entry: OutboxEntry, error: unknown): Promise<void> {
    const problem = SecureChatError.is(error) ? error : undefined
    if (SecureChatError.is(error, "ERR_FRAME_TOO_LARGE", "ERR_TRANSPORT_PROTOCOL")) {
      await giveUp(this.#context, [entry], error.code).catch(this.#context.report)
      return
    }
    // The recipient's device is not known there: it may have to come back, or it has another identity now.
    if (SecureChatError.is(error, "ERR_USER_NOT_FOUND")) this.#context.lookUp(entry.conversationId)
    if (this.#context.relay.usable) this.#pause(problem?.retryAfterMs ?? 0)
  }

  async #mark(entry: OutboxEntry): Promise<void> {
    const { ledger } = this.#context
    try {
      await ledger.queue.run(async () => {
        const current = ledger.outbox.get(entry.order)
        if (current?.envelopeId !== entry.envelopeId || current.state !== "queued") return
        await ledger.commit(new Change(ledger).setEntry({ ...current, state: "sent", problem: undefined }))
      })
    } catch (error) {
      this.#context.report(error)
    }
  }

  #pause(atLeastMs: number): void {
    if (this.#cancelPause !== undefined) return
    const { timers, deps } = this.#context
    this.#failures += 1
    const waitMs = Math.max(atLeastMs, backoffMs(this.#failures, uniform(deps.random), RETRY))
    this.#cancelPause = timers.after(waitMs, () => {
      this.#cancelPause = undefined
      this.pump()
    })
  }
  #unpause(): void {
    this.#cancelPause?.()
    this.#cancelPause = undefined
  }
  /** No timer is left. */
  stop(): void {
    this.#unpause()
    this.#failures = 0
    // Another tab may give out the same numbers before the next start.
    this.#accepted.clear()
  }

  #told(id: ConversationId, messages: readonly MessageId[]): void {
    const { changed, updated } = this.#context
    updated(id, messages)
    changed()
    this.pump()
  }
}
