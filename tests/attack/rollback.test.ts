/** Yesterday's store put back, and a store copied and run twice. Files are real; envelopes are read as the relay reads them. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileKey, sqliteStore } from "@securechat/core/store/sqlite"
import { RELAY_CODE, decodeEnvelope } from "@securechat/core/wire"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { isDelivery } from "../support/tamper.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

let world: World
let folder: string
beforeEach(async () => {
  world = await createWorld()
  folder = mkdtempSync(join(tmpdir(), "securechat-"))
})
afterEach(async () => {
  await world.close()
  rmSync(folder, { recursive: true })
})

const options = (
  place = "store",
): { store: ReturnType<typeof sqliteStore>; storeKey: ReturnType<typeof fileKey> } => {
  mkdirSync(join(folder, place), { recursive: true })
  return { store: sqliteStore(join(folder, place, "chat.db")), storeKey: fileKey(join(folder, place, "key")) }
}
const copy = (from: string, to: string): void => {
  rmSync(join(folder, to), { recursive: true, force: true })
  cpSync(join(folder, from), join(folder, to), { recursive: true })
}
/** What lies beside the database goes its own way: it is not part of the copy. */
const putBackDatabase = (from: string): void => {
  for (const name of readdirSync(join(folder, "store")))
    if (name.startsWith("chat.db") && !name.endsWith("-mark")) rmSync(join(folder, "store", name))
  cpSync(join(folder, from, "chat.db"), join(folder, "store", "chat.db"))
}

/** Every message key that was used on the wire, each with the different tokens it was used for. */
const keysUsed = (...who: readonly string[]): Map<string, Set<string>> => {
  const used = new Map<string, Set<string>>()
  for (const { who: whose, way, frame } of world.evil.seen) {
    if (!who.includes(whose) || way !== "up" || frame.type !== "submit") continue
    const { sessionId, ratchetKey, count, token } = decodeEnvelope(frame.body)
    const key =
      [sessionId, ratchetKey].map((part) => Buffer.from(part).toString("hex")).join("/") + `/${count}`
    used.set(key, (used.get(key) ?? new Set()).add(Buffer.from(token).toString("hex")))
  }
  return used
}
const twice = (...who: readonly string[]): number =>
  [...keysUsed(...who).values()].filter((tokens) => tokens.size > 1).length

/** Alice goes on for some messages after the copy, and closes. */
const goOn = async (alice: Person, bob: Person): Promise<void> => {
  await alice.restart()
  for (const text of ["two", "three", "four"]) await alice.says(bob, text)
  await alice.chat.close()
}

describe("yesterday's whole store put back", () => {
  it("[D6] is seen by the marker beside it; the first message goes under new keys, arrives, and uses no key twice", async () => {
    const bob = await world.person("bob")
    const alice = await world.person("alice", options())
    await alice.says(bob, "one")
    await alice.chat.close()
    copy("store", "yesterday")
    await goOn(alice, bob)
    // What the copy cannot open: the keys for it came after it.
    await (await bob.with(alice)).send("on the way meanwhile")
    putBackDatabase("yesterday")

    // Nobody has told her anything yet: what comes from others is kept back.
    const held = world.evil.hold(
      ({ who, way, frame }) => who === "alice" && way === "down" && frame.type === "deliver",
    )
    const again = await world.person("alice", options())
    expect(again.errors[0]).toMatchObject({
      code: "ERR_STORE_CORRUPT",
      details: { cause: "rollback", lost: expect.any(Number) as number },
    })
    const toBob = await again.with(bob)
    const sent = await again.says(bob, "after")
    held.release()
    await toBob.waitFor(sent.id, "delivered")
    await bob.says(again, "and back")
    await again.says(bob, "again")
    expect(bob.texts).toEqual(["one", "two", "three", "four", "after", "again"])
    expect(twice("alice")).toBe(0)
  })

  it("[D6] without the marker is seen by the peer's view of it, before anything is sent", async () => {
    const bob = await world.person("bob")
    const alice = await world.person("alice", options())
    await alice.says(bob, "one")
    await alice.chat.close()
    copy("store", "yesterday")
    await goOn(alice, bob)
    // With the marker of that day, and everything else.
    copy("yesterday", "store")

    await (await bob.with(alice)).send("I have four of yours")
    const again = await world.person("alice", options())
    await again.hears("I have four of yours")
    expect(again.errors.at(-1)).toMatchObject({ code: "ERR_STORE_CORRUPT", details: { cause: "rollback" } })
    await again.says(bob, "after")
    expect(bob.texts).toEqual(["one", "two", "three", "four", "after"])
    expect(twice("alice")).toBe(0)
  })

  it("[D6] that learns only of a part of what its peer has, gives numbers again: what goes under them is shown", async () => {
    // His messages say how far he has all of hers, and no receipt says more.
    const bob = await world.person("bob", { receipts: { delivered: false, read: false } })
    const alice = await world.person("alice", options())
    await alice.says(bob, "one")
    await alice.chat.close()
    copy("store", "yesterday")
    await alice.restart()
    await alice.says(bob, "two")
    await new Promise<void>((resolve, reject) => {
      const end = world.evil.drop((crossing) => {
        if (!isDelivery("bob")(crossing)) return false
        end()
        resolve()
        return true
      })
      alice.with(bob).then((toBob) => toBob.send("lost"), reject)
    })
    await alice.says(bob, "four")
    await alice.chat.close()
    copy("yesterday", "store")

    await (await bob.with(alice)).send("I have two of yours, and one more")
    const again = await world.person("alice", options())
    await again.hears("I have two of yours, and one more")
    for (const text of ["a", "b", "c"]) await again.says(bob, text)
    expect(bob.texts).toEqual(["one", "two", "four", "a", "b", "c"])
    expect(twice("alice")).toBe(0)
  })
})

describe("a device that was copied and runs twice", () => {
  const rollback = { code: "ERR_STORE_CORRUPT", details: { cause: "rollback" } }
  /** Bob, who knows Alice, and the copy of her, which runs in her place. */
  const copied = async (): Promise<readonly [bob: Person, copy: Person]> => {
    const bob = await world.person("bob")
    const alice = await world.person("alice", options())
    await alice.says(bob, "one")
    await bob.says(alice, "and one back")
    for (const each of [alice, bob]) await each.until(() => each.chat.getSnapshot().outbox === 0)
    await alice.chat.close()
    copy("store", "clone")
    return [bob, await world.person("copy of alice", { ...options("clone"), user: "alice" })]
  }

  it("[D7] loses its connection to the copy, which is told, and does not come back by itself", async () => {
    const bob = await world.person("bob")
    const alice = await world.person("alice", options())
    await alice.says(bob, "one")
    copy("store", "clone")
    const lost = alice.chat.once("connection")
    await world.person("copy of alice", { ...options("clone"), user: "alice" })
    const { error, retryAt } = await lost
    expect(error).toMatchObject({ code: "ERR_TRANSPORT_CLOSED", details: { code: RELAY_CODE.replaced } })
    expect(retryAt).toBeUndefined()
    expect(alice.chat.connection).toBe("offline")
  })

  it("[D7] that runs while the other does not, is told to the other by the next thing its peer says", async () => {
    const [bob, copyOfAlice] = await copied()
    await copyOfAlice.says(bob, "of the copy")
    await copyOfAlice.chat.close()
    const again = await world.person("alice", options())
    await bob.says(again, "I have two of yours")
    expect(again.errors).toMatchObject([rollback])
    await again.says(bob, "under new keys")
    expect(twice("alice", "copy of alice")).toBe(0)
    expect(bob.changes.filter(({ status }) => status.level === "red")).toEqual([])
  })

  it("[D7] that runs while the other does not, is told to the other by the receipt for its first message", async () => {
    const [bob, copyOfAlice] = await copied()
    await copyOfAlice.says(bob, "of the copy")
    await copyOfAlice.chat.close()
    const again = await world.person("alice", options())
    // Under a number that the copy has used: nobody has told her yet.
    await (await again.with(bob)).send("of the original")
    await again.until(() => again.errors.length > 0)
    expect(again.errors).toMatchObject([rollback])
    await again.says(bob, "under new keys")
    expect(bob.changes.filter(({ status }) => status.level === "red")).toEqual([])
  })
})
