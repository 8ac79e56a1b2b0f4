/**
 * What the relay delivers: dedupe → session → one batch → ack → events. Everything ends in exactly one
 * disposition and none blocks the queue; what was not stored is not acknowledged. protocol.md §6.5
 */
import { equalBytes } from "../bytes/compare.ts"
import { EMPTY } from "../bytes/concat.ts"
import { toBase64url } from "../bytes/text.ts"
import { reduceDirect } from "../conversation/reduce.ts"
import { SecureChatError } from "../errors.ts"
import { accountIdOfKey, deviceListHash } from "../identity/ids.ts"
import { FAILED_HANDSHAKES_BURST } from "../limits.ts"
import type { Effect } from "../session/effect.ts"
import type { FirstMessageContext } from "../session/input.ts"
import { type Link, emptyLink } from "../session/state.ts"
import { transition } from "../session/transition.ts"
import { type AccountId, type DeviceId, formatAccountId, formatDeviceId } from "../wire/address.ts"
import { type Envelope, decodeEnvelope } from "../wire/envelope.ts"
import type { FrameOf } from "../wire/frame-types.ts"
import type { HandshakeBlock } from "../wire/handshake.ts"
import type { Asking } from "./asking.ts"
import type { Context } from "./context.ts"
import { Gate } from "./gate.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { type Step, authorOf } from "./opened.ts"
import { Received } from "./received.ts"

type Deliver = FrameOf<"deliver">

const MINUTE_MS = 60_000

export class Inbox {
  readonly #context: Context
  readonly #received: Received
  readonly #failed = new Gate({ burst: FAILED_HANDSHAKES_BURST, refillMs: MINUTE_MS })
  readonly #handshakes = new Gate({ burst: 20, refillMs: 3 * MINUTE_MS })
  /** Repeats not told yet, of devices one has a conversation with. */
  readonly #repeats = new Map<string, number>()
  readonly #replays = new Gate({ burst: 1, refillMs: MINUTE_MS })
  /** Devices whose refused messages have their one placeholder already. */
  readonly #refused = new Set<string>()

  readonly #asking: Asking

  constructor(context: Context, asking: Asking) {
    this.#context = context
    this.#asking = asking
    this.#received = new Received(context, asking)
    context.forgetting.add((_, devices) => {
      for (const { account, device } of devices)
        for (const known of [this.#refused, this.#repeats]) known.delete(`${account}/${device}`)
    })
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
    const { change, told } = await this.#disposed(frame)
    change.setCursor(frame.cursor)
    await ledger.commit(change)
    relay.post({ type: "ack", cursor: frame.cursor })
    changed()
    for (const tell of told) tell()
  }

  /** The one disposition of a delivery, ready to be stored. */
  async #disposed(frame: Deliver): Promise<Step> {
    const { ledger } = this.#context
    const name = `${formatDeviceId(frame.fromDeviceId)}:${toBase64url(frame.envelopeId)}`
    const begin = (): Step => {
      const change = new Change(ledger)
      change.after(ledger.repeats.take(name, change.batch))
      return { change, frame, told: [] }
    }
    if (ledger.repeats.has(name)) {
      const step: Step = { change: new Change(ledger), frame, told: [] }
      this.#oweAgain(step)
      return step
    }
    const step = begin()
    const sender = `${formatAccountId(frame.fromAccountId)}/${formatDeviceId(frame.fromDeviceId)}`
    try {
      await this.#open(step, sender)
      return step
    } catch (error) {
      if (!SecureChatError.is(error, "ERR_INTERNAL")) throw error
      // What cannot be stored as it is stands as a placeholder: one delivery must not block the queue for ever.
      this.#context.report(error)
      const bare = begin()
      this.#onRefused(bare, error, sender)
      return bare
    }
  }

  /** The sender does not know yet that its message is here. */
  #oweAgain({ change, frame, told }: Step): void {
    const { ledger } = this.#context
    const account = formatAccountId(frame.fromAccountId)
    const conversation = ledger.conversationWith(account)
    if (conversation === undefined) return
    const deviceId = formatDeviceId(frame.fromDeviceId)
    const [next] = reduceDirect(change.direct(account), { type: "repeat", deviceId })
    change.setDirect(account, next)
    told.push(() => {
      this.#context.owe(conversation.id)
    })
  }

  async #open(step: Step, sender: string): Promise<void> {
    const { frame } = step
    let envelope: Envelope | undefined
    try {
      envelope = decodeEnvelope(frame.body)
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
      this.#onRefused(step, error, sender, envelope)
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
  #onRefused(step: Step, error: SecureChatError, sender: string, envelope?: Envelope): void {
    const { ledger, deps } = this.#context
    if (error.code === "ERR_DUPLICATE") {
      this.#oweAgain(step)
      this.#replayed(step, sender)
      return
    }
    if (error.code === "ERR_HANDSHAKE_FAILED" || error.code === "ERR_AUTHENTICATION")
      this.#failed.take(sender, deps.nowMs())
    const account = formatAccountId(step.frame.fromAccountId)
    const conversation = ledger.conversationWith(account)
    if (conversation === undefined || this.#asking.stands(step.change, envelope)) return
    const author = { account, device: formatDeviceId(step.frame.fromDeviceId) }
    if (this.#refused.has(sender)) {
      this.#asking.want(step.change, { ...author, id: conversation.id, place: 0 }, envelope, error.code)
      return
    }
    this.#refused.add(sender)
    this.#received.placeholder(step, conversation, author, { code: error.code, envelope })
  }

  /** An envelope under a new name, and its message was taken before: not the sender's doing, who keeps the name. */
  #replayed({ frame, told }: Step, sender: string): void {
    const { ledger, deps, emit } = this.#context
    const accountId = formatAccountId(frame.fromAccountId)
    const record = ledger.conversationWith(accountId)
    if (record === undefined || accountId !== pinnedAccount(record.trust)) return
    const repeats = (this.#repeats.get(sender) ?? 0) + 1
    this.#repeats.set(sender, repeats)
    if (!this.#replays.open(sender, deps.nowMs())) return
    this.#replays.take(sender, deps.nowMs())
    this.#repeats.delete(sender)
    const deviceId = formatDeviceId(frame.fromDeviceId)
    told.push(() => {
      emit("replay", Object.freeze({ conversationId: record.id, accountId, deviceId, repeats }), record.id)
    })
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
          await this.#received.opened(step, link, effect)
          break
        case "unreadable":
          await this.#received.unreadable(step, effect)
          break
        case "evicted":
          this.#context.settings.log.warn("skipped message keys were dropped", { count: effect.count })
          break
        default:
        // Nothing else comes out of receiving a message.
      }
    }
  }
}

const misattributed = (): SecureChatError =>
  new SecureChatError("ERR_IDENTITY_MISMATCH", "the relay names another sender than the session")
