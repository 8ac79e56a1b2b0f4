/**
 * What authentic messages leave behind: conversations of strangers, messages or placeholders, quarantine,
 * receipts for the outbox. Everything goes into the `Change` of the delivery.
 */
import { toBase64url } from "../bytes/text.ts"
import type { DirectEvent } from "../conversation/events.ts"
import { progressOf } from "../conversation/state.ts"
import { type ErrorCode, SecureChatError } from "../errors.ts"
import { firstSeen } from "../identity/trust.ts"
import { MAX_STRANGER_SESSIONS } from "../limits.ts"
import { retire } from "../session/retire.ts"
import { type Link, emptyLink } from "../session/state.ts"
import {
  type AccountId,
  type ConversationId,
  MESSAGE_ID_BYTES,
  formatAccountId,
  formatDeviceId,
  isHandle,
} from "../wire/address.ts"
import type { FrameOf } from "../wire/frame-types.ts"
import type { Context } from "./context.ts"
import { Gate } from "./gate.ts"
import { keepInspection, showInspection } from "./inspections.ts"
import type { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { placeOf, storeMessage } from "./messages.ts"
import {
  type Author,
  type OpenedEffect,
  type Reading,
  applyReading,
  authorOf,
  messageIdOf,
  readPayload,
} from "./opened.ts"
import { announceReceipts } from "./receipt-events.ts"
import type { ConversationRecord, InspectionRecord, MessageRecord } from "./records.ts"

const HOUR_MS = 3_600_000

/** One delivery on its way into the store. */
export interface Step {
  readonly change: Change
  readonly frame: FrameOf<"deliver">
  /** What is told once it is stored, in order. */
  readonly told: (() => void)[]
}

export class Received {
  readonly #context: Context
  readonly #restarts = new Gate({ burst: 1, refillMs: HOUR_MS })

  constructor(context: Context) {
    this.#context = context
  }

  /** The conversation of an account; a stranger gets one. */
  #conversationFor(step: Step, peer: OpenedEffect["peer"]): ConversationRecord {
    const { ledger, deps } = this.#context
    const account = formatAccountId(peer.accountId)
    const known = ledger.conversationWith(account)
    if (known !== undefined) return step.change.conversation(known.id) ?? known
    const id = ledger.newConversationId(account)
    const pending = step.change.conversation(id)
    if (pending !== undefined) return pending
    this.#boundStrangers(step)
    const trust = firstSeen(account, { accountId: peer.accountId, accountKey: peer.accountKey })
    const record: ConversationRecord = {
      ...{ id, trust, fixed: false, createdAtMs: deps.nowMs(), places: 0 },
      ...{ devices: "proven", stranger: true },
    }
    step.change.setConversation(record)
    return record
  }

  /** Accounts cost nothing: of those never answered, the oldest loses its session. protocol.md §6.7 */
  #boundStrangers({ change, told }: Step): void {
    const { ledger } = this.#context
    const strangers = [...ledger.conversations.values()].filter((record) => record.stranger)
    if (strangers.length < MAX_STRANGER_SESSIONS) return
    const oldest = strangers.reduce((a, b) => (a.createdAtMs <= b.createdAtMs ? a : b))
    const account = pinnedAccount(oldest.trust)
    const device = ledger.deviceOf(account)
    if (device !== undefined) change.setLink(account, device, emptyLink)
    told.push(() => {
      this.#context.report(
        new SecureChatError("ERR_LIMIT", "too many strangers: the oldest session was dropped", {
          details: { limit: MAX_STRANGER_SESSIONS },
        }),
      )
    })
  }

  async opened(step: Step, link: Link, effect: OpenedEffect): Promise<void> {
    const { ledger } = this.#context
    const { change } = step
    const conversation = this.#conversationFor(step, effect.peer)
    const author = authorOf(effect)
    let reading: Reading
    try {
      reading = readPayload(ledger, effect)
    } catch (error) {
      if (!SecureChatError.is(error)) throw error
      this.placeholder(step, conversation, author, error.code)
      return
    }
    const repeated = await this.#isRepeat(conversation.id, reading)
    const events = applyReading(ledger, change, conversation, { effect, reading })
    const isNew = events.some((event) => event.type === "taken" && event.verdict === "new") && !repeated
    await this.#progress(step, { id: conversation.id, author, link, events })
    const late = events.some((event) => event.type === "taken" && event.late)
    if (reading.type === "text" && isNew)
      this.#message(step, link, { conversation, author, effect, reading, late: late || undefined })
    const gap = events.some((event) => event.type === "gap")
    step.told.push(() => {
      if (reading.type === "text" || gap) this.#context.owe(conversation.id)
    })
  }

  async #isRepeat(id: ConversationId, reading: Reading): Promise<boolean> {
    if (reading.type !== "text") return false
    return (await placeOf(this.#context.ledger.store, id, messageIdOf(reading.meta), false)) !== undefined
  }

  #message(
    step: Step,
    link: Link,
    what: {
      readonly conversation: ConversationRecord
      readonly author: Author
      readonly effect: OpenedEffect
      readonly reading: Reading & { readonly type: "text" }
      readonly late: true | undefined
    },
  ): void {
    const { author, effect, reading, late } = what
    const { lights, settings } = this.#context
    const { change, frame } = step
    const claim = claimOf(what.conversation, reading.content.handle)
    const conversation =
      claim === undefined ? what.conversation : { ...what.conversation, claimedHandle: claim }
    const inForce = author.account === pinnedAccount(conversation.trust)
    const status = inForce ? lights.compute(conversation, link) : lights.of(conversation.id)
    const { content, meta } = reading
    const message = this.#keep(step, conversation, author, {
      ...{ id: messageIdOf(meta), sentAtMs: meta.sentAtMs, text: content.text, security: status },
      ...{ replyTo: content.replyTo && toBase64url(content.replyTo), sequence: meta.sequence },
      // Words of an identity nobody has decided about are kept, and not shown. protocol.md §9.3.3
      ...{ quarantined: !inForce || conversation.claimedHandle !== undefined },
      ...{ commitKey: effect.payload.commitKey?.expose(), commitment: effect.commitment, late },
    })
    const record: InspectionRecord = {
      ...{ messageId: message.id, mine: false, device: author.device, envelope: frame.body },
      ...{ contentBytes: reading.contentBytes },
    }
    keepInspection(change.batch, conversation.id, settings.inspect, { place: message.place, record })
    this.#tellMessage(step, { conversation, message, record })
  }

  #tellMessage(
    { told }: Step,
    what: { conversation: ConversationRecord; message: MessageRecord; record: InspectionRecord },
  ): void {
    const { conversation, message, record } = what
    const { emit, show, announce, lookUp, settings } = this.#context
    const { id, places, claimedHandle } = conversation
    if (claimedHandle !== undefined) {
      told.push(() => {
        lookUp(id)
      })
      return
    }
    if (message.quarantined) return
    told.push(() => {
      if (places === 0 && conversation.stranger) announce(id)
      const shown = show(id, message)
      if ("security" in shown) emit("message", shown, id)
      if (settings.inspect > 0) emit("inspect", showInspection(record))
    })
  }

  /** Something authentic that cannot be understood, or something refused: a mark in its place. */
  placeholder(step: Step, from: ConversationRecord, author: Author, code: ErrorCode): void {
    const { deps, lights, emit, show } = this.#context
    const conversation = step.change.conversation(from.id) ?? from
    const message = this.#keep(step, conversation, author, {
      ...{ id: toBase64url(deps.random(MESSAGE_ID_BYTES)), sentAtMs: deps.nowMs(), sequence: 0 },
      ...{ security: lights.of(from.id), quarantined: false, problem: code },
    })
    step.told.push(() => {
      const shown = show(from.id, message)
      if (!("security" in shown)) emit("message:unreadable", shown, from.id)
    })
  }

  /** At the next place of its conversation. */
  #keep(
    { change }: Step,
    conversation: ConversationRecord,
    author: Author,
    what: Omit<MessageRecord, "place" | "mine" | "peer" | "receivedAtMs" | keyof Author>,
  ): MessageRecord {
    const place = conversation.places + 1
    const receivedAtMs = this.#context.deps.nowMs()
    const message = { ...author, ...what, place, mine: false, peer: author.account, receivedAtMs }
    storeMessage(change.batch, conversation.id, message)
    change.setConversation({ ...conversation, places: place })
    return message
  }

  /** Receipts, gaps, and what they mean for the outbox. */
  async #progress(
    step: Step,
    what: {
      readonly id: ConversationId
      readonly author: Author
      readonly link: Link
      readonly events: readonly DirectEvent[]
    },
  ): Promise<void> {
    const { id, author, link, events } = what
    const { account } = author
    const { settle, report, sendAgain } = this.#context
    for (const event of events) {
      if (event.type === "receipt") settle(step.change, id, account, event.upTo)
      if (event.type === "gap") this.#tellGap(step, id, author, event)
      if (event.type === "lacks")
        step.told.push(() => {
          sendAgain(id, account, event.first, event.last)
        })
      if (event.type === "conflict")
        step.told.push(() => {
          report(
            new SecureChatError("ERR_AUTHENTICATION", "the peer's messages do not form one chain", {
              details: { conversation: id, sequence: event.sequence },
            }),
          )
        })
      if (event.type === "rollback") this.#startOver(step, { id, account, link, seen: event.to })
    }
    step.told.push(...(await announceReceipts(this.#context, step.change, { id, account, events })))
    step.told.push(() => {
      this.#unconfirmed(id, author)
    })
  }

  #tellGap(
    step: Step,
    id: ConversationId,
    { account: accountId, device: deviceId }: Author,
    { first, last }: DirectEvent & { readonly type: "gap" },
  ): void {
    const record = step.change.conversation(id)
    // Of an identity nobody has decided about nothing is shown.
    if (record === undefined || accountId !== pinnedAccount(record.trust)) return
    step.told.push(() => {
      this.#context.emit("gap", Object.freeze({ conversationId: id, accountId, deviceId, first, last }), id)
    })
  }

  /** The peer has just spoken: what it has not got is named to it again, or that it will not get it. */
  #unconfirmed(id: ConversationId, { account, device }: Author): void {
    const { ledger, unconfirmed, givenUp } = this.#context
    const state = ledger.direct(id, account)
    const { delivered } = progressOf(state, device)
    if (delivered >= state.sent) return
    if (ledger.floorOf(id, account) - 1 > delivered) givenUp(id)
    else unconfirmed(id, true)
  }

  /**
   * The peer has seen more than this store remembers sending: an older copy of it was put back, and its
   * ratchet may have used these keys already. The session is retired before the next send, for this account
   * alone and at most once an hour, so that a lying peer achieves little. protocol.md §6.9
   */
  #startOver(
    step: Step,
    what: {
      readonly id: ConversationId
      readonly account: AccountId
      readonly link: Link
      readonly seen: number
    },
  ): void {
    const { deps, ensureSession, report, settings } = this.#context
    const now = deps.nowMs()
    const device = formatDeviceId(step.frame.fromDeviceId)
    if (!this.#restarts.open(what.account, now)) return
    this.#restarts.take(what.account, now)
    settings.log.error("an older copy of the store was put back", { conversation: what.id })
    const retired = what.link.sessions.reduce((link, session) => retire(link, session.id, now), what.link)
    step.change.setLink(what.account, device, retired)
    const state = step.change.direct(what.id, what.account)
    step.change.setDirect(what.id, what.account, { ...state, sent: Math.max(state.sent, what.seen) })
    step.told.push(() => {
      ensureSession(what.id).catch(report)
    })
  }

  /** Authentic and not to be understood. */
  unreadable(step: Step, { peer, code }: Pick<OpenedEffect, "peer"> & { readonly code: ErrorCode }): void {
    this.placeholder(step, this.#conversationFor(step, peer), authorOf({ peer }), code)
  }
}

/** A stranger's hint what to look up; of known people none is needed. */
const claimOf = (conversation: ConversationRecord, handle: string | undefined): string | undefined =>
  conversation.stranger &&
  conversation.handle === undefined &&
  conversation.places === 0 &&
  handle !== undefined &&
  isHandle(handle)
    ? handle
    : undefined
