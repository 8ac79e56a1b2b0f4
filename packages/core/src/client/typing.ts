/**
 * Typing both ways, as encrypted signals between devices: throttled, ending by themselves, never stored
 * as messages, dropped where there is no way to send them. protocol.md §6.6
 */
import { KeyedTimers } from "../runtime/timers.ts"
import { decodeTyping, encodeTyping } from "../content/kinds.ts"
import { decodeSignalMeta, encodeSignalMeta } from "../content/meta.ts"
import { NOT_TYPING, type OwnTyping, TYPING_STOP_MS, reduceTyping } from "../conversation/typing.ts"
import { equalBytes } from "../bytes/compare.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { TYPING_EXPIRY_MS } from "../limits.ts"
import { transition } from "../session/transition.ts"
import {
  type AccountId,
  type ConversationId,
  formatAccountId,
  formatDeviceId,
  parseAccountId,
  parseDeviceId,
} from "../wire/address.ts"
import { decodeEnvelope } from "../wire/envelope.ts"
import type { FrameOf } from "../wire/frame-types.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import type { PeerLink } from "./peers.ts"

export class Typing {
  readonly #context: Context
  readonly #own = new Map<ConversationId, OwnTyping>()
  readonly #stops: KeyedTimers<ConversationId>
  /** Peers shown as typing, until they stop or fall silent. */
  readonly #peers: KeyedTimers<ConversationId>

  constructor(context: Context) {
    this.#context = context
    this.#stops = new KeyedTimers(context.timers)
    this.#peers = new KeyedTimers(context.timers)
  }

  /** A keystroke, or its end. */
  note(id: ConversationId, active: boolean): void {
    const { settings, deps } = this.#context
    if (!settings.typing) return
    const [next, signal] = reduceTyping(this.#own.get(id) ?? NOT_TYPING, active, deps.nowMs())
    this.#own.set(id, next)
    this.#stops.cancel(id)
    if (active)
      this.#stops.set(id, TYPING_STOP_MS, () => {
        this.note(id, false)
      })
    if (signal) this.#signal(id, active).catch(this.#context.report)
  }

  /** A text left: typing it has ended, and the peer sees that by itself. */
  sent(id: ConversationId): void {
    this.#stops.cancel(id)
    this.#own.delete(id)
  }

  async #signal(id: ConversationId, active: boolean): Promise<void> {
    const { ledger, lights, relay } = this.#context
    const out = await ledger.queue.run(async () => {
      const record = ledger.conversations.get(id)
      if (record === undefined || !relay.usable || lights.of(id).level === "red") return undefined
      const account = pinnedAccount(record.trust)
      const device = ledger.deviceOf(account)
      return device === undefined
        ? undefined
        : this.#seal({ account, device, link: ledger.linkTo(account, device) }, active)
    })
    if (out !== undefined) relay.post({ type: "signal", ...out })
  }

  async #seal(
    { account, device, link }: PeerLink,
    active: boolean,
  ): Promise<{ accountId: Bytes; deviceId: Bytes; body: Bytes } | undefined> {
    const { deps } = this.#context
    const meta = encodeSignalMeta({ sentAtMs: deps.nowMs() })
    const payload = { kind: "typing", meta, content: encodeTyping({ active }) } as const
    try {
      const [next, effects] = transition(link, { type: "signal", payload }, deps)
      const effect = effects.find((candidate) => candidate.type === "transmit-signal")
      if (effect === undefined) return undefined
      await this.#keep({ account, device, link: next }, effect.store)
      return { accountId: parseAccountId(account), deviceId: parseDeviceId(device), body: effect.envelope }
    } catch (error) {
      // Before the first answer there is no chain a signal could use.
      if (SecureChatError.is(error, "ERR_STATE")) return undefined
      throw error
    }
  }

  /** Signals move a chain; not each of them has to be stored. */
  async #keep(peer: PeerLink, store: boolean): Promise<void> {
    const { ledger } = this.#context
    if (store) await ledger.commit(new Change(ledger).setLink(peer.account, peer.device, peer.link))
    else ledger.applyLink(peer)
  }

  /** A signal from the relay; whatever does not open is dropped in silence, as signals are. */
  async receive(frame: FrameOf<"signalled">): Promise<void> {
    const { ledger } = this.#context
    const tell = await ledger.queue
      .run(() => this.#open(frame))
      .catch((error: unknown) => {
        if (!SecureChatError.is(error)) throw error
        return undefined
      })
    tell?.()
  }

  async #open(frame: FrameOf<"signalled">): Promise<(() => void) | undefined> {
    const { ledger, deps, lights } = this.#context
    const envelope = decodeEnvelope(frame.body)
    const peer = ledger.linkOfSession(envelope.sessionId)
    if (envelope.type !== "signal" || peer === undefined) return undefined
    const { account, device } = peer
    if (account !== formatAccountId(frame.fromAccountId) || device !== formatDeviceId(frame.fromDeviceId))
      return undefined
    const input = { type: "receive", own: ledger.identity, envelope, first: undefined } as const
    const [link, effects] = transition(peer.link, input, deps)
    const effect = effects.find((candidate) => candidate.type === "signalled")
    if (effect === undefined) return undefined
    await this.#keep({ account, device, link }, effect.store)
    if (effect.payload.kind !== "typing") return undefined
    const meta = decodeSignalMeta(effect.payload.meta)
    if (meta.conversation !== undefined && !equalBytes(meta.conversation, ledger.directIdWith(account)))
      return undefined
    const { active } = decodeTyping(effect.payload.content)
    const conversation = ledger.conversationWith(account)
    if (conversation === undefined || pinnedAccount(conversation.trust) !== account) return undefined
    if (lights.of(conversation.id).level === "red") return undefined
    return () => {
      this.#show(conversation.id, account, active)
    }
  }

  /** What the peer shows, until it is over. */
  #show(id: ConversationId, account: AccountId, active: boolean): void {
    const { emit } = this.#context
    const before = this.#peers.has(id)
    if (active)
      this.#peers.set(id, TYPING_EXPIRY_MS, () => {
        this.#show(id, account, false)
      })
    else this.#peers.cancel(id)
    if (active !== before)
      emit("typing", Object.freeze({ conversationId: id, accountId: account, active }), id)
  }

  /** A message of the peer ends its typing. */
  heard(id: ConversationId, account: AccountId): void {
    if (this.#peers.has(id)) this.#show(id, account, false)
  }

  stop(): void {
    this.#stops.clear()
    this.#peers.clear()
    this.#own.clear()
  }
}
