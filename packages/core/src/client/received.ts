/**
 * What authentic messages leave behind: conversations of strangers, messages or placeholders, quarantine,
 * receipts for the outbox. Everything goes into the `Change` of the delivery.
 */
import { equalBytes } from "../bytes/compare.ts"
import { toBase64url } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { type ErrorCode, SecureChatError } from "../errors.ts"
import type { Link } from "../session/state.ts"
import { type ConversationId, MESSAGE_ID_BYTES, formatAccountId, isHandle } from "../wire/address.ts"
import type { Envelope } from "../wire/envelope.ts"
import { answer } from "./answering.ts"
import type { Asking } from "./asking.ts"
import type { Context } from "./context.ts"
import { keepInspection, showInspection } from "./inspections.ts"
import { pinnedAccount } from "./lights.ts"
import { messageAt, placeOf, storeMessage } from "./messages.ts"
import {
  type Author,
  type OpenedEffect,
  type Reading,
  type Step,
  applyReading,
  authorOf,
  messageIdOf,
  readPayload,
} from "./opened.ts"
import { Progress } from "./progress.ts"
import { type ConversationRecord, type InspectionRecord, type MessageRecord, at } from "./records.ts"
import { boundStrangers, stranger } from "./strangers.ts"

export class Received {
  readonly #context: Context
  readonly #asking: Asking
  readonly #progress: Progress

  constructor(context: Context, asking: Asking) {
    this.#context = context
    this.#asking = asking
    this.#progress = new Progress(context)
  }

  /** The conversation of an account; a stranger gets one. */
  async #conversationFor(step: Step, peer: OpenedEffect["peer"]): Promise<ConversationRecord> {
    const { ledger } = this.#context
    const account = formatAccountId(peer.accountId)
    const known = step.change.conversationWith(account)
    if (known !== undefined) return known
    await boundStrangers(this.#context, step)
    const record = stranger(ledger, peer)
    step.change.setConversation(record)
    return record
  }

  async opened(step: Step, link: Link, effect: OpenedEffect): Promise<void> {
    const { ledger } = this.#context
    const { change } = step
    const conversation = await this.#conversationFor(step, effect.peer)
    const author = authorOf(effect)
    let reading: Reading
    try {
      reading = readPayload(ledger, effect)
    } catch (error) {
      if (!SecureChatError.is(error)) throw error
      this.placeholder(step, conversation, author, { code: error.code })
      return
    }
    const events = applyReading(ledger, change, { effect, reading })
    const taken = events.find((event) => event.type === "taken")
    const isNew = !(await this.#isRepeat(conversation.id, author, reading))
    await this.#progress.take(step, { id: conversation.id, author, link, events })
    if (reading.type === "text" && isNew)
      await this.#message(step, link, {
        ...{ conversation, author, effect, reading },
        late: taken?.late === true || undefined,
      })
    const gap = events.some((event) => event.type === "gap")
    this.#asking.heard(conversation.id)
    const on = link.sessions.find(({ id }) => equalBytes(id, effect.sessionId))
    step.told.push(() => {
      if (on?.phase === "retired" && !conversation.stranger) this.#asking.leave(conversation.id)
      if (reading.type === "text" || gap) this.#context.owe(conversation.id)
      if (reading.type === "resend")
        answer(this.#context, author, { sessionId: effect.sessionId, ...reading }).catch(this.#context.report)
    })
  }

  /**
   * By its id, as protocol.md §6.4 has it: what is new under a number that was taken comes from an older store put back
   * (simulation, seeds 607 and 7145). It may lie in the account's first conversation, which has gone over to another
   * identity since (seed 7313). Not in all there are: a peer that repeats numbers must not make us read each of them.
   */
  async #isRepeat(id: ConversationId, { account }: Author, reading: Reading): Promise<boolean> {
    if (reading.type !== "text") return true
    const { ledger } = this.#context
    for (const one of new Set([id, ledger.firstIdWith(account)]))
      if ((await placeOf(ledger.store, one, messageIdOf(reading.meta), false)) !== undefined) return true
    return false
  }

  async #message(
    step: Step,
    link: Link,
    what: {
      readonly conversation: ConversationRecord
      readonly author: Author
      readonly effect: OpenedEffect
      readonly reading: Reading & { readonly type: "text" }
      readonly late: true | undefined
    },
  ): Promise<void> {
    const { author, effect, reading, late } = what
    const { lights, settings } = this.#context
    const { change, frame } = step
    const claim = claimOf(what.conversation, reading.content.handle)
    const conversation =
      claim === undefined ? what.conversation : { ...what.conversation, claimedHandle: claim }
    const inForce = author.account === pinnedAccount(conversation.trust)
    const status = inForce ? lights.compute(conversation, link) : lights.of(conversation.id)
    const { content, meta } = reading
    const unreadable = await this.#replaced(step, conversation.id, author, effect.commitment)
    const message = this.#keep(step, conversation, author, {
      ...{ id: messageIdOf(meta), sentAtMs: meta.sentAtMs, text: content.text, security: status },
      ...{ replyTo: content.replyTo && toBase64url(content.replyTo), sequence: meta.sequence },
      // Words of an identity nobody has decided about are kept, and not shown. protocol.md §9.3
      ...{ quarantined: !inForce || conversation.claimedHandle !== undefined },
      ...{ commitKey: effect.payload.commitKey?.expose(), commitment: effect.commitment, late },
      ...{ replaces: unreadable?.id, place: unreadable?.place },
    })
    const record: InspectionRecord = {
      ...{ messageId: message.id, mine: false, device: author.device, envelope: frame.body },
      ...{ contentBytes: reading.contentBytes },
    }
    keepInspection(change.batch, conversation.id, settings.inspect, { place: message.place, record })
    this.#tellMessage(step, { conversation, message, record })
  }

  /** The placeholder whose message this is: by C_f, which a resend keeps. */
  async #replaced(
    { change }: Step,
    id: ConversationId,
    { account }: Author,
    commitment: Bytes,
  ): Promise<MessageRecord | undefined> {
    const { ledger } = this.#context
    const key = toBase64url(commitment)
    const wanted = ledger.wanted.get(key)
    if (wanted?.conversationId !== id || wanted.account !== account) return undefined
    change.setWanted(key, undefined)
    const found = wanted.place === 0 ? undefined : await messageAt(ledger.store, id, wanted.place)
    if (found?.problem === undefined || found.mine) return undefined
    change.batch.delete(at.place(id, false, found.id))
    return found
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
  placeholder(
    step: Step,
    from: ConversationRecord,
    author: Author,
    { code, envelope }: { readonly code: ErrorCode; readonly envelope?: Envelope | undefined },
  ): void {
    const { deps, lights, emit, show } = this.#context
    const conversation = step.change.conversation(from.id) ?? from
    const message = this.#keep(step, conversation, author, {
      ...{ id: toBase64url(deps.random(MESSAGE_ID_BYTES)), sentAtMs: deps.nowMs(), sequence: 0 },
      ...{ security: lights.of(from.id), quarantined: false, problem: code },
      commitment: envelope?.commitment,
    })
    this.#asking.want(step.change, { ...author, id: from.id, place: message.place }, envelope, code)
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
    what: Omit<MessageRecord, "place" | "mine" | "peer" | "receivedAtMs" | keyof Author> & {
      /** Of a placeholder that goes. */
      readonly place?: number | undefined
    },
  ): MessageRecord {
    const place = what.place ?? conversation.places + 1
    const receivedAtMs = this.#context.deps.nowMs()
    const message = { ...author, ...what, place, mine: false, peer: author.account, receivedAtMs }
    storeMessage(change.batch, conversation.id, message)
    change.setConversation({ ...conversation, places: Math.max(place, conversation.places) })
    return message
  }

  /** Authentic and not to be understood. */
  async unreadable(
    step: Step,
    { peer, code }: Pick<OpenedEffect, "peer"> & { readonly code: ErrorCode },
  ): Promise<void> {
    this.placeholder(step, await this.#conversationFor(step, peer), authorOf({ peer }), { code })
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
