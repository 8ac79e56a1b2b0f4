/** Three messages sealed and three opened at once, over a store that answers when it likes. protocol.md §1, whatsmeow PR 1168, Signal-iOS PR 1630 */
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { memoryStore } from "../../src/store/memory.ts"
import type { Store, StoreOp } from "../../src/store/store.ts"
import { toHex } from "../../src/bytes/text.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import type { FrameOf } from "../../src/wire/frame-types.ts"
import { Offline, contentsOf, spelled } from "../support/engines.ts"
import { seededDeps } from "../support/seeded.ts"

/** `npm run test:long races` takes 10,000. */
const SCHEDULES = Number(process.env["RACE_SCHEDULES"] ?? 150)
const TEXTS = ["one", "two", "three"] as const

/** Both people's stores after some messages each way, and what Bob has under way to Alice. */
interface Scene {
  readonly alice: readonly StoreOp[]
  readonly bob: readonly StoreOp[]
  readonly mail: readonly FrameOf<"deliver">[]
}
const copyOf = async (ops: readonly StoreOp[]): Promise<Store> => {
  const store = memoryStore()
  await store.batch(ops)
  return store
}
const handOver = async (from: Offline, to: Offline): Promise<void> => {
  for (const frame of from.mail) await to.take(frame)
}
const setTheScene = async (): Promise<Scene> => {
  const stores = [memoryStore(), memoryStore()] as const
  const alice = await new Offline(stores[0], seededDeps(1)).load()
  const bob = await new Offline(stores[1], seededDeps(2)).load()
  await alice.meet(bob.found, await bob.bundle())
  await alice.send("hello")
  await handOver(alice, bob)
  await bob.send("hello yourself")
  await handOver(bob, alice)
  await alice.send("how are you")
  await handOver(alice, bob)
  const snapshot = await contentsOf(stores[0])
  const before = bob.mail.length
  // He answers under a new ratchet key: whoever opens the first of these turns the ratchet of everybody's seals.
  for (const text of TEXTS) await bob.send(`${text} of bob`)
  return { alice: snapshot, bob: await contentsOf(stores[1]), mail: bob.mail.slice(before) }
}

/** Each request waits for its turn, and so does each answer. */
const delayed = (inner: Store, turn: (what: string) => Promise<unknown>): Store => ({
  durable: inner.durable,
  get: async (key) => {
    await turn(`get ${key.join("/")}`)
    const value = await inner.get(key)
    await turn("its answer")
    return value
  },
  list: (prefix, options) => inner.list(prefix, options),
  batch: async (ops) => {
    await turn("a batch")
    await inner.batch(ops)
    await turn("its answer")
  },
})

/** What one seals and opens, by name. */
type Act = (alice: Offline) => Promise<void>
const actsOf = (scene: Scene): ReadonlyMap<string, Act> =>
  new Map<string, Act>([
    ...TEXTS.map((text): [string, Act] => [`seals ${text}`, (alice) => alice.send(`${text} of alice`)]),
    ...scene.mail.map((frame, i): [string, Act] => [`opens ${i}`, (alice) => alice.take(frame)]),
  ])

interface Outcome {
  /** In which order they were done. */
  readonly order: readonly string[]
  readonly stored: readonly string[]
  readonly alice: Offline
}
/** All at once, as the schedule lets them. */
const atOnce = async (scene: Scene, s: fc.Scheduler, spoil: (alice: Offline) => void): Promise<Outcome> => {
  const inner = await copyOf(scene.alice)
  let loaded = false
  const store = delayed(inner, (what) => (loaded ? s.schedule(Promise.resolve(), what) : Promise.resolve()))
  const alice = await new Offline(store, seededDeps(3)).load()
  loaded = true
  spoil(alice)
  const order: string[] = []
  const all = [...actsOf(scene)].map(async ([name, act]) => {
    await s.schedule(Promise.resolve(), name)
    await act(alice)
    order.push(name)
  })
  await s.waitFor(Promise.all(all))
  return { order, stored: spelled(await contentsOf(inner)), alice }
}
/** The same one after another. */
const inTurn = async (scene: Scene, order: readonly string[]): Promise<readonly string[]> => {
  const store = await copyOf(scene.alice)
  const alice = await new Offline(store, seededDeps(3)).load()
  const acts = actsOf(scene)
  for (const name of order) await acts.get(name)!(alice)
  return spelled(await contentsOf(store))
}

const holds = (scene: Scene, spoil: (alice: Offline) => void): fc.IAsyncPropertyWithHooks<[fc.Scheduler]> =>
  fc.asyncProperty(fc.scheduler(), async (s) => {
    const { order, stored, alice } = await atOnce(scene, s, spoil)
    expect(alice.texts.toSorted()).toEqual(TEXTS.map((text) => `${text} of bob`).toSorted())
    const sealed = alice.mail.slice(-TEXTS.length)
    const names = sealed.map(({ body }) => {
      const { sessionId, ratchetKey, count } = decodeEnvelope(body)
      return `${toHex(sessionId)}/${toHex(ratchetKey)}/${count}`
    })
    expect(new Set(names).size).toBe(TEXTS.length)
    const bob = await new Offline(await copyOf(scene.bob), seededDeps(4)).load()
    for (const frame of sealed) await bob.take(frame)
    expect(bob.texts.toSorted()).toEqual(TEXTS.map((text) => `${text} of alice`).toSorted())
    expect(stored).toEqual(await inTurn(scene, order))
  })

describe("three seals and three opens at once", () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await setTheScene()
  })

  it(
    `[D1] use no key twice, lose nothing, and end as one after another would, in ${SCHEDULES} schedules of the store`,
    async () => {
      await fc.assert(
        holds(scene, () => undefined),
        { numRuns: SCHEDULES },
      )
    },
    60_000 + SCHEDULES * 100,
  )

  it("[D1] do not hold where more than one writer works at a time", async () => {
    const unqueued = (alice: Offline): void => {
      Object.assign(alice.engine.ledger.queue, {
        run: <T>(work: () => T | Promise<T>): Promise<T> => Promise.resolve().then(work),
      })
    }
    const outcome = await fc.check(holds(scene, unqueued), { numRuns: 20, endOnFailure: true })
    expect(outcome.failed).toBe(true)
  })
})
