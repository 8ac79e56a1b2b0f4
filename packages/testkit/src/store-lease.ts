/** One writer: the part of the store suite for drivers that have a lease. */
import type { SecureChatError, Store, StoreOpenOptions } from "@securechat/core"
import { type Runner, equal, rejects } from "./runner.ts"
import { bytes, pathsOf, set } from "./store-steps.ts"

type Leasable = Store & Required<Pick<Store, "open" | "close">>
type Test = (one: Leasable, other: Leasable) => Promise<void>

const REFUSE: StoreOpenOptions = { takeover: false }
const TAKE: StoreOpenOptions = { takeover: true }

/** @throws Error where it knows no lease */
const leasable = (store: Store): Leasable => {
  if (store.open === undefined || store.close === undefined) throw new Error("a store without open and close")
  return store as Leasable
}

export const storeLeaseSuite = (
  { it }: Runner,
  make: () => Promise<Store>,
  beside: (store: Store) => Store,
): void => {
  const both = (test: Test) => async (): Promise<void> => {
    const one = leasable(await make())
    const other = leasable(beside(one))
    try {
      await test(one, other)
    } finally {
      await other.close()
      await one.close()
    }
  }

  it(
    "refuses a second opener whatever it does, and leaves the first alone",
    both(async (one, other) => {
      await one.open(REFUSE)
      await one.batch([set(["a"], 1)])
      await rejects(other.open(REFUSE), "open", "ERR_OTHER_TAB")
      await rejects(other.get(["a"]), "get", "ERR_OTHER_TAB")
      await rejects(other.batch([set(["a"], 2)]), "batch", "ERR_OTHER_TAB")
      await rejects(pathsOf(other.list([])), "list", "ERR_OTHER_TAB")
      await one.batch([set(["b"], 1)])
      equal(await pathsOf(one.list([])), [["a"], ["b"]], "paths")
    }),
  )

  it(
    "opens itself for who did not open it, and refuses the next as well",
    both(async (one, other) => {
      await one.batch([set(["a"], 1)])
      await rejects(other.open(REFUSE), "open", "ERR_OTHER_TAB")
      await one.close()
      await other.open(REFUSE)
      equal(await other.get(["a"]), bytes(1), "value")
    }),
  )

  it(
    "lets a second opener take over on its word, and the first write nothing from then on",
    both(async (one, other) => {
      const told: SecureChatError[] = []
      await one.open({ ...REFUSE, onLost: (error) => told.push(error) })
      await one.batch([set(["a"], 1)])
      await other.open(TAKE)
      await rejects(one.batch([set(["a"], 2), set(["b"], 2)]), "batch of the first", "ERR_OTHER_TAB")
      equal(
        told.map((error) => error.code),
        ["ERR_OTHER_TAB"],
        "what the first was told",
      )
      await rejects(one.batch([set(["a"], 2)]), "another batch of the first", "ERR_OTHER_TAB")
      await rejects(one.get(["a"]), "get of the first", "ERR_OTHER_TAB")
      await rejects(one.open(REFUSE), "open of the first", "ERR_OTHER_TAB")
      equal(await other.get(["a"]), bytes(1), "value")
      equal(await other.get(["b"]), undefined, "absent value")
      await other.batch([set(["a"], 3)])
      equal(await other.get(["a"]), bytes(3), "value of the second")
    }),
  )

  it(
    "can be taken back and forth",
    both(async (one, other) => {
      for (const turn of [1, 2, 3]) {
        await one.open(TAKE)
        await one.batch([set(["one"], turn)])
        await other.open(TAKE)
        await other.batch([set(["other"], turn)])
        await rejects(one.batch([set(["one"], 9)]), "batch of the first", "ERR_OTHER_TAB")
        equal(await other.get(["one"]), bytes(turn), "value of the first")
        await one.open(TAKE)
        await rejects(other.batch([set(["other"], 9)]), "batch of the second", "ERR_OTHER_TAB")
        equal(await one.get(["other"]), bytes(turn), "value of the second")
        await other.close()
      }
    }),
  )

  it(
    "keeps exactly the batches that resolved when it is taken in the middle of many",
    both(async (one, other) => {
      await one.open(REFUSE)
      const given = Array.from({ length: 40 }, (_, i) => String(i).padStart(2, "0"))
      const written = Promise.allSettled(given.map((name, i) => one.batch([set(["x", name], i)])))
      await other.open(TAKE)
      const kept = given.filter(
        (
          (results) => (_, i) =>
            results[i]?.status === "fulfilled"
        )(await written),
      )
      equal(
        (await pathsOf(other.list(["x"]))).map((path) => path[1]),
        kept,
        "batches",
      )
    }),
  )

  it(
    "counts who opened it: the last close gives it back",
    both(async (one, other) => {
      await one.open(REFUSE)
      await one.open(TAKE)
      await one.close()
      await one.batch([set(["a"], 1)])
      await rejects(other.open(REFUSE), "open", "ERR_OTHER_TAB")
      await one.close()
      await other.open(REFUSE)
      equal(await other.get(["a"]), bytes(1), "value")
    }),
  )

  it(
    "does nothing once it is closed, until it is opened again",
    both(async (one) => {
      await one.batch([set(["a"], 1)])
      await one.close()
      await one.close()
      await rejects(one.get(["a"]), "get", "ERR_STORE_UNAVAILABLE")
      await rejects(one.batch([set(["a"], 2)]), "batch", "ERR_STORE_UNAVAILABLE")
      await rejects(pathsOf(one.list([])), "list", "ERR_STORE_UNAVAILABLE")
      await one.open(REFUSE)
      equal(await one.get(["a"]), bytes(1), "value")
    }),
  )

  it(
    "takes no lease for who gave up before",
    both(async (one, other) => {
      const signal = AbortSignal.abort()
      await rejects(one.open({ ...REFUSE, signal }), "open", "ERR_ABORTED")
      await other.open(REFUSE)
      await other.batch([set(["a"], 1)])
    }),
  )
}
