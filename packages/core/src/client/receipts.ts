/**
 * Receipts to peers: batched and jittered, so that they do not time a reader; to people the user has answered, never
 * to strangers (silent receipts track devices). A lost one is made anew. protocol.md §10
 *
 * They carry the heads of both chains: what a relay withholds has a number its recipient hears of here. Own messages
 * nobody confirmed are named so after `HEAD_DELAY_MS`, and again after each sign of their recipient. protocol.md §10
 */
import { KeyedTimers } from "../runtime/timers.ts"
import { encodeReceipt } from "../content/kinds.ts"
import { HEAD_BYTES } from "../conversation/receipts.ts"
import { reduceDirect, seenOf } from "../conversation/reduce.ts"
import { progressOf } from "../conversation/state.ts"
import { HEAD_DELAY_MS, RECEIPT_DELAY_MS } from "../limits.ts"
import { uniform } from "../runtime/backoff.ts"
import { type AccountId, type ConversationId, MESSAGE_ID_BYTES, parseDeviceId } from "../wire/address.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { type Sealed, seal } from "./seal.ts"

interface Made {
  readonly account: AccountId
  readonly sealed: Sealed
  readonly seen: { readonly conversation: number; readonly pair: number }
  readonly known: number
  readonly readUpTo: number
}

const ackOf = (
  deviceId: Uint8Array,
  sequence: number,
  head: Uint8Array,
): { deviceId: Uint8Array; sequence: number; head: Uint8Array } => ({
  ...{ deviceId, sequence, head: head.subarray(0, HEAD_BYTES) },
})

export class ReceiptsOwed {
  readonly #context: Context
  readonly #timers: KeyedTimers<ConversationId>
  readonly #sending = new Set<ConversationId>()
  /** Own messages waiting to be named, and the number up to which they were since their recipient spoke last. */
  readonly #tails: KeyedTimers<ConversationId>
  readonly #named = new Map<ConversationId, number>()
  /** The next one goes also where none is due. */
  readonly #wanted = new Set<ConversationId>()

  constructor(context: Context) {
    this.#context = context
    this.#timers = new KeyedTimers(context.timers)
    this.#tails = new KeyedTimers(context.timers)
  }

  /** A receipt goes out soon, if one is due by then. */
  schedule(id: ConversationId): void {
    const { deps, relay } = this.#context
    if (this.#timers.has(id) || !relay.usable) return
    const waitMs = Math.floor(RECEIPT_DELAY_MS * (0.5 + uniform(deps.random)))
    this.#timers.set(id, waitMs, () => {
      this.#timers.cancel(id)
      this.send(id, this.#wanted.delete(id)).catch(this.#context.report)
    })
  }
  /** One goes out soon, due or not: the peer has to learn something. */
  want(id: ConversationId): void {
    this.#wanted.add(id)
    this.schedule(id)
  }

  /** Own messages are out. @param heard their recipient has spoken, and did not have them. */
  watch(id: ConversationId, heard: boolean): void {
    if (heard) this.#named.delete(id)
    if (this.#tails.has(id)) return
    this.#tails.set(id, HEAD_DELAY_MS, () => {
      this.#tails.cancel(id)
      const { ledger } = this.#context
      const record = ledger.conversations.get(id)
      if (record === undefined) return
      const account = pinnedAccount(record.trust)
      const { sent } = ledger.direct(account)
      if (ledger.entriesTo(account).length === 0 || this.#named.get(id) === sent) return
      this.#named.set(id, sent)
      this.want(id)
    })
  }
  /** Own messages stood in the way, which say themselves what arrived until they were written; they are out. */
  goOn(id: ConversationId): void {
    if (this.#due(id) || this.#wanted.has(id)) this.schedule(id)
  }
  /** After a sign-in: everything owed. */
  scheduleAll(): void {
    const { ledger } = this.#context
    for (const id of ledger.conversations.keys()) this.goOn(id)
    for (const entry of ledger.entries()) this.watch(entry.conversationId, false)
  }
  stop(): void {
    this.#timers.clear()
    this.#tails.clear()
  }

  /** @param announce also when none is due: new keys are shown to the peer by using them. */
  async send(id: ConversationId, announce: boolean): Promise<void> {
    const { ledger, relay } = this.#context
    if (this.#sending.has(id) || !relay.usable) return
    this.#sending.add(id)
    try {
      const made = await ledger.queue.run(() => this.#make(id, announce))
      if (made === undefined) return
      const { account, sealed, seen, known, readUpTo } = made
      const envelopeId = this.#context.deps.random(16)
      await relay.submit({ envelopeId, account, device: sealed.device, envelope: sealed.envelope })
      await ledger.queue.run(async () => {
        const input = { type: "receipt-taken", deviceId: sealed.device, seen, known, readUpTo } as const
        const change = new Change(ledger)
        const [state] = reduceDirect(change.direct(account), input)
        await ledger.commit(change.setDirect(account, state))
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
    return device !== undefined && progressOf(ledger.direct(account), device).receiptDue
  }

  async #make(id: ConversationId, announce: boolean): Promise<Made | undefined> {
    const { ledger, lights, settings, deps, toGo } = this.#context
    const record = ledger.conversations.get(id)
    if (record === undefined || lights.of(id).level === "red" || !(announce || this.#due(id)))
      return undefined
    const account = pinnedAccount(record.trust)
    const device = ledger.deviceOf(account)
    if (device === undefined) return undefined
    if (toGo(account)) {
      if (announce) this.#wanted.add(id)
      return undefined
    }
    const state = ledger.direct(account)
    const { readUpTo, delivered, known, knownHead } = progressOf(state, device)
    const entries = ledger.entriesTo(account)
    const floor = ledger.floorOf(account)
    const content = encodeReceipt({
      readUpTo: settings.receipts.read ? readUpTo : 0,
      floor: floor - 1 > delivered ? floor : undefined,
    })
    // Of own numbers only what the relay has taken: a message that waits here is not withheld by anybody.
    const allOut = entries.every((entry) => entry.state === "sent") && state.sent > 0
    const acks = [
      ...(allOut ? [ackOf(ledger.identity.certificate.deviceId, state.sent, state.sentHead)] : []),
      ...(knownHead === undefined ? [] : [ackOf(parseDeviceId(device), known, knownHead)]),
    ]
    const change = new Change(ledger)
    const messageId = deps.random(MESSAGE_ID_BYTES)
    const out = { id, account, messageId, sentAtMs: deps.nowMs(), content, acks }
    const sealed = seal(ledger, change, "receipt", out)
    await ledger.commit(change)
    return { account, sealed, seen: seenOf(state, device), known, readUpTo }
  }
}
