/**
 * What the relay delivers: dedupe → session → one batch → ack → events. Everything ends in exactly one
 * disposition and none blocks the queue; what was not stored is not acknowledged. protocol.md §6.5
 */
import { equalBytes } from "../bytes/compare.ts"
import { EMPTY } from "../bytes/concat.ts"
import { toBase64url } from "../bytes/text.ts"
import type { DirectEvent } from "../conversation/reduce.ts"
import { reduceDirect } from "../conversation/reduce.ts"
import { type ErrorCode, SecureChatError } from "../errors.ts"
import { accountIdOfKey, deviceListHash } from "../identity/ids.ts"
import { firstSeen } from "../identity/trust.ts"
import { FAILED_HANDSHAKES_BURST, MAX_STRANGER_SESSIONS } from "../limits.ts"
import type { Effect } from "../session/effect.ts"
import type { FirstMessageContext } from "../session/input.ts"
import { type Link, emptyLink } from "../session/state.ts"
import { transition } from "../session/transition.ts"
import {
  type AccountId,
  type ConversationId,
  type DeviceId,
  MESSAGE_ID_BYTES,
  formatAccountId,
  formatDeviceId,
  isHandle,
} from "../wire/address.ts"
import { type Envelope, decodeEnvelope } from "../wire/envelope.ts"
import type { FrameOf } from "../wire/frame-types.ts"
import type { HandshakeBlock } from "../wire/handshake.ts"
import type { Context } from "./context.ts"
import { Gate } from "./gate.ts"
import { keepInspection, showInspection } from "./inspections.ts"
import { Change } from "./ledger.ts"
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
import type { ConversationRecord, InspectionRecord, MessageRecord } from "./records.ts"
import { announceReceipts } from "./receipt-events.ts"

type Deliver = FrameOf<"deliver">
/** What is told once a step is stored, in order. */
type Told = (() => void)[]

const MINUTE_MS = 60_000

interface Step {
  readonly change: Change
  readonly frame: Deliver
  readonly told: Told
}

export class Inbox {
  readonly #context: Context
  readonly #failed = new Gate({ burst: FAILED_HANDSHAKES_BURST, refillMs: MINUTE_MS })
  readonly #handshakes = new Gate({ burst: 20, refillMs: 3 * MINUTE_MS })
  /** Devices whose refused messages have their one placeholder already. */
  readonly #refused = new Set<string>()

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Takes one delivery, in its turn.
   *
   * @param wanted false once its connection has ended: it comes again over the next one.
   * @param onFailure told in the same turn when it could not be stored: the ack is cumulative, so no
   *   later delivery of this connection may be stored and acknowledged over it.
   */
  deliver(frame: Deliver, wanted: () => boolean, onFailure: (error: unknown) => void): Promise<void> {
    return this.#context.ledger.queue.run(async () => {
      if (!wanted()) return
      try {
        await this.#take(frame)
      } catch (error) {
        onFailure(error)
        throw error
      }
    })
  }

  async #take(frame: Deliver): Promise<void> {
    const { ledger, relay, changed } = this.#context
    const step: Step = { change: new Change(ledger), frame, told: [] }
    const { change } = step
    const name = `${formatDeviceId(frame.fromDeviceId)}:${toBase64url(frame.envelopeId)}`
    if (ledger.repeats.has(name)) this.#oweAgain(step)
    else {
      change.after(ledger.repeats.take(name, change.batch))
      await this.#open(step)
    }
    change.setCursor(frame.cursor)
    await ledger.commit(change)
    relay.post({ type: "ack", cursor: frame.cursor })
    changed()
    for (const tell of step.told) tell()
  }

  /** The sender does not know yet that its message is here. */
  #oweAgain({ change, frame, told }: Step): void {
    const { ledger } = this.#context
    const account = formatAccountId(frame.fromAccountId)
    const conversation = ledger.conversationWith(account)
    if (conversation === undefined) return
    const deviceId = formatDeviceId(frame.fromDeviceId)
    const [next] = reduceDirect(change.direct(conversation.id, account), { type: "repeat", deviceId })
    change.setDirect(conversation.id, account, next)
    told.push(() => {
      this.#context.owe(conversation.id)
    })
  }

  async #open(step: Step): Promise<void> {
    const { frame } = step
    const sender = `${formatAccountId(frame.fromAccountId)}/${formatDeviceId(frame.fromDeviceId)}`
    try {
      const envelope = decodeEnvelope(frame.body)
      if (envelope.type === "signal") throw new SecureChatError("ERR_DECODE", "a signal in a mailbox")
      const before = this.#linkOf(envelope, frame)
      const first = this.#firstContext(envelope, before, sender)
      const input = { type: "receive", own: this.#context.ledger.identity, envelope, first } as const
      const [link, effects] = transition(before.link, input, this.#context.deps)
      this.#refused.delete(sender)
      step.change.setLink(before.account, before.device, link)
      await this.#effects(step, link, effects)
    } catch (error) {
      if (
        !SecureChatError.is(error) ||
        SecureChatError.is(error, "ERR_INTERNAL", "ERR_STORE_UNAVAILABLE", "ERR_STORE_CORRUPT")
      )
        throw error
      this.#onRefused(step, error, sender)
    }
  }

  /** Whose session it is. The relay's word counts only where it agrees. */
  #linkOf(envelope: Envelope, frame: Deliver): { account: AccountId; device: DeviceId; link: Link } {
    const { ledger } = this.#context
    const account = formatAccountId(frame.fromAccountId)
    const device = formatDeviceId(frame.fromDeviceId)
    const known = ledger.linkOfSession(envelope.sessionId)
    if (known !== undefined) {
      if (known.account !== account || known.device !== device) throw misattributed()
      return known
    }
    const block = envelope.handshake
    if (block !== undefined) {
      const named =
        equalBytes(accountIdOfKey(block.certificate.accountKey), frame.fromAccountId) &&
        equalBytes(block.certificate.deviceId, frame.fromDeviceId)
      if (!named) throw misattributed()
    }
    return { account, device, link: block === undefined ? emptyLink : ledger.linkTo(account, device) }
  }

  /** Cheap refusals of a new handshake come before any key operation. */
  #firstContext(envelope: Envelope, before: { link: Link }, sender: string): FirstMessageContext | undefined {
    const block = envelope.handshake
    const { ledger, deps } = this.#context
    const known = before.link.sessions.some((session) => equalBytes(session.id, envelope.sessionId))
    if (block === undefined || known) return undefined
    const now = deps.nowMs()
    if (!this.#failed.open(sender, now) || !this.#handshakes.open(sender, now))
      throw new SecureChatError("ERR_RATE_LIMITED", "too many handshakes of one device")
    return {
      keys: ledger.prekeys.find(block),
      replayed: ledger.prekeys.replayed(block),
      ownListHash: this.#ownListHash(block),
      fresh: EMPTY,
      context: EMPTY,
    }
  }
  #ownListHash(block: HandshakeBlock): ReturnType<typeof deviceListHash> | undefined {
    const { list } = this.#context.ledger.identity
    return block.peerListVersion === list.version ? deviceListHash(list.body) : undefined
  }

  /** Refused: nothing of it changed a session, and it may be a forgery. One placeholder per known device. */
  #onRefused(step: Step, error: SecureChatError, sender: string): void {
    const { ledger, deps } = this.#context
    if (error.code === "ERR_DUPLICATE") {
      this.#oweAgain(step)
      return
    }
    if (error.code === "ERR_HANDSHAKE_FAILED" || error.code === "ERR_AUTHENTICATION")
      this.#failed.take(sender, deps.nowMs())
    const account = formatAccountId(step.frame.fromAccountId)
    const conversation = ledger.conversationWith(account)
    if (conversation === undefined || this.#refused.has(sender)) return
    this.#refused.add(sender)
    const author = { account, device: formatDeviceId(step.frame.fromDeviceId) }
    this.#placeholder(step, conversation, author, error.code)
  }

  async #effects(step: Step, link: Link, effects: readonly Effect[]): Promise<void> {
    const { ledger, deps } = this.#context
    const { change } = step
    for (const effect of effects) {
      switch (effect.type) {
        case "spend":
          ledger.prekeys.spend(effect, change.batch)
          change.after(() => {
            ledger.prekeys.spent(effect)
          })
          break
        case "session": {
          const author = authorOf(effect)
          this.#handshakes.take(`${author.account}/${author.device}`, deps.nowMs())
          break
        }
        case "opened":
          await this.#opened(step, link, effect)
          break
        case "unreadable": {
          const author = authorOf(effect)
          this.#placeholder(step, this.#conversationFor(step, effect.peer), author, effect.code)
          break
        }
        case "evicted":
          this.#context.settings.log.warn("skipped message keys were dropped", { count: effect.count })
          break
        default:
        // Nothing else comes out of receiving a message.
      }
    }
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
      ...{ id, trust, handle: undefined, fixed: false, createdAtMs: deps.nowMs(), places: 0 },
      ...{ devices: "proven", stranger: true, claimedHandle: undefined },
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

  async #opened(step: Step, link: Link, effect: OpenedEffect): Promise<void> {
    const { ledger } = this.#context
    const { change } = step
    const conversation = this.#conversationFor(step, effect.peer)
    const author = authorOf(effect)
    let reading: Reading
    try {
      reading = readPayload(ledger, effect)
    } catch (error) {
      if (!SecureChatError.is(error)) throw error
      this.#placeholder(step, conversation, author, error.code)
      return
    }
    const repeated = await this.#isRepeat(conversation.id, reading)
    const events = applyReading(ledger, change, conversation, { effect, reading })
    const isNew = events.some((event) => event.type === "taken" && event.verdict === "new") && !repeated
    await this.#progress(step, conversation.id, author.account, events)
    if (reading.type === "text" && isNew) this.#message(step, link, { conversation, author, effect, reading })
    step.told.push(() => {
      if (reading.type === "text") this.#context.owe(conversation.id)
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
    },
  ): void {
    const { author, effect, reading } = what
    const { deps, lights, settings } = this.#context
    const { change, frame } = step
    const claim = claimOf(what.conversation, reading.content.handle)
    const conversation =
      claim === undefined ? what.conversation : { ...what.conversation, claimedHandle: claim }
    const inForce = author.account === pinnedAccount(conversation.trust)
    const status = inForce ? lights.compute(conversation, link) : lights.of(conversation.id)
    const { content, meta } = reading
    const place = conversation.places + 1
    const message: MessageRecord = {
      ...{ place, id: messageIdOf(meta), mine: false, account: author.account, device: author.device },
      ...{ peer: author.account, sentAtMs: meta.sentAtMs, receivedAtMs: deps.nowMs(), text: content.text },
      ...{ replyTo: content.replyTo === undefined ? undefined : toBase64url(content.replyTo) },
      ...{ sequence: meta.sequence, security: status, problem: undefined },
      // Words of an identity nobody has decided about are kept, and not shown. protocol.md §9.3.3
      ...{ quarantined: !inForce || conversation.claimedHandle !== undefined },
      ...{ commitKey: effect.payload.commitKey?.expose(), commitment: effect.commitment },
    }
    storeMessage(change.batch, conversation.id, message)
    change.setConversation({ ...conversation, places: place })
    const record: InspectionRecord = {
      ...{ messageId: message.id, mine: false, device: author.device, envelope: frame.body },
      ...{ contentBytes: reading.contentBytes },
    }
    keepInspection(change.batch, conversation.id, settings.inspect, { place, record })
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
  #placeholder(step: Step, from: ConversationRecord, author: Author, code: ErrorCode): void {
    const { deps, lights, emit, show } = this.#context
    const { change, told } = step
    const conversation = change.conversation(from.id) ?? from
    const place = conversation.places + 1
    const now = deps.nowMs()
    const message: MessageRecord = {
      ...{
        place,
        id: toBase64url(deps.random(MESSAGE_ID_BYTES)),
        mine: false,
        ...author,
        peer: author.account,
      },
      ...{ sentAtMs: now, receivedAtMs: now, text: undefined, replyTo: undefined, sequence: 0 },
      ...{ security: lights.of(conversation.id), quarantined: false, problem: code },
      ...{ commitKey: undefined, commitment: undefined },
    }
    storeMessage(change.batch, conversation.id, message)
    change.setConversation({ ...conversation, places: place })
    told.push(() => {
      const shown = show(conversation.id, message)
      if (!("security" in shown)) emit("message:unreadable", shown, conversation.id)
    })
  }

  /** Receipts, gaps, and what they mean for the outbox. */
  async #progress(
    step: Step,
    id: ConversationId,
    account: AccountId,
    events: readonly DirectEvent[],
  ): Promise<void> {
    const { settle, settings, report } = this.#context
    for (const event of events) {
      if (event.type === "receipt") settle(step.change, id, account, event.upTo)
      if (event.type === "gap")
        settings.log.info("messages are missing", { conversation: id, missing: event.missing })
      if (event.type === "conflict")
        step.told.push(() => {
          report(
            new SecureChatError("ERR_AUTHENTICATION", "the peer's messages do not form one chain", {
              details: { conversation: id, sequence: event.sequence },
            }),
          )
        })
      if (event.type === "rollback")
        this.#context.settings.log.error("an older copy of the store was put back", { conversation: id })
    }
    step.told.push(...(await announceReceipts(this.#context, step.change, { id, account, events })))
  }
}

const misattributed = (): SecureChatError =>
  new SecureChatError("ERR_IDENTITY_MISMATCH", "the relay names another sender than the session")

/** A stranger's hint what to look up; of known people none is needed. */
const claimOf = (conversation: ConversationRecord, handle: string | undefined): string | undefined =>
  conversation.stranger &&
  conversation.handle === undefined &&
  conversation.places === 0 &&
  handle !== undefined &&
  isHandle(handle)
    ? handle
    : undefined
