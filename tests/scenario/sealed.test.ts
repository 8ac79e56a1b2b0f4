/** A chat whose store is a file: kept through restarts, locked and unlocked, under another key, and wiped. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SecureChat, type StoreKey, type StoreKeyContext, memoryStore } from "@securechat/core"
import { sealable } from "@securechat/core/store/sealed"
import { fileKey, sqliteStore } from "@securechat/core/store/sqlite"
import { webSocket } from "@securechat/transport-ws"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type World, createWorld } from "../support/world.ts"

const KEY = new Uint8Array(32).fill(1)
const OTHER = new Uint8Array(32).fill(2)

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

const file = (name = "alice.db"): string => join(folder, name)
const durable = (
  storeKey: StoreKey = KEY,
): { store: ReturnType<typeof sqliteStore>; storeKey: StoreKey } => ({
  store: sqliteStore(file()),
  storeKey,
})

describe("a chat in a sealed file", () => {
  it("goes on after a restart as the same account, with its history, and nobody else has to know", async () => {
    const bob = await world.person("bob")
    const alice = await world.person("alice", durable())
    await alice.says(bob, "before")
    const { accountId } = alice.chat
    await alice.restart()
    expect(alice.chat.accountId).toBe(accountId)
    const { items } = await (await alice.with(bob)).page()
    expect(items.map((item) => "text" in item && item.text)).toEqual(["before"])
    await alice.says(bob, "after")
    await bob.says(alice, "answer")
    expect(statSync(file()).mode & 0o777).toBe(0o600)
  })

  it("refuses a durable store without a key, and one that cannot be sealed, before anything is written", () => {
    const transport = webSocket(world.url)
    const code = (options: object): unknown => {
      try {
        return new SecureChat({ transport, ...options })
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    expect(code({ store: sqliteStore(file()) })).toBe("ERR_STORE_KEY_REQUIRED")
    expect(code({ store: { ...memoryStore(), durable: true }, storeKey: KEY })).toBe("ERR_CONFIG_INVALID")
    expect(readdirSync(folder)).toEqual([])
  })

  it("takes a store of one's own that was made sealable", async () => {
    const store = sealable({ ...memoryStore(), durable: true })
    const alice = await world.person("alice", { store, storeKey: KEY })
    const { accountId } = alice.chat
    await alice.restart()
    expect(alice.chat.accountId).toBe(accountId)
    for await (const [[table]] of store.list([])) expect(table).not.toBe("")
    expect(await store.get(["own", "identity"])).toBeUndefined()
  })

  it("is not opened under another key, gives its lease back then, and opens under the right one", async () => {
    const alice = await world.person("alice", durable())
    await alice.chat.close()
    const options = { transport: webSocket(world.url), store: sqliteStore(file()) }
    await expect(SecureChat.open({ ...options, storeKey: OTHER })).rejects.toMatchObject({
      code: "ERR_STORE_WRONG_KEY",
    })
    await expect(SecureChat.open({ ...options, storeKey: "words" })).rejects.toMatchObject({
      code: "ERR_STORE_WRONG_KEY",
      details: { kind: "key" },
    })
    const again = await SecureChat.open({ ...options, store: sqliteStore(file()), storeKey: KEY })
    expect(again.accountId).toBe(alice.chat.accountId)
    await again.close()
  })

  it("keeps its key in a file of its own, and does not make another one when that is gone", async () => {
    const alice = await world.person("alice", durable(fileKey(file("key"))))
    await alice.restart()
    await alice.chat.close()
    expect(statSync(file("key")).mode & 0o777).toBe(0o600)
    rmSync(file("key"))
    const open = (): Promise<SecureChat> =>
      SecureChat.open({ transport: webSocket(world.url), ...durable(fileKey(file("key"))) })
    await expect(open()).rejects.toMatchObject({ code: "ERR_STORE_WRONG_KEY" })
    expect(readdirSync(folder)).not.toContain("key")
    writeFileSync(file("key"), KEY, { mode: 0o644 })
    await expect(open()).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })
})

describe("a deleted message", () => {
  it("is gone from the page, from what inspect keeps and, with its key, from the store", async () => {
    const bob = await world.person("bob")
    const options = durable()
    const alice = await world.person("alice", { ...options, inspect: 10 })
    await alice.says(bob, "hello")
    const received = await bob.says(alice, "to be forgotten")
    const withBob = await alice.with(bob)
    await bob.says(alice, "kept")
    const rows = async (): Promise<readonly string[]> => {
      const found: string[] = []
      for await (const [path] of options.store.list([])) found.push(path.join("/"))
      return found
    }
    const before = await rows()
    await expect(withBob.delete(received.id, { for: "everyone" as "me" })).rejects.toMatchObject({
      code: "ERR_CONFIG_INVALID",
    })
    const removed = alice.chat.once("message:removed")
    await withBob.delete(received.id, { for: "me" })
    expect(await removed).toEqual({ id: received.id, conversationId: withBob.id, reason: "deleted" })
    const gone = before.filter((path) => path.startsWith("message/") || path.startsWith("erase/"))
    expect((await rows()).filter((path) => gone.includes(path))).toHaveLength(gone.length - 2)
    const texts = async (): Promise<readonly unknown[]> =>
      (await (await alice.with(bob)).page()).items.map((item) => "text" in item && item.text)
    expect(await texts()).toEqual(["hello", "kept"])
    expect(await withBob.inspect(received.id)).toEqual([])
    await expect(withBob.delete(received.id, { for: "me" })).rejects.toMatchObject({
      code: "ERR_MESSAGE_NOT_FOUND",
    })
    await alice.restart()
    expect(await texts()).toEqual(["hello", "kept"])
    expect((await (await bob.with(alice)).page()).items).toHaveLength(3)
  })
})

describe("a locked chat", () => {
  it("is red, sends and reads nothing, and goes on when it is unlocked", async () => {
    const bob = await world.person("bob")
    const alice = await world.person("alice", durable())
    await alice.says(bob, "before")
    const toBob = await alice.with(bob)
    await alice.chat.lock()

    expect(toBob.security).toMatchObject({ level: "red", reason: "locked", action: "unlock" })
    expect(alice.changes.at(-1)?.status.reason).toBe("locked")
    expect(alice.chat.getSnapshot().conversations).toHaveLength(1)
    expect(toBob.unread).toBe(0)
    await expect(toBob.send("no")).rejects.toMatchObject({
      code: "ERR_NOT_SECURE",
      retryable: true,
      details: { reason: "locked" },
    })
    const locked = { code: "ERR_LOCKED" }
    await expect(toBob.page()).rejects.toMatchObject(locked)
    await expect(alice.chat.direct("bob")).rejects.toMatchObject(locked)
    await expect(alice.chat.changeStoreKey(OTHER)).rejects.toMatchObject(locked)
    expect(() => alice.chat.accountId).toThrow(expect.objectContaining(locked))

    const answered = await (await bob.with(alice)).send("while it was locked")
    // The key itself was given, and dropped with the others.
    await expect(alice.chat.unlock()).rejects.toMatchObject({ code: "ERR_STORE_KEY_REQUIRED" })
    await expect(alice.chat.unlock(OTHER)).rejects.toMatchObject({ code: "ERR_STORE_WRONG_KEY" })
    expect(toBob.security.reason).toBe("locked")
    await alice.chat.unlock(KEY)
    expect(toBob.security.level).toBe("yellow")
    expect((await alice.hears("while it was locked")).id).toBe(answered.id)
    await alice.says(bob, "after")
  })

  it("asks again for its key, says why, and is unlocked once for two who ask", async () => {
    const asked: StoreKeyContext["reason"][] = []
    const storeKey: StoreKey = ({ reason }) => {
      asked.push(reason)
      return Promise.resolve(KEY)
    }
    const alice = await world.person("alice", durable(storeKey))
    await alice.chat.lock()
    await Promise.all([alice.chat.unlock(), alice.chat.unlock()])
    await alice.chat.whenOnline()
    await alice.restart()
    expect(asked).toEqual(["create", "unlock", "open"])
  })

  it("is locked twice as once, and can be closed", async () => {
    const bob = await world.person("bob")
    const alice = await world.person("alice", durable())
    await alice.says(bob, "before")
    await alice.chat.lock()
    await alice.chat.lock()
    await alice.chat.close()
    await expect(alice.chat.lock()).rejects.toMatchObject({ code: "ERR_CLOSED" })
    const again = await SecureChat.open({ transport: webSocket(world.url), ...durable() })
    expect(again.getSnapshot().conversations).toHaveLength(1)
    await again.close()
  })

  it("needs a key to lock with", async () => {
    const alice = await world.person("alice")
    await expect(alice.chat.lock()).rejects.toMatchObject({ code: "ERR_STATE" })
    await expect(alice.chat.changeStoreKey(KEY)).rejects.toMatchObject({ code: "ERR_STATE" })
    expect(alice.chat.connection).toBe("online")
  })
})

describe("the key of a store", () => {
  it("is changed to a passphrase, after which only that opens it", async () => {
    const alice = await world.person("alice", durable())
    await alice.chat.changeStoreKey("correct horse")
    await alice.chat.close()
    const open = (storeKey: StoreKey): Promise<SecureChat> =>
      SecureChat.open({ transport: webSocket(world.url), ...durable(storeKey) })
    await expect(open(KEY)).rejects.toMatchObject({ details: { kind: "passphrase" } })
    await expect(open("wrong horse")).rejects.toMatchObject({ code: "ERR_STORE_WRONG_KEY" })
    const again = await open("correct horse")
    expect(again.accountId).toBe(alice.chat.accountId)
    await again.close()
  })
})

describe("wiping", () => {
  it("leaves nothing in the store; the next start is another account, known by another key", async () => {
    const bob = await world.person("bob")
    const alice = await world.person("alice", durable())
    await alice.says(bob, "before")
    const { accountId } = alice.chat
    await alice.chat.wipe()
    expect(alice.chat.getSnapshot().conversations).toEqual([])
    const store = sqliteStore(file())
    for await (const [path] of store.list([])) expect(path).toBeUndefined()
    await store.close?.()
    await alice.chat.start()
    expect(alice.chat.accountId).not.toBe(accountId)
  })

  it("needs no key, for who has forgotten it", async () => {
    const alice = await world.person("alice", durable())
    await alice.chat.close()
    const chat = new SecureChat({ transport: webSocket(world.url), ...durable(OTHER) })
    await expect(chat.start()).rejects.toMatchObject({ code: "ERR_STORE_WRONG_KEY" })
    await chat.wipe()
    await chat.start()
    expect(chat.accountId).not.toBe(alice.chat.accountId)
    await chat.close()
  })
})
