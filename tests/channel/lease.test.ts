/** Channels on a durable store: many share one object, and who loses the lease is closed. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SecureChannel, type Store, memoryPipe, memoryStore } from "@securechat/core"
import { sqliteStore } from "@securechat/core/store/sqlite"
import { afterAll, describe, expect, it } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "securechat-channels-"))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const storeKey = new Uint8Array(32).fill(7)
/** A channel on the store, and the other end of its pipe. */
const pair = async (store: Store, peer: string): Promise<readonly [SecureChannel, SecureChannel]> => {
  const [here, there] = memoryPipe()
  return Promise.all([
    SecureChannel.open({ pipe: here, store, ...(store.durable ? { storeKey } : {}), peer }),
    SecureChannel.open({ pipe: there }),
  ])
}

describe("channels on one durable store", () => {
  it("are one account, and the last to close gives the store back", async () => {
    const path = join(folder, "shared.db")
    const store = sqliteStore(path)
    const [withBob, bob] = await pair(store, "bob")
    const [withCarol, carol] = await pair(store, "carol")
    expect(withCarol.accountId).toBe(withBob.accountId)
    await withBob.close()
    await bob.close()
    await withCarol.verify(await withCarol.safetyNumber())
    await expect(sqliteStore(path).open?.({ takeover: false })).rejects.toMatchObject({
      code: "ERR_OTHER_TAB",
    })
    await withCarol.close()
    await carol.close()

    const again = await pair(sqliteStore(path), "dave")
    expect(again[0].accountId).toBe(withCarol.accountId)
    await Promise.all(again.map((channel) => channel.close()))
  })

  it.each(["sqlite", "memory"])(
    "are one account also when all begin at once on an empty one: %s",
    async (kind) => {
      const store = kind === "memory" ? memoryStore() : sqliteStore(join(folder, "at-once.db"))
      const pairs = await Promise.all(["bob", "carol", "dave"].map((peer) => pair(store, peer)))
      const accounts = pairs.map(([channel]) => channel.accountId)
      await Promise.all(pairs.flat().map((channel) => channel.close()))
      const [again, erin] = await pair(store, "erin")
      expect(new Set([...accounts, again.accountId]).size).toBe(1)
      await Promise.all([again.close(), erin.close()])
    },
  )

  it("[D5] are closed with a typed error when another process takes the store, and write no pin after it", async () => {
    const path = join(folder, "taken.db")
    const [withBob, bob] = await pair(sqliteStore(path), "bob")
    const other = sqliteStore(path)
    await other.open?.({ takeover: true })
    const error = withBob.once("error")
    const closed = withBob.once("close")
    const number = await withBob.safetyNumber()
    await expect(withBob.verify(number)).rejects.toMatchObject({ code: "ERR_OTHER_TAB" })
    expect(await error).toMatchObject({ code: "ERR_OTHER_TAB" })
    expect(await closed).toMatchObject({ by: "us", error: { code: "ERR_OTHER_TAB" } })
    await expect(withBob.start()).rejects.toMatchObject({ code: "ERR_OTHER_TAB" })
    await other.close?.()
    await bob.close()
  })
})
