/** What any `Store` must do. Every driver runs this one suite. */
import type { Store, StoreOp, StorePath } from "@securechat/core"
import { type Runner, equal, rejects } from "./runner.ts"
import { storeLeaseSuite } from "./store-lease.ts"
import { bytes, pathsOf, remove, set, using } from "./store-steps.ts"

export interface StoreSuiteOptions {
  /** Closes the store and opens it again as after a restart, for drivers that keep anything. */
  readonly reopen?: ((store: Store) => Promise<Store>) | undefined
  /** Another object on the place of this one, as another tab or process has it; for drivers with a lease. */
  readonly beside?: ((store: Store) => Store) | undefined
  /**
   * A writer that stores the first batch and dies, as by SIGKILL, between the writes of the second and its commit.
   * Gives the store as the next one finds it.
   */
  readonly crash?: ((stored: readonly StoreOp[], torn: readonly StoreOp[]) => Promise<Store>) | undefined
}

const values = ({ it }: Runner, make: () => Promise<Store>): void => {
  it(
    "gives back what was set, the newest value, and undefined for what is not there",
    using(make, async (store) => {
      await store.batch([set(["a"], 1), set(["empty"])])
      await store.batch([set(["a"], 2)])
      equal(await store.get(["a"]), bytes(2), "value")
      equal(await store.get(["empty"]), bytes(), "empty value")
      equal(await store.get(["b"]), undefined, "absent value")
    }),
  )

  it(
    "copies values in and out",
    using(make, async (store) => {
      const mine = bytes(1, 2, 3)
      await store.batch([{ type: "set", key: ["a"], value: mine }])
      mine.fill(9)
      const first = await store.get(["a"])
      equal(first, bytes(1, 2, 3), "after the caller changed its array")
      first?.fill(9)
      equal(await store.get(["a"]), bytes(1, 2, 3), "after a reader changed its array")
      for await (const [, value] of store.list(["a"])) value.fill(9)
      equal(await store.get(["a"]), bytes(1, 2, 3), "after a lister changed its array")
    }),
  )

  it(
    "keeps a path apart from its prefix, and separators apart from components",
    using(make, async (store) => {
      await store.batch([
        set(["a"], 1),
        set(["a", "b"], 2),
        set(["a/b"], 3),
        set(["a", ""], 4),
        set(["a\u0000b"], 5),
      ])
      equal(await store.get(["a"]), bytes(1), "prefix")
      equal(await store.get(["a", "b"]), bytes(2), "two components")
      equal(await store.get(["a/b"]), bytes(3), "one component with a slash")
      equal(await store.get(["a", ""]), bytes(4), "empty component")
      equal(await store.get(["a\u0000b"]), bytes(5), "one component with a NUL")
      await store.batch([remove(["a"])])
      equal(await store.get(["a", "b"]), bytes(2), "below a deleted path")
    }),
  )
}

const batches = ({ it }: Runner, make: () => Promise<Store>): void => {
  it(
    "applies the operations of a batch in order",
    using(make, async (store) => {
      await store.batch([
        set(["a"], 1),
        set(["a"], 2),
        remove(["a"]),
        set(["a"], 3),
        set(["b"], 1),
        remove(["b"]),
      ])
      equal(await store.get(["a"]), bytes(3), "set after delete")
      equal(await store.get(["b"]), undefined, "delete after set")
      await store.batch([remove(["never there"])])
    }),
  )

  it(
    "applies nothing of a batch it refuses",
    using(make, async (store) => {
      await store.batch([set(["a"], 1)])
      await rejects(store.batch([set(["a"], 2), remove(["b"]), set([], 1)]), "a batch with an empty path")
      equal(await store.get(["a"]), bytes(1), "value before the refused batch")
    }),
  )

  it(
    "keeps batches given at once whole and in order",
    using(make, async (store) => {
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store.batch([set(["x"], i), set(["y"], i), set(["all", String(i)], i)]),
        ),
      )
      equal(await store.get(["x"]), bytes(19), "last of the batches")
      equal(await store.get(["y"]), bytes(19), "same batch as x")
      equal((await pathsOf(store.list(["all"]))).length, 20, "batches applied")
    }),
  )
}

const lists = ({ it }: Runner, make: () => Promise<Store>): void => {
  const filled = async (store: Store): Promise<void> => {
    await store.batch([set(["m", "b"], 2), set(["m", "a", "z"], 1), set(["m", "a"], 0), set(["m", "B"], 3)])
    await store.batch([set(["n"], 9), set(["l"], 9), set(["m", "c"], 4), set(["mm", "a"], 9)])
  }

  it(
    "lists what lies under a prefix in path order, and nothing else",
    using(make, async (store) => {
      await filled(store)
      const order = [
        ["m", "B"],
        ["m", "a"],
        ["m", "a", "z"],
        ["m", "b"],
        ["m", "c"],
      ]
      equal(await pathsOf(store.list(["m"])), order, "paths")
      equal(await pathsOf(store.list(["m"], { reverse: true })), [...order].reverse(), "paths in reverse")
      equal((await pathsOf(store.list([]))).length, 8, "all paths")
      equal(await pathsOf(store.list(["nothing"])), [], "paths under an empty prefix")
    }),
  )

  it(
    "lists after a path, up to a limit, both ways",
    using(make, async (store) => {
      await filled(store)
      equal(
        await pathsOf(store.list(["m"], { after: ["m", "a"], limit: 2 })),
        [
          ["m", "a", "z"],
          ["m", "b"],
        ],
        "page",
      )
      equal(
        await pathsOf(store.list(["m"], { after: ["m", "b"], limit: 2, reverse: true })),
        [
          ["m", "a", "z"],
          ["m", "a"],
        ],
        "page in reverse",
      )
      equal(
        await pathsOf(store.list(["m"], { after: ["m", "aa"], limit: 1 })),
        [["m", "b"]],
        "after an absent path",
      )
      equal(await pathsOf(store.list(["m"], { limit: 0 })), [], "no item")
    }),
  )

  it(
    "sorts by UTF-16 code units, also where they spell no character",
    using(make, async (store) => {
      // U+1F600 is spelt by D83D DE00: before E000, though its number is greater.
      const order = ["", "\u0000", "\u0000\u0000", "\u0001", "Z", "a", "aa", "\u007f", "\u0080", "\u07ff"]
      order.push("\u0800", "\ud7ff", "\ud800", "\ud83d\ude00", "\udfff", "\ue000", "\ufffe", "\uffff")
      // In an order that has nothing to do with it: 7 and 18 share no divisor.
      for (const i of order.keys()) await store.batch([set(["s", order[(i * 7) % order.length]!], i)])
      const found = (await pathsOf(store.list(["s"]))).map((path) => path[1])
      equal(found, order, "order")
      for (const name of order) equal((await store.get(["s", name])) !== undefined, true, "found by its path")
    }),
  )

  it(
    "lists more than it reads at once, both ways, each path once",
    using(make, async (store) => {
      const names = Array.from({ length: 333 }, (_, i) => String(i).padStart(4, "0"))
      await store.batch(names.map((name, i) => set(["p", name], i & 255)))
      const all = names.map((name) => ["p", name])
      equal(await pathsOf(store.list(["p"])), all, "forwards")
      equal(await pathsOf(store.list(["p"], { reverse: true })), [...all].reverse(), "backwards")
      equal(await pathsOf(store.list(["p"], { limit: 130 })), all.slice(0, 130), "up to a limit")
      const between = { after: ["p", "0200"], limit: 128 } as const
      equal(await pathsOf(store.list(["p"], between)), all.slice(201, 329), "from the middle")
    }),
  )

  it(
    "lists all of a prefix after what sorts before it, nothing after what sorts behind it",
    using(make, async (store) => {
      await filled(store)
      const [before, behind] = [["l"], ["n"]] as const
      equal((await pathsOf(store.list(["m"], { after: before }))).length, 5, "forwards from before")
      equal((await pathsOf(store.list(["m"], { after: behind }))).length, 0, "forwards from behind")
      equal(
        (await pathsOf(store.list(["m"], { after: before, reverse: true }))).length,
        0,
        "backwards, before",
      )
      equal(
        (await pathsOf(store.list(["m"], { after: behind, reverse: true }))).length,
        5,
        "backwards, behind",
      )
      equal(
        (await pathsOf(store.list(["m"], { after: ["m"], reverse: true }))).length,
        0,
        "the prefix itself",
      )
    }),
  )

  it(
    "may be written to and left while it lists",
    using(make, async (store) => {
      await filled(store)
      const taken: StorePath[] = []
      for await (const [path] of store.list(["m"])) {
        await store.batch([remove(path)])
        taken.push(path)
        if (taken.length === 3) break
      }
      equal(
        taken,
        [
          ["m", "B"],
          ["m", "a"],
          ["m", "a", "z"],
        ],
        "paths taken",
      )
      equal(
        await pathsOf(store.list(["m"])),
        [
          ["m", "b"],
          ["m", "c"],
        ],
        "paths left",
      )
    }),
  )
}

/** Every rule of the contract that can be seen from outside. */
export const storeSuite = (
  runner: Runner,
  make: () => Promise<Store>,
  options: StoreSuiteOptions = {},
): void => {
  runner.describe("a Store", () => {
    values(runner, make)
    batches(runner, make)
    lists(runner, make)
    const { reopen, crash, beside } = options
    if (reopen !== undefined)
      runner.it("keeps what a batch resolved with across a restart", async () => {
        const store = await make()
        await store.batch([set(["a"], 1), set(["b", "c"], 2)])
        const again = await reopen(store)
        equal(await again.get(["a"]), bytes(1), "value")
        equal(await pathsOf(again.list(["b"])), [["b", "c"]], "paths")
        await again.close?.()
      })
    if (crash !== undefined)
      runner.it("has nothing of a batch whose writer died before it was whole", async () => {
        const stored = [set(["a"], 1), set(["b"], 1), set(["c"], 1)]
        const store = await crash(stored, [set(["a"], 2), remove(["b"]), set(["d"], 2), set(["e"], 2)])
        equal(await pathsOf(store.list([])), [["a"], ["b"], ["c"]], "paths")
        equal(await store.get(["a"]), bytes(1), "value")
        await store.batch([set(["a"], 3)])
        equal(await store.get(["a"]), bytes(3), "value of the next writer")
        await store.close?.()
      })
    if (beside !== undefined) storeLeaseSuite(runner, make, beside)
  })
}
