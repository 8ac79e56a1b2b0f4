/**
 * One record of each kind that a client keeps is damaged, and the client started on it. What it cannot go on without it does
 * not make up: it does not start, and names the record. What it needs later it names then, and everything else is usable.
 */
import {
  type Conversation,
  type Message,
  SecureChat,
  type SecureChatError,
  type Store,
  type StorePath,
  type Unreadable,
  memoryStore,
} from "@securechat/core"
import { sealable } from "@securechat/core/store/sealed"
import { webSocket } from "@securechat/transport-ws"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { flipped as withBit } from "../support/tamper.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

const KEY = new Uint8Array(32).fill(3)
type Row = readonly [StorePath, Uint8Array]

const rowsOf = async (store: Store): Promise<Row[]> => {
  const rows: Row[] = []
  for await (const row of store.list([])) rows.push(row)
  return rows
}
const storeOf = async (rows: readonly Row[]): Promise<Store> => {
  const store = sealable({ ...memoryStore(), durable: true })
  await store.batch(rows.map(([key, value]) => ({ type: "set", key, value })))
  return store
}

/** Kinds of records that are read when a client starts, one by one: without them it would be another client. */
const NEEDED = [
  ...["own/identity", "own/cursor", "own/publication", "prekey", "first", "link", "list"],
  ...["conversation", "direct", "outbox", "wanted", "envelope"],
]
/** Those that are read when somebody asks for what is in them. */
const LATER = ["own/handle", "message", "place", "sent", "inspection"]
const OWN = ["identity", "cursor", "publication", "handle"]
/** Of the sealing itself: `at-rest.test.ts`. */
const SEALING = ["seal", "erase"]

let world: World
let alice: Person
let rows: Row[]
/** A record of each kind. */
const samples = new Map<string, StorePath>()

beforeAll(async () => {
  world = await createWorld()
  const [bob, carol] = await Promise.all([world.person("bob"), world.person("carol")])
  const inner = sealable({ ...memoryStore(), durable: true })
  alice = await world.person("alice", { store: inner, storeKey: KEY, inspect: 5 })
  await carol.says(alice, "from carol, who began")
  await alice.says(bob, "one")
  await bob.says(alice, "two")
  await (await alice.with(bob)).markRead()
  await alice.until(() => alice.chat.getSnapshot().outbox === 0)
  // Something that does not open is asked for.
  const end = world.evil.rule(({ who, way, frame }) => {
    if (who !== "alice" || way !== "down" || frame.type !== "deliver") return undefined
    end()
    return [{ ...frame, body: withBit(frame.body, frame.body.length - 40) }]
  })
  await (await bob.with(alice)).send("broken")
  await alice.until(() => alice.unreadable.length > 0)
  // Something waits for the relay, and so does a publication.
  world.evil.hold(
    ({ who, frame }) => who === "alice" && (frame.type === "submit" || frame.type === "publish"),
  )
  await (await alice.with(bob)).send("waits")
  world.evil.say("alice", { type: "stock", request: 0, oneTimeLeft: 0, kemLeft: 0, lastResortUses: 0 })
  await world.evil.until(
    ({ who, frame }) => who === "alice" && frame.type === "publish",
    world.evil.seen.length,
  )
  await alice.chat.close()
  rows = await rowsOf(inner)
  for (const [place] of rows) if (place[0] !== "own") samples.set(place[0]!, place)
  await samplesOfOwn()
})
afterAll(() => world.close())

/** Names are pseudonyms: of each own record, the one without which it is not there. */
const samplesOfOwn = async (): Promise<void> => {
  for (const [place] of rows.filter(([path]) => path[0] === "own")) {
    const without = await (await storeOf(rows.filter(([path]) => path !== place))).seal!(KEY)
    for (const name of OWN)
      if ((await without.get(["own", name])) === undefined) samples.set(`own/${name}`, place)
  }
}

const spoilt = (value: Uint8Array): readonly Uint8Array[] => [
  new Uint8Array(value.length),
  value.slice(0, value.length - 1),
  withBit(value, value.length >> 1),
]
/** A store with this record damaged. */
const damaged = (place: StorePath, value: Uint8Array): Promise<Store> =>
  storeOf(rows.map((row) => (row[0] === place ? [place, value] : row)))
const valueAt = (place: StorePath): Uint8Array => rows.find(([path]) => path === place)![1]
const open = (store: Store): Promise<SecureChat> =>
  SecureChat.open({ user: "alice", transport: webSocket(world.url), store, storeKey: KEY, inspect: 5 })
const corrupt = (place: StorePath): object => ({
  code: "ERR_STORE_CORRUPT",
  details: { record: place.join("/") },
})
const texts = (items: readonly (Message | Unreadable)[]): (string | undefined)[] =>
  items.map((item) => ("text" in item ? item.text : (item as Unreadable).problem.code))

describe("a damaged record", () => {
  it("[D8] stands here for each kind that a client keeps", () => {
    expect([...samples.keys()].sort()).toEqual([...NEEDED, ...LATER, ...SEALING].sort())
  })

  it.each(NEEDED)("[D8] of the kind %s is named, and the client neither starts nor writes", async (kind) => {
    const place = samples.get(kind)!
    for (const value of spoilt(valueAt(place))) {
      const store = await damaged(place, value)
      const before = await rowsOf(store)
      await expect(open(store)).rejects.toMatchObject(corrupt(place))
      expect(await rowsOf(store)).toEqual(before)
    }
  })

  it.each(LATER)("[D8] of the kind %s is named where it is wanted, and the rest goes on", async (kind) => {
    const place = samples.get(kind)!
    for (const value of spoilt(valueAt(place))) {
      const chat = await open(await damaged(place, value))
      expect(chat.accountId).toBe(alice.chat.accountId)
      const all = await Promise.all(
        (await chat.conversations()).map(async (conversation) => texts((await conversation.page()).items)),
      )
      const whole = [["from carol, who began"], ["one", "two", "ERR_AUTHENTICATION", "waits"]]
      expect(all.flat().toSorted()).toHaveLength(whole.flat().length)
      const missing = whole.flat().filter((text) => !all.flat().includes(text))
      expect(missing).toHaveLength(kind === "message" ? 1 : 0)
      await chat.close()
    }
  })

  /** What is refused where somebody asks about each message there is. */
  const asked = async (
    kind: string,
    ask: (conversation: Conversation, message: string) => Promise<unknown>,
  ): Promise<readonly unknown[]> => {
    const place = samples.get(kind)!
    const chat = await open(await damaged(place, new Uint8Array(valueAt(place).length)))
    const refusals: unknown[] = []
    for (const conversation of await chat.conversations())
      for (const { id } of (await conversation.page()).items)
        await ask(conversation, id).catch((error: unknown) => refusals.push(error))
    await chat.close()
    return refusals.filter((error) => (error as SecureChatError).code === "ERR_STORE_CORRUPT")
  }

  it("[D8] of a message's place is named when that message is asked for, and of no other one", async () => {
    const refusals = await asked("place", (conversation, id) => conversation.page({ around: id }))
    expect(refusals).toMatchObject([corrupt(samples.get("place")!)])
  })

  it("[D8] of what is kept for `inspect` is named when that is asked for, and of no other one", async () => {
    const refusals = await asked("inspection", (conversation, id) => conversation.inspect(id))
    expect(refusals).toMatchObject([corrupt(samples.get("inspection")!)])
  })

  it("[D8] of the own name is named when the relay is to hear it", async () => {
    const place = samples.get("own/handle")!
    const store = await damaged(place, new Uint8Array(valueAt(place).length))
    const again = world.newcomer("alice again", { user: "alice", store, storeKey: KEY })
    await again.chat.start()
    await expect(again.chat.whenOnline()).rejects.toMatchObject(corrupt(place))
    expect(again.errors).toMatchObject([corrupt(place)])
  })
})
