/**
 * Receipts to peers: batched and jittered, so that they do not time a reader; to people the user has
 * answered, never to strangers (silent receipts track devices). A lost one is made anew. protocol.md §15
 */
import { encodeReceipt } from "../content/kinds.ts"
import { reduceDirect, seenOf } from "../conversation/reduce.ts"
import { progressOf } from "../conversation/state.ts"
import { RECEIPT_DELAY_MS } from "../limits.ts"
import { uniform } from "../runtime/backoff.ts"
import {
  type AccountId,
  type ConversationId,
  MESSAGE_ID_BYTES,
  parseAccountId,
  parseDeviceId,
} from "../wire/address.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { type Sealed, sealReceipt } from "./seal.ts"

interface Made {
  readonly account: AccountId
  readonly sealed: Sealed
  readonly seen: { readonly conversation: number; readonly pair: number }
  readonly readUpTo: number
}

export class ReceiptsOwed {
  readonly #context: Context
  readonly #timers = new Map<ConversationId, () => void>()
  readonly #sending = new Set<ConversationId>()

  constructor(context: Context) {
    this.#context = context
  }

  /** A receipt goes out soon, if one is due by then. */
  schedule(id: ConversationId): void {
    const { timers, deps, relay } = this.#context
    if (this.#timers.has(id) || !relay.usable) return
    const waitMs = Math.floor(RECEIPT_DELAY_MS * (0.5 + uniform(deps.random)))
    this.#timers.set(
      id,
      timers.after(waitMs, () => {
        this.#timers.delete(id)
        this.send(id, false).catch(this.#context.report)
      }),
    )
  }
  /** After a sign-in: everything owed. */
  scheduleAll(): void {
    for (const id of this.#context.ledger.conversations.keys()) if (this.#due(id)) this.schedule(id)
  }
  stop(): void {
    for (const cancel of this.#timers.values()) cancel()
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
      await relay.request("accepted", {
        type: "submit",
        envelopeId: this.#context.deps.random(16),
        accountId: parseAccountId(account),
        deviceId: parseDeviceId(sealed.device),
        expiresMs: 0,
        body: sealed.envelope,
      })
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
    const sealed = sealReceipt(ledger, change, out)
    await ledger.commit(change)
    return { account, sealed, seen: seenOf(state, device), readUpTo }
  }
}
