/**
 * What an authentic message says about numbers, besides its text: receipts for the outbox, gaps, what the peer lacks,
 * a chain that breaks, an own store that went back. Everything goes into the `Change` of the delivery.
 */
import type { DirectEvent } from "../conversation/events.ts"
import { progressOf } from "../conversation/state.ts"
import { SecureChatError } from "../errors.ts"
import { retire } from "../session/retire.ts"
import type { Link } from "../session/state.ts"
import { type AccountId, type ConversationId, formatDeviceId } from "../wire/address.ts"
import type { Context } from "./context.ts"
import { Gate } from "./gate.ts"
import { pinnedAccount } from "./lights.ts"
import type { Author, Step } from "./opened.ts"
import { tellPutBack } from "./put-back.ts"
import { announceReceipts } from "./receipt-events.ts"

const HOUR_MS = 3_600_000

export class Progress {
  readonly #context: Context
  readonly #restarts = new Gate({ burst: 1, refillMs: HOUR_MS })

  constructor(context: Context) {
    this.#context = context
  }

  async take(
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
      if (event.type === "receipt") settle(step.change, account, event.upTo)
      if (event.type === "gap") this.#tellGap(step, id, author, event)
      if (event.type === "lacks")
        step.told.push(() => {
          sendAgain(account, event.first, event.last)
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
    step.told.push(...(await announceReceipts(this.#context, { id, account, events })))
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
    const state = ledger.direct(account)
    const { delivered } = progressOf(state, device)
    if (delivered >= state.sent) return
    if (ledger.floorOf(account) - 1 > delivered) givenUp(id)
    else unconfirmed(id, true)
  }

  /**
   * The peer has seen more than this store remembers sending: an older copy of it was put back, and its
   * ratchet may have used these keys already. Its numbers are not given again, and the session is retired before the next
   * send, for this account alone and at most once an hour, so that a lying peer achieves little. protocol.md §6.9
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
    const { deps, ensureSession, report } = this.#context
    const state = step.change.direct(what.account)
    const now = deps.nowMs()
    const restarts = this.#restarts.open(what.account, now)
    // With each message it wrote meanwhile it may speak of more: a number it has taken is not given again (simulation, seed 607).
    if (what.seen > state.sent) step.change.setDirect(what.account, { ...state, sent: what.seen })
    else if (!restarts) return
    step.told.push(() => {
      tellPutBack(this.#context, { conversation: what.id })
    })
    if (!restarts) return
    this.#restarts.take(what.account, now)
    const retired = what.link.sessions.reduce((link, session) => retire(link, session.id, now), what.link)
    step.change.setLink(what.account, formatDeviceId(step.frame.fromDeviceId), retired)
    step.told.push(() => {
      ensureSession(what.id).catch(report)
    })
  }
}
