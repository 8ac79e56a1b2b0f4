import { describe, expect, it } from "vitest"
import { platformDeps } from "../deps.ts"
import { firstMessageHash } from "../handshake/responder.ts"
import { createIdentity } from "../identity/keys.ts"
import { ONE_TIME_BATCH, PREKEY_PRIVATE_GRACE_MS, SIGNED_PREKEY_ROTATE_MS } from "../limits.ts"
import { Batch, commit } from "../runtime/commit.ts"
import { memoryStore } from "../store/memory.ts"
import type { Store } from "../store/store.ts"
import type { HandshakeBlock } from "../wire/handshake.ts"
import { prekeyCodec } from "../wire/prekey.ts"
import { type Prepared, Prekeys, type Stock } from "./prekeys.ts"

const DAY = 86_400_000
const own = createIdentity()
const at = (nowMs: number): typeof platformDeps => ({ ...platformDeps, nowMs: () => nowMs })
const pause = (): Promise<void> => Promise.resolve()
/** A relay that misses two of each kind: small sets make a quick test. */
const STOCK: Stock = { oneTimeLeft: ONE_TIME_BATCH - 2, kemLeft: 18 }

const publish = async (prekeys: Prekeys, store: Store, nowMs: number): Promise<Prepared> => {
  const prepared = await prekeys.prepare(own, STOCK, at(nowMs), pause)
  const batch = new Batch()
  prekeys.keep(prepared, batch)
  await commit(store, batch)
  prekeys.kept(prepared)
  return prepared
}
const blockFor = ({ frame }: Prepared): HandshakeBlock => {
  const [opk, pqopk] = [frame.oneTime[0], frame.oneTimeKem[0]]
  if (opk === undefined || pqopk === undefined) throw new Error("no one-time keys")
  return {
    spkId: prekeyCodec.decode(frame.signedPrekey).keyId,
    opkId: prekeyCodec.decode(opk).keyId,
    pqId: prekeyCodec.decode(pqopk).keyId,
    oneTimeKem: true,
    ephemeralKey: new Uint8Array(32).fill(3),
  } as HandshakeBlock
}

describe("own prekeys", () => {
  it("are uploaded again unchanged until an answer came, also after a restart", async () => {
    const [store, prekeys] = [memoryStore(), new Prekeys()]
    const first = await publish(prekeys, store, 0)
    const again = new Prekeys()
    await again.load(store)
    const second = await publish(again, store, DAY)
    expect(second.frame).toEqual(first.frame)
    const batch = new Batch()
    again.published(batch)
    await commit(store, batch)
    const third = await publish(again, store, 2 * DAY)
    expect(third.frame.publication).not.toEqual(first.frame.publication)
    expect(third.frame.oneTime).not.toEqual(first.frame.oneTime)
    expect(third.frame.signedPrekey).toEqual(first.frame.signedPrekey)
  })

  it("are found by the block that names them, and spent once, for good", async () => {
    const [store, prekeys] = [memoryStore(), new Prekeys()]
    const block = blockFor(await publish(prekeys, store, 0))
    expect(prekeys.find(block)?.opk?.statement.keyId).toBe(block.opkId)
    const spent = { ...block, firstMessageHash: firstMessageHash(block) }
    const batch = new Batch()
    prekeys.spend(spent, batch)
    expect(prekeys.find(block)).toBeDefined()
    await commit(store, batch)
    prekeys.spent(spent)
    const again = new Prekeys()
    await again.load(store)
    for (const each of [prekeys, again]) {
      expect(each.find(block)).toBeUndefined()
      expect(each.replayed(block)).toBe(true)
      expect(each.find({ ...block, opkId: 0, oneTimeKem: false, pqId: 1 })).toBeUndefined()
    }
  })

  it("rotate after a week; the old private part stays for what waits, then goes with its hashes", async () => {
    const [store, prekeys] = [memoryStore(), new Prekeys()]
    const first = await publish(prekeys, store, 0)
    const block = blockFor(first)
    expect(prekeys.rotationDue(SIGNED_PREKEY_ROTATE_MS - 1)).toBe(false)
    expect(prekeys.publishDue({ oneTimeLeft: 100, kemLeft: 20 }, SIGNED_PREKEY_ROTATE_MS)).toBe(true)
    const second = await publish(prekeys, store, SIGNED_PREKEY_ROTATE_MS)
    expect(second.frame.signedPrekey).not.toEqual(first.frame.signedPrekey)
    const forget = async (nowMs: number): Promise<void> => {
      const batch = new Batch()
      prekeys.forget(nowMs, batch)
      await commit(store, batch)
    }
    await forget(14 * DAY + PREKEY_PRIVATE_GRACE_MS)
    expect(prekeys.find(block)).toBeDefined()
    await forget(14 * DAY + PREKEY_PRIVATE_GRACE_MS + 1)
    expect(prekeys.find(block)).toBeUndefined()
  })
})
