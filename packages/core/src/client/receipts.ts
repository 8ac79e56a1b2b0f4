/**
 * Receipts to peers: batched and jittered, so that they do not time a reader; to people the user has
 * answered, never to strangers (silent receipts track devices). A lost one is made anew. protocol.md §15
 */
import { KeyedTimers } from "../runtime/timers.ts"
import { encodeReceipt } from "../content/kinds.ts"
import { reduceDirect, seenOf } from "../conversation/reduce.ts"
import { progressOf } from "../conversation/state.ts"
import { RECEIPT_DELAY_MS } from "../limits.ts"
import { uniform } from "../runtime/backoff.ts"
import { type AccountId, type ConversationId, MESSAGE_ID_BYTES } from "../wire/address.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { type Sealed, seal } from "./seal.ts"

interface Made {
  readonly account: AccountId
  readonly sealed: Sealed
  readonly seen: { readonly conversation: number; readonly pair: number }
  readonly readUpTo: number
}

export class ReceiptsOwed {
  readonly #context: Context
  readonly #timers: KeyedTimers<ConversationId>
  readonly #sending = new Set<ConversationId>()

  constructor(context: Context) {
    this.#context = context
    this.#timers = new KeyedTimers(context.timers)
  }

  /** A receipt goes out soon, if one is due by then. */
  schedule(id: ConversationId): void {
    const { deps, relay } = this.#context
    if (this.#timers.has(id) || !relay.usable) return
    const waitMs = Math.floor(RECEIPT_DELAY_MS * (0.5 + uniform(deps.random)))
    this.#timers.set(id, waitMs, () => {
      this.#timers.cancel(id)
      this.send(id, false).catch(this.#context.report)
    })
  }
  /** After a sign-in: everything owed. */
  scheduleAll(): void {
    for (const id of this.#context.ledger.conversations.keys()) if (this.#due(id)) this.schedule(id)
  }
  stop(): void {
    this.#timers.clear()
  }

  /** @param announce also when none is due: new keys are shown to the peer by using them. */
  async send(id: ConversationId, announce: boolean): Promise<void> {
    const { ledger, relay } = this.#context
    if (this.#sending.has(id) || !relay.usable) return
    this.#sending.add(id)
    try {
      const made = await ledger.queue.run(() => this.#make(id, announce))
      if (made === undefined) return
      const { account, sealed, seen, readUpTo } = made
      const envelopeId = this.#context.deps.random(16)
      await relay.submit({ envelopeId, account, device: sealed.device, envelope: sealed.envelope })
      await ledger.queue.run(async () => {
        const input = { type: "receipt-taken", deviceId: sealed.device, seen, readUpTo } as const
        const change = new Change(ledger)
        const [state] = reduceDirect(change.direct(id, account), input)
        await ledger.commit(change.setDirect(id, account, state))
      })
    } finally {
      this.#sending.delete(id)
    }
    if (this.#due(id)) this.schedule(id)
  }

  #due(id: ConversationId): boolean {
    const { ledger, settings } = this.#context
    const record = ledger.conversations.get(id)
    if (record === undefined || record.stranger || !(settings.receipts.delivered || settings.receipts.read))
      return false
    const account = pinnedAccount(record.trust)
    const device = ledger.deviceOf(account)
    return device !== undefined && progressOf(ledger.direct(id, account), device).receiptDue
  }

  async #make(id: ConversationId, announce: boolean): Promise<Made | undefined> {
    const { ledger, lights, settings, deps } = this.#context
    const record = ledger.conversations.get(id)
    if (record === undefined || lights.of(id).level === "red" || !(announce || this.#due(id)))
      return undefined
    const account = pinnedAccount(record.trust)
    const device = ledger.deviceOf(account)
    if (device === undefined) return undefined
    const state = ledger.direct(id, account)
    const { readUpTo } = progressOf(state, device)
    const content = encodeReceipt({ readUpTo: settings.receipts.read ? readUpTo : 0 })
    const change = new Change(ledger)
    const out = { id, account, messageId: deps.random(MESSAGE_ID_BYTES), sentAtMs: deps.nowMs(), content }
    const sealed = seal(ledger, change, "receipt", out)
    await ledger.commit(change)
    return { account, sealed, seen: seenOf(state, device), readUpTo }
  }
}
