/** A client whose disk is full. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Message } from "@securechat/core"
import { sealable } from "@securechat/core/store/sealed"
import { sqliteStore } from "@securechat/core/store/sqlite"
import { faultyStore } from "@securechat/testkit"
import { afterAll, describe, expect, it } from "vitest"
import { until, world } from "../support/people.ts"

const folder = mkdtempSync(join(tmpdir(), "securechat-refused-"))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe("a store without space", () => {
  it("[D10] refuses a message whole, sends nothing of it, and takes it once there is space", async () => {
    await using where = await world()
    const path = join(folder, "full.db")
    const storeKey = new Uint8Array(32).fill(7)
    const bob = await where.join("bob")
    const store = sqliteStore(path, { maxBytes: 700_000 })
    const alice = await where.join("alice", { store, storeKey })
    const toBob = await alice.direct("bob")
    await bob.direct("alice")
    const accepted: string[] = []
    let refused: string | undefined
    // Each takes its own space in the store: two copies of it, until it is delivered.
    for (let i = 0; refused === undefined; i++) {
      const text = `${String(i)} ${"x".repeat(40_000)}`
      await toBob.send(text).then(
        () => accepted.push(text),
        (error: unknown) => {
          expect(error).toMatchObject({ code: "ERR_STORE_FULL" })
          refused = text
        },
      )
    }
    expect(accepted.length).toBeGreaterThan(2)
    await alice.close()

    const again = await where.join("alice", { store: sqliteStore(path), storeKey })
    const resumed = await again.direct("bob")
    const sent = await resumed.send(refused)
    await resumed.waitFor(sent.id, "delivered")
    await until(again, () => again.getSnapshot().outbox === 0)
    const [conversation] = await bob.conversations()
    const page = await conversation?.page({ limit: 500 })
    expect(page?.items.map((item) => (item as Message).text)).toEqual([...accepted, refused])
  })
})

/** Writes from the first message on: its own, its mark, receipts, and those of the ones after it. */
const WRITES = [1, 2, 3, 4, 5, 6, 7, 8]

describe("a disk that fails once", () => {
  it.each(WRITES)(
    "[D10] at write %i fails that operation whole, and what was refused can be done again",
    async (nth) => {
      await using where = await world()
      const bob = await where.join("bob")
      const faulty = faultyStore(sqliteStore(join(folder, `once-${String(nth)}.db`)))
      const storeKey = new Uint8Array(32).fill(7)
      const alice = await where.join("alice", { store: sealable(faulty), storeKey })
      // What no call can return is told as an event; in either case the disk is well again.
      let failures = 0
      const heal = (): void => {
        failures += 1
        faulty.heal()
      }
      alice.on("error", heal)
      const toBob = await alice.direct("bob")
      await bob.direct("alice")
      faulty.failAt(nth, "before")
      const texts = ["one", "two", "three"]
      for (const text of texts) {
        const sent = await toBob.send(text).catch((error: unknown) => {
          expect(error).toMatchObject({ code: "ERR_STORE_UNAVAILABLE", retryable: true })
          heal()
          return toBob.send(text)
        })
        await toBob.waitFor(sent.id, "delivered")
      }
      expect(failures).toBe(1)
      const [conversation] = await bob.conversations()
      const page = await conversation?.page()
      expect(page?.items.map((item) => (item as Message).text)).toEqual(texts)
    },
  )
})
