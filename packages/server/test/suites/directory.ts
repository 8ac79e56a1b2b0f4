/**
 * What every directory driver must do. A driver's test file gives a runner and a way to make one; `reopen`
 * ends a driver and opens it again on what it kept.
 */
import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict"
import type { Runner } from "@securechat/testkit"
import type { ClaimedKeys, Directory, DirectoryLimits } from "../../src/directory/directory.ts"
import { LATER_MS, NOW_MS, bytes, many, suitePrekey, suitePublication, text } from "./publications.ts"

export interface DirectoryUnderTest {
  readonly directory: Directory
  reopen(): Promise<DirectoryUnderTest>
}

/** Small, so that each bound is met. */
export const SUITE_LIMITS: DirectoryLimits = {
  accounts: 3,
  listVersions: 3,
  oneTimeStock: 6,
  oneTimeKemStock: 4,
  keyIds: 40,
  publications: 3,
  handlesPerAccount: 2,
}

export const directorySuite = (
  { describe, it }: Runner,
  make: () => Promise<DirectoryUnderTest>,
  options: { readonly survivesRestart: boolean },
): void => {
  const keysOf = async (directory: Directory, nowMs = NOW_MS): Promise<ClaimedKeys | "none"> => {
    const [keys] = (await directory.claim("ann", ["phone"], nowMs)) ?? []
    if (keys === undefined) throw new Error("unknown")
    return keys
  }
  /** What a claim gives, in words. */
  const claimed = async (directory: Directory, nowMs?: number): Promise<string> => {
    const keys = await keysOf(directory, nowMs)
    return keys === "none" ? keys : [text(keys.oneTime) ?? "-", text(keys.kem)].join(" ")
  }
  const stock = async (directory: Directory): Promise<readonly number[]> => {
    const { oneTimeLeft, kemLeft } = await directory.find("ann", "phone")
    return [oneTimeLeft, kemLeft]
  }

  describe("a directory", () => {
    it("knows what was published, and nothing of anybody else", async () => {
      const { directory } = await make()
      const published = await directory.publish(
        suitePublication("ann", "phone", { oneTime: many("opk", 3), oneTimeKem: many("pqopk", 2) }),
      )
      deepStrictEqual(published, {
        stock: { oneTimeLeft: 3, kemLeft: 2, lastResortUses: 0 },
        revoked: [],
        dropped: [],
      })
      const known = await directory.find("ann", "phone")
      strictEqual(text(known.certificate), "certificate of phone")
      deepStrictEqual(
        [known.revoked, known.oneTimeLeft, known.kemLeft, known.handle],
        [false, 3, 2, undefined],
      )
      for (const [account, device] of [
        ["ann", "tablet"],
        ["bob", "phone"],
      ] as const)
        strictEqual((await directory.find(account, device)).certificate, undefined)
      strictEqual(await directory.lists("bob", 0), undefined)
      strictEqual(await directory.claim("bob", ["phone"], NOW_MS), undefined)
    })

    it("takes the same publication once, and refills with another", async () => {
      const { directory } = await make()
      const first = suitePublication("ann", "phone", { id: "first", oneTime: many("opk", 2) })
      await directory.publish(first)
      await directory.publish(first)
      deepStrictEqual(await stock(directory), [2, 0])
      await claimed(directory)
      await directory.publish(suitePublication("ann", "phone", { oneTime: many("opk", 4) }))
      // The one that was handed out does not come back.
      deepStrictEqual(await stock(directory), [3, 0])
    })

    it("[A11] refuses a key id with another key, also after the first was handed out, and takes nothing of it", async () => {
      const { directory } = await make()
      await directory.publish(suitePublication("ann", "phone", { oneTime: many("opk", 1) }))
      await claimed(directory)
      const again = [suitePrekey("opk", 1, "b"), suitePrekey("opk", 2)]
      strictEqual(await directory.publish(suitePublication("ann", "phone", { oneTime: again })), "refused")
      deepStrictEqual(await stock(directory), [0, 0])
    })

    it("has bounds for stock, accounts and lists, and what is there stays", async () => {
      const { directory } = await make()
      await directory.publish(suitePublication("ann", "phone", { oneTime: many("opk", 6) }))
      const over = suitePublication("ann", "phone", { oneTime: many("opk", 7) })
      strictEqual(await directory.publish(over), "full")
      const kem = suitePublication("ann", "phone", { oneTimeKem: many("pqopk", 5) })
      strictEqual(await directory.publish(kem), "full")
      deepStrictEqual(await stock(directory), [6, 0])
      for (const version of [2, 3])
        notStrictEqual(await directory.publish(suitePublication("ann", "phone", { version })), "full")
      strictEqual(await directory.publish(suitePublication("ann", "phone", { version: 4 })), "full")
      for (const account of ["bob", "eve"])
        notStrictEqual(await directory.publish(suitePublication(account, "x")), "full")
      strictEqual(await directory.publish(suitePublication("dan", "x")), "full")
      notStrictEqual(await directory.publish(suitePublication("bob", "y", { listed: ["x", "y"] })), "full")
    })

    it("remembers publications of late only", async () => {
      const { directory } = await make()
      for (const id of ["1", "2", "3", "4"]) await directory.publish(suitePublication("ann", "phone", { id }))
      // Forgotten, but its key is not: it counts as nothing new.
      await directory.publish(suitePublication("ann", "phone", { id: "1", oneTime: many("opk", 1) }))
      deepStrictEqual(await stock(directory), [1, 0])
    })

    it("takes a list only on top of the newest one", async () => {
      const { directory } = await make()
      await directory.publish(suitePublication("ann", "phone", { version: 5 }))
      const refused = [
        suitePublication("ann", "phone", { version: 7 }),
        suitePublication("ann", "phone", { version: 6, follows: "hash of a fork" }),
        suitePublication("ann", "phone", { version: 5, branch: "other" }),
        suitePublication("ann", "phone", { version: 4 }),
      ]
      for (const publication of refused) strictEqual(await directory.publish(publication), "refused")
      await directory.publish(suitePublication("ann", "phone", { version: 6 }))
      const found = await directory.lists("ann", 0)
      deepStrictEqual(found?.lists.map(text), ["list 5", "list 6"])
      deepStrictEqual(found.certificates.map(text), ["certificate of phone"])
      deepStrictEqual((await directory.lists("ann", 5))?.lists.map(text), ["list 6"])
      deepStrictEqual(await directory.lists("ann", 6), { lists: [], certificates: [] })
    })

    it("forgets the keys of a revoked device, and says whom a list was the first to revoke", async () => {
      const { directory } = await make()
      await directory.publish(suitePublication("ann", "phone"))
      await directory.publish(
        suitePublication("ann", "tablet", {
          version: 2,
          listed: ["phone", "tablet"],
          oneTime: many("opk", 2),
        }),
      )
      const revoking = { version: 3, revoked: ["tablet", "never seen"] }
      const published = await directory.publish(suitePublication("ann", "phone", revoking))
      if (typeof published === "string") throw new Error(published)
      deepStrictEqual([published.revoked, published.dropped], [["tablet", "never seen"], ["tablet"]])
      const again = await directory.publish(suitePublication("ann", "phone", revoking))
      deepStrictEqual(typeof again === "string" ? again : again.revoked, [])
      const known = await directory.find("ann", "tablet")
      deepStrictEqual([known.revoked, known.certificate, known.oneTimeLeft], [true, undefined, 0])
      strictEqual(await directory.claim("ann", ["tablet"], NOW_MS), undefined)
      const entry = { account: "ann", device: "tablet", handle: undefined }
      strictEqual((await directory.enter(entry, NOW_MS)).revoked, true)
      strictEqual((await directory.enter({ ...entry, device: "phone" }, NOW_MS)).revoked, false)
    })

    it("[A10] hands out each one-time key once, in order, then the last resort, and counts that", async () => {
      const { directory } = await make()
      await directory.publish(
        suitePublication("ann", "phone", { oneTime: many("opk", 2), oneTimeKem: many("pqopk", 1) }),
      )
      const answers: string[] = []
      for (let i = 0; i < 4; i++) answers.push(await claimed(directory))
      deepStrictEqual(answers, ["opk1a pqopk1a", "opk2a pqspk1a", "- pqspk1a", "- pqspk1a"])
      const keys = await keysOf(directory)
      if (keys === "none") throw new Error("none")
      deepStrictEqual(keys.stock, { oneTimeLeft: 0, kemLeft: 0, lastResortUses: 4 })
      deepStrictEqual(
        [text(keys.certificate), text(keys.list), text(keys.signedPrekey)],
        ["certificate of phone", "list 1", "spk1a"],
      )
      await directory.told("ann", "phone")
      const after = await directory.publish(suitePublication("ann", "phone"))
      strictEqual(typeof after === "string" ? after : after.stock.lastResortUses, 0)
    })

    it("[A10] takes nothing where one of the devices is unknown", async () => {
      const { directory } = await make()
      await directory.publish(suitePublication("ann", "phone", { oneTime: many("opk", 1) }))
      strictEqual(await directory.claim("ann", ["phone", "tablet"], NOW_MS), undefined)
      deepStrictEqual(await stock(directory), [1, 0])
    })

    it("hands out no key after its time", async () => {
      const { directory } = await make()
      const soon = NOW_MS + 1_000
      await directory.publish(
        suitePublication("ann", "phone", {
          oneTime: [suitePrekey("opk", 1, "a", soon), suitePrekey("opk", 2)],
          oneTimeKem: [suitePrekey("pqopk", 1, "a", soon)],
        }),
      )
      strictEqual(await claimed(directory, soon), "opk2a pqspk1a")
      strictEqual(await claimed(directory, LATER_MS), "none")
    })

    it("claims for several devices at once, in order", async () => {
      const { directory } = await make()
      await directory.publish(suitePublication("ann", "phone", { oneTime: many("opk", 1) }))
      const listed = ["phone", "tablet"]
      await directory.publish(
        suitePublication("ann", "tablet", { version: 2, listed, oneTime: many("opk", 1, 9) }),
      )
      const both = (await directory.claim("ann", ["tablet", "phone"], NOW_MS)) ?? []
      deepStrictEqual(
        both.map((keys) => (keys === "none" ? keys : text(keys.oneTime))),
        ["opk9a", "opk1a"],
      )
    })

    it("gives a handle to the first, in its newest version, and so many to one account", async () => {
      const { directory } = await make()
      const set = (handle: string, account: string, version = 1): Promise<string> =>
        Promise.resolve(
          directory.setHandle({ handle, account, version, record: bytes(`${handle} ${version}`) }),
        )
      strictEqual(await set("ann", "ann"), "set")
      strictEqual(await set("ann", "eve"), "refused")
      strictEqual(await set("ann", "ann", 2), "set")
      strictEqual(await set("ann", "ann", 1), "refused")
      strictEqual(text(await directory.handle("ann")), "ann 2")
      strictEqual(await directory.handle("nobody"), undefined)
      strictEqual((await directory.find("ann", "phone")).handle, "ann")
      strictEqual(await set("anna", "ann"), "set")
      strictEqual(await set("annie", "ann"), "full")
      await directory.freeHandles("ann")
      strictEqual(text(await directory.handle("ann")), directory.keepsHandles ? "ann 2" : undefined)
    })

    it("[R8] binds the app's name to the first account for good", async () => {
      const { directory } = await make()
      const enter = async (account: string): Promise<boolean> =>
        (await directory.enter({ account, device: "x", handle: "ann" }, NOW_MS)).bound
      deepStrictEqual([await enter("ann"), await enter("eve"), await enter("ann")], [true, false, true])
      deepStrictEqual([await directory.bind("ann", "eve"), await directory.bind("ann", "ann")], [false, true])
      const claim = { handle: "ann", version: 1, record: bytes("r") }
      strictEqual(await directory.setHandle({ ...claim, account: "eve" }), "refused")
      strictEqual(await directory.setHandle({ ...claim, account: "ann" }), "set")
    })

    it("forgets accounts that nobody has seen for long, and not those that were seen", async () => {
      const { directory } = await make()
      for (const account of ["ann", "bob", "eve"])
        await directory.publish(suitePublication(account, "phone", { oneTime: many("opk", 1) }))
      await directory.enter({ account: "ann", device: "phone", handle: undefined }, NOW_MS + 10)
      await directory.seen(["bob", "nobody"], NOW_MS + 10)
      await directory.forget(NOW_MS + 5)
      const kept: string[] = []
      for (const account of ["ann", "bob", "eve", "nobody"])
        if ((await directory.lists(account, 0)) !== undefined) kept.push(account)
      deepStrictEqual(kept, ["ann", "bob"])
      // Whole: what comes again begins anew, and there is room for it.
      await directory.publish(suitePublication("eve", "phone", { version: 9, oneTime: many("opk", 1) }))
      const [keys] = (await directory.claim("eve", ["phone"], NOW_MS)) ?? []
      strictEqual(typeof keys === "object" && text(keys.list), "list 9")
    })

    it("after a restart is as it was, or empty", async () => {
      const before = await make()
      await before.directory.publish(
        suitePublication("ann", "phone", {
          id: "first",
          oneTime: many("opk", 2),
          oneTimeKem: many("pqopk", 1),
        }),
      )
      await claimed(before.directory)
      await before.directory.setHandle({ handle: "ann", account: "ann", version: 1, record: bytes("r") })
      await before.directory.bind("bob", "bob")
      const { directory } = await before.reopen()
      if (!options.survivesRestart) {
        strictEqual(await directory.lists("ann", 0), undefined)
        return
      }
      deepStrictEqual(await stock(directory), [1, 0])
      strictEqual(text(await directory.handle("ann")), "r")
      strictEqual(await directory.bind("bob", "eve"), false)
      const again = suitePublication("ann", "phone", { id: "first", oneTime: many("opk", 5) })
      await directory.publish(again)
      strictEqual(await claimed(directory), "opk2a pqspk1a")
      await directory.check()
    })
  })
}
