/**
 * What lies on the disk of a real client: who reads it finds nothing, who changes it is noticed, record by record. The
 * store is a SQLite file that two people's conversation has filled.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SecureChat, type Store, type StorePath, memoryStore } from "@securechat/core"
import { sealable } from "@securechat/core/store/sealed"
import { fileKey, sqliteStore } from "@securechat/core/store/sqlite"
import { webSocket } from "@securechat/transport-ws"
import { canarySearch } from "@securechat/testkit"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Person, type World, createWorld } from "../support/world.ts"

const KEY = new Uint8Array(32).fill(3)
const CANARIES = ["canary of alice", "canary of bob", "canary that was never sent"]

type Row = readonly [StorePath, Uint8Array]
const rowsOf = async (store: Store): Promise<Row[]> => {
  const rows: Row[] = []
  for await (const row of store.list([])) rows.push(row)
  return rows
}
const copyOf = async (rows: readonly Row[]): Promise<Store> => {
  const store = sealable({ ...memoryStore(), durable: true })
  await store.batch(rows.map(([key, value]) => ({ type: "set", key, value })))
  return store
}
const put = (store: Store, key: StorePath, value: Uint8Array): Promise<void> =>
  store.batch([{ type: "set", key, value }])
const nameOf = (place: StorePath): string => place.join("/")

let world: World
let folder: string
let alice: Person
let bob: Person
/** The file's records, sealed as they lie there. */
let rows: Row[]

beforeAll(async () => {
  world = await createWorld()
  folder = mkdtempSync(join(tmpdir(), "securechat-"))
  bob = await world.person("bob")
  alice = await world.person("alice", {
    store: sqliteStore(join(folder, "chat.db")),
    storeKey: KEY,
    inspect: 5,
  })
  await alice.says(bob, CANARIES[0]!)
  await bob.says(alice, CANARIES[1]!)
  await (await alice.with(bob)).markRead()
  world.evil.hold(({ who, frame }) => who === "alice" && frame.type === "submit")
  await (await alice.with(bob)).send(CANARIES[2]!)
  await alice.chat.close()
  const file = sqliteStore(join(folder, "chat.db"))
  rows = await rowsOf(file)
  await file.close?.()
})
afterAll(async () => {
  await world.close()
  rmSync(folder, { recursive: true })
})

/** Ways to spoil one record. A single older copy of the same record is not among them: it is not claimed. */
const zeroed = (value: Uint8Array): Uint8Array => new Uint8Array(value.length)
const truncated = (value: Uint8Array): readonly Uint8Array[] =>
  [0, 1, 9, 21, value.length - 1].map((length) => value.slice(0, length))
/** At its beginning, its end and in the middle: every field is met. */
const flipped = (value: Uint8Array): readonly Uint8Array[] =>
  [0, 1, 8, 9, 20, 21, value.length >> 1, value.length - 17, value.length - 1].map((at) => {
    const out = value.slice()
    out[at] = (out[at] ?? 0) ^ 0x10
    return out
  })
const OWN: ReadonlySet<string> = new Set(["seal/key", "seal/state"])

describe("a changed record", () => {
  it("[D8] zeroed, cut or with one bit flipped, is refused by its name, and every other can be read", async () => {
    const store = await copyOf(rows)
    const sealed = await store.seal!(KEY)
    const clear = await rowsOf(sealed)
    // A message and its key are one: the damage of either is told of one of them.
    const told = (place: StorePath): string => nameOf(place).replace(/^erase\//, "")
    const damageOf = async (path: StorePath): Promise<string | undefined> =>
      sealed.get(path).then(
        () => undefined,
        (error: unknown) => {
          expect(error).toMatchObject({ code: "ERR_STORE_CORRUPT" })
          return told([(error as { details: { record: string } }).details.record])
        },
      )
    for (const [place, value] of rows.filter(([path]) => !OWN.has(nameOf(path)))) {
      await put(store, place, zeroed(value))
      const hit: StorePath[] = []
      for (const [path, before] of clear)
        if ((await damageOf(path)) !== undefined) hit.push(path)
        else expect(await sealed.get(path)).toEqual(before)
      expect(hit).toHaveLength(1)
      for (const spoilt of [...flipped(value), ...truncated(value)]) {
        await put(store, place, spoilt)
        expect(await damageOf(hit[0]!)).toBe(told(place))
      }
      await put(store, place, value)
    }
  })

  it("[D8] exchanged with another one, is refused, and so is that", async () => {
    const store = await copyOf(rows)
    const sealed = await store.seal!(KEY)
    const clear = await rowsOf(sealed)
    const own = rows.filter(([place]) => !OWN.has(nameOf(place)))
    for (const [i, [place, value]] of own.entries()) {
      const [other, others] = own[(i + 1) % own.length]!
      await put(store, place, others)
      await put(store, other, value)
      const codes = await Promise.all(
        clear.map(([path]) =>
          sealed.get(path).then(
            () => "read",
            (error: unknown) => (error as { code: string }).code,
          ),
        ),
      )
      const refused = codes.filter((code) => code === "ERR_STORE_CORRUPT").length
      expect(refused).toBeGreaterThan(0)
      expect(refused + codes.filter((code) => code === "read").length).toBe(clear.length)
      await put(store, place, value)
      await put(store, other, others)
    }
  })

  it("[D8] never gives a fresh identity: the client does not start, says which record, and writes nothing", async () => {
    const sealed = await (await copyOf(rows)).seal!(KEY)
    const identity = await identityPlace(sealed)
    for (const place of [identity, ["seal", "state"], ["seal", "key"]]) {
      const value = rows.find(([path]) => nameOf(path) === nameOf(place))![1]
      for (const spoilt of [zeroed(value), ...flipped(value), ...truncated(value)]) {
        const store = await copyOf(rows)
        await put(store, place, spoilt)
        const before = await rowsOf(store)
        const opening = SecureChat.open({ transport: webSocket(world.url), store, storeKey: KEY })
        await expect(opening).rejects.toMatchObject({
          code: "ERR_STORE_CORRUPT",
          details: { record: nameOf(place) },
        })
        expect(await rowsOf(store)).toEqual(before)
      }
    }
  })

  it("[D8] of a message stands as unreadable in its place, and the conversation goes on around it", async () => {
    const store = await copyOf(rows)
    const [place, value] = rows.find(([path]) => path[0] === "message" && path[2] === "000000000002")!
    await put(store, place, zeroed(value))
    const chat = await SecureChat.open({ transport: webSocket(world.url), store, storeKey: KEY })
    const [conversation] = await chat.conversations()
    const { items } = await conversation!.page()
    expect(
      items.map((item) =>
        "text" in item ? item.text : (item as { problem: { code: string } }).problem.code,
      ),
    ).toEqual([CANARIES[0], "ERR_STORE_CORRUPT", CANARIES[2]])
    await chat.close()
  })
})

/** Where the identity lies: the one record without which `own/identity` is not there. */
const identityPlace = async (sealed: Store): Promise<StorePath> => {
  for (const [place, value] of rows.filter(([path]) => path[0] === "own")) {
    const store = await copyOf(rows.filter(([path]) => path !== place))
    const without = await store.seal!(KEY)
    if ((await without.get(["own", "identity"])) === undefined && value.length > 0) return place
  }
  throw new Error(`no identity in ${String(sealed.durable)}`)
}

describe("what lies on the disk", () => {
  it("[D9] holds no text, no name and no key that was ever drawn, in any file; each is for its owner alone", () => {
    const text = (name: string): { name: string; bytes: Uint8Array } => ({
      name,
      bytes: new TextEncoder().encode(name),
    })
    const secrets = alice.drawn.map((bytes, i) => ({ name: `secret ${i}`, bytes }))
    expect(secrets.length).toBeGreaterThan(100)
    const found = canarySearch([
      ...[...CANARIES, alice.chat.accountId, bob.chat.accountId, bob.chat.deviceId].map(text),
      ...[...secrets, { name: "the key itself", bytes: KEY }],
    ])
    const files = readdirSync(folder)
    expect(files).toEqual(["chat.db", "chat.db-mark"])
    for (const name of files) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
      expect(found(readFileSync(join(folder, name)))).toEqual([])
    }
  })

  it("[D9] keeps a key file beside it as 32 random bytes for its owner alone, and its root key wrapped", async () => {
    const place = mkdtempSync(join(tmpdir(), "securechat-"))
    const store = sqliteStore(join(place, "chat.db"))
    const sealed = await store.seal!(fileKey(join(place, "key")))
    await put(sealed, ["own", "identity"], new TextEncoder().encode(CANARIES[0]))
    await sealed.close?.()
    const key = readFileSync(join(place, "key"))
    expect(key).toHaveLength(32)
    for (const name of readdirSync(place)) {
      expect(statSync(join(place, name)).mode & 0o777).toBe(0o600)
      const bytes = readFileSync(join(place, name))
      expect(bytes.includes(CANARIES[0]!)).toBe(false)
      if (name !== "key") expect(bytes.includes(key)).toBe(false)
    }
    rmSync(place, { recursive: true })
  })
})
