/**
 * What did not open is asked for again: through a live session, a few times, for a day. New keys are made only where
 * there are none, or after three requests with nothing authentic behind them, once an hour: a forger must not spend
 * prekeys or force resets. protocol.md §6.9
 */
import { toBase64url } from "../bytes/text.ts"
import { type EnvelopeName, encodeResend } from "../content/kinds.ts"
import type { ErrorCode } from "../errors.ts"
import { MAX_RESENDS, MAX_WANTED, RESEND_AGAIN_MS, RESEND_DELAY_MS, RESEND_MAX_AGE_MS } from "../limits.ts"
import { KeyedTimers } from "../runtime/timers.ts"
import type { Session } from "../session/state.ts"
import { type AccountId, type ConversationId, MESSAGE_ID_BYTES } from "../wire/address.ts"
import type { Envelope } from "../wire/envelope.ts"
import type { Context } from "./context.ts"
import { Gate } from "./gate.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import type { Wanted } from "./records.ts"
import { type Sealed, seal } from "./seal.ts"
import { type Sessions, hasSession } from "./sessions.ts"

/** Refusals behind which a message may stand that opens under other keys. */
const CAUSES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(["ERR_AUTHENTICATION", "ERR_NO_SESSION", "ERR_TOO_OLD", "ERR_TOO_FAR"] as const),
  ...(["ERR_HANDSHAKE_FAILED", "ERR_RATE_LIMITED"] as const),
])
const MINUTE_MS = 60_000
/** Of a session and no envelope: the session is not to be used any more. */
const NOTHING = { ratchetKey: /* @__PURE__ */ new Uint8Array(32), count: 0, unknown: true }
const isLeft = (session: Session): boolean =>
  session.phase === "retired" && session.lastReceivedAtMs >= session.retiredAtMs

export class Asking {
  readonly #context: Context
  readonly #sessions: Sessions
  readonly #timers: KeyedTimers<ConversationId>
  readonly #new = new Gate({ burst: MAX_WANTED, refillMs: MINUTE_MS })
  readonly #heard = new Set<ConversationId>()
  /** Requests that wait until own messages are out. */
  readonly #behind = new Set<ConversationId>()
  readonly #resets = new Gate({ burst: 1, refillMs: 60 * MINUTE_MS })
  /** The peer is to leave a session there. */
  readonly #leaving = new Set<ConversationId>()

  constructor(context: Context, sessions: Sessions) {
    this.#context = context
    this.#sessions = sessions
    this.#timers = new KeyedTimers(context.timers)
    context.forgetting.add((id) => {
      this.#timers.cancel(id)
      this.#heard.delete(id)
      this.#leaving.delete(id)
    })
  }

  /** Does a placeholder stand for what this envelope brings? Then it is asked for under its new name. */
  stands(change: Change, envelope: Envelope | undefined): boolean {
    const key = envelope?.commitment && toBase64url(envelope.commitment)
    const before = key === undefined ? undefined : this.#context.ledger.wanted.get(key)
    if (key === undefined || before === undefined || envelope === undefined) return false
    change.setWanted(key, { ...before, ...this.#nameOf(envelope) })
    return true
  }
  #nameOf({
    sessionId,
    ratchetKey,
    count,
  }: Envelope): EnvelopeName & Pick<Wanted, "sessionId" | "ratchetKey"> {
    const unknown = this.#context.ledger.linkOfSession(sessionId) === undefined
    return { sessionId, ratchetKey, count, unknown }
  }

  /** Into the change that stores its placeholder: this envelope is asked for, if there is a chance. */
  want(
    change: Change,
    from: { readonly id: ConversationId; readonly account: AccountId; readonly place: number },
    envelope: Envelope | undefined,
    code: ErrorCode,
  ): void {
    const { deps } = this.#context
    const commitment = envelope?.commitment
    const now = deps.nowMs()
    if (envelope === undefined || commitment === undefined || !CAUSES.has(code)) return
    this.#heard.delete(from.id)
    if (this.#of(from.id).length >= MAX_WANTED || !this.#new.open(from.id, now)) return
    this.#new.take(from.id, now)
    change.setWanted(toBase64url(commitment), {
      ...this.#nameOf(envelope),
      ...{ commitment, conversationId: from.id, account: from.account, place: from.place },
      ...{ asked: 0, sinceMs: now },
    })
    change.after(() => {
      this.#schedule(from.id, RESEND_DELAY_MS)
    })
  }

  /** Something authentic of the peer: whatever it could not send again, its session stands. */
  heard(id: ConversationId): void {
    this.#heard.add(id)
  }

  /**
   * The peer writes on a session that only receives here, and would for ever where both hold another one as well: the two
   * directions would never step each other's ratchet (simulation, seed 681). It is told to leave that session, at most
   * as often as it writes.
   */
  leave(id: ConversationId): void {
    this.#leaving.add(id)
    this.#schedule(id, RESEND_DELAY_MS)
  }

  /** After a sign-in. */
  scheduleAll(): void {
    for (const { conversationId } of this.#context.ledger.wanted.values())
      this.#schedule(conversationId, RESEND_DELAY_MS)
  }
  /** Own messages stood in the way; they are out. */
  goOn(id: ConversationId): void {
    if (this.#behind.delete(id)) this.#ask(id).catch(this.#context.report)
  }
  stop(): void {
    this.#timers.clear()
    this.#behind.clear()
  }

  #of(id: ConversationId): Wanted[] {
    return [...this.#context.ledger.wanted.values()].filter((wanted) => wanted.conversationId === id)
  }
  #schedule(id: ConversationId, waitMs: number): void {
    if (this.#timers.has(id)) return
    this.#timers.set(id, waitMs, () => {
      this.#timers.cancel(id)
      this.#ask(id).catch(this.#context.report)
    })
  }

  async #ask(id: ConversationId): Promise<void> {
    const { ledger, lights, relay, deps, toGo } = this.#context
    const record = ledger.conversations.get(id)
    if (record === undefined || !relay.usable) return
    const account = pinnedAccount(record.trust)
    if (toGo(account)) {
      this.#behind.add(id)
      return
    }
    const now = deps.nowMs()
    const unheard = !this.#heard.has(id) && this.#of(id).some((wanted) => wanted.asked >= MAX_RESENDS)
    const renew = (unheard || !hasSession(ledger, account)) && this.#resets.open(id, now)
    if (renew) {
      this.#resets.take(id, now)
      await this.#sessions.renew(id)
    }
    if (lights.of(id).level === "red") return
    const sealed = await ledger.queue.run(() => this.#seal(id, account, renew))
    if (sealed === undefined) return
    this.#schedule(id, RESEND_AGAIN_MS)
    const { device, envelope } = sealed
    await relay.submit({ envelopeId: deps.random(16), account, device, envelope })
  }

  async #seal(id: ConversationId, account: AccountId, renewed: boolean): Promise<Sealed | undefined> {
    const { ledger, deps } = this.#context
    const change = new Change(ledger)
    const now = deps.nowMs()
    const envelopes = this.#of(id).filter((wanted) => {
      const key = toBase64url(wanted.commitment)
      const asked = renewed ? 0 : wanted.asked
      const old = now - wanted.sinceMs > RESEND_MAX_AGE_MS || wanted.account !== account
      if (old) change.setWanted(key, undefined)
      else if (asked < MAX_RESENDS) change.setWanted(key, { ...wanted, asked: asked + 1 })
      return !old && asked < MAX_RESENDS
    })
    const left = this.#leaving.delete(id) ? ledger.linkWith(account).sessions.filter(isLeft) : []
    const named = [...envelopes, ...left.map((one) => ({ ...NOTHING, sessionId: one.id }))]
    const out = { id, account, messageId: deps.random(MESSAGE_ID_BYTES), sentAtMs: now }
    const sealed =
      named.length === 0
        ? undefined
        : seal(ledger, change, "resend", { ...out, content: encodeResend({ envelopes: named }) })
    await ledger.commit(change)
    return sealed
  }
}
