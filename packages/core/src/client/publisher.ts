/**
 * What the relay is told about this account: prekeys, refilled and rotated, and the handle. Made and
 * stored before it is sent; sent again unchanged until it was answered. protocol.md §4.3.5, relay.md §5
 */
import { orCorrupt, at } from "./records.ts"
import { Batch, commit } from "../runtime/commit.ts"
import { accountIdOfKey } from "../identity/ids.ts"
import { signHandle } from "../identity/statements.ts"
import { handleRecordCodec } from "../wire/handle.ts"
import { stockCodec } from "../wire/frame.ts"
import type { Context } from "./context.ts"
import type { Stock } from "./prekeys.ts"

export class Publisher {
  readonly #context: Context
  #underway: Promise<void> | undefined
  #stock: Stock = { oneTimeLeft: 0, kemLeft: 0 }

  constructor(context: Context) {
    this.#context = context
  }

  /** Refills what is low. One publication at a time. @throws what the relay's answer means */
  publish(stock: Stock): Promise<void> {
    this.#stock = stock
    this.#underway ??= this.#publish().finally(() => {
      this.#underway = undefined
    })
    return this.#underway
  }
  /** With the stock as it was told last: keys may have become old. */
  refresh(): Promise<void> {
    return this.publish(this.#stock)
  }

  async #publish(): Promise<void> {
    const { ledger, deps, relay, timers } = this.#context
    const { prekeys, identity } = ledger
    if (!prekeys.publishDue(this.#stock, deps.nowMs())) return
    // Between keys everything else gets its turn: a hundred of them take a good part of a second.
    const pause = (): Promise<void> =>
      new Promise((resolve) => {
        timers.after(0, resolve)
      })
    const prepared = await prekeys.prepare(identity, this.#stock, deps, pause)
    await ledger.queue.run(async () => {
      const batch = new Batch()
      prekeys.keep(prepared, batch)
      await commit(ledger.store, batch)
      prekeys.kept(prepared)
    })
    const { body } = await relay.request("ok", { type: "publish", ...prepared.frame })
    this.#stock = stockCodec.decode(body)
    await ledger.queue.run(async () => {
      const batch = new Batch()
      prekeys.published(batch)
      prekeys.forget(deps.nowMs(), batch)
      await commit(ledger.store, batch)
    })
  }

  /** Claims the handle, with the same signed record each time. @throws ERR_HANDLE_TAKEN */
  async setHandle(handle: string): Promise<void> {
    const { ledger, deps, relay } = this.#context
    const { store, identity } = ledger
    const kept = await store.get(at.handle)
    const before =
      kept === undefined ? undefined : orCorrupt("a handle", () => handleRecordCodec.decode(kept))
    const fields = {
      handle,
      accountId: accountIdOfKey(identity.certificate.accountKey),
      version: 1,
      previousHash: new Uint8Array(32),
      timeMs: deps.nowMs(),
    }
    const record = before?.handle === handle ? before : signHandle(fields, identity)
    if (record !== before) await commit(store, new Batch().set(at.handle, record.bytes))
    await relay.request("ok", { type: "handleSet", record: record.bytes })
  }
}
