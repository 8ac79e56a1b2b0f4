import { describe, expect, it } from "vitest"
import { Batch, commit } from "../runtime/commit.ts"
import { memoryStore } from "../store/memory.ts"
import type { Store } from "../store/store.ts"
import { storeMessage } from "./messages.ts"
import { findText, readAll, readPage } from "./pages.ts"
import type { MessageRecord } from "./records.ts"

const ID = "conversation"
const ACCOUNT = `sc1${"a".repeat(32)}` as const
const record = (place: number, more: Partial<MessageRecord> = {}): MessageRecord => ({
  ...{ place, id: `m${String(place)}`, mine: place % 2 === 0, account: ACCOUNT, device: "d", peer: ACCOUNT },
  ...{ sentAtMs: place, text: `text ${String(place)}`, sequence: place, quarantined: false },
  security: { level: "yellow", reason: "unverified", action: "verify", since: new Date(0) },
  ...more,
})

/** Messages 1 to `count`, with some of them other than the rest. */
const storeOf = async (
  count: number,
  others: Readonly<Record<number, Partial<MessageRecord>>> = {},
): Promise<Store> => {
  const store = memoryStore()
  const batch = new Batch()
  for (let place = 1; place <= count; place++) storeMessage(batch, ID, record(place, others[place]))
  await commit(store, batch)
  return store
}
const places = (records: readonly MessageRecord[]): number[] => records.map((message) => message.place)
const collect = async (walk: AsyncIterable<MessageRecord>): Promise<number[]> => {
  const found: number[] = []
  for await (const { place } of walk) found.push(place)
  return found
}
const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)

describe("a page", () => {
  it("begins with the newest and leads to the oldest and back without a gap", async () => {
    const store = await storeOf(25)
    const newest = await readPage(store, ID, { limit: 10 })
    expect([places(newest.items), newest.newer]).toEqual([range(16, 25), undefined])
    const middle = await readPage(store, ID, { limit: 10, before: newest.older })
    expect(places(middle.items)).toEqual(range(6, 15))
    const oldest = await readPage(store, ID, { limit: 10, before: middle.older })
    expect([places(oldest.items), oldest.older]).toEqual([range(1, 5), undefined])
    const back = await readPage(store, ID, { limit: 10, after: oldest.newer })
    expect(places(back.items)).toEqual(range(6, 15))
    const end = await readPage(store, ID, { limit: 10, after: back.newer })
    expect([places(end.items), end.newer]).toEqual([range(16, 25), undefined])
  })

  it("stands around a message, and fills up from the other side at an end", async () => {
    const store = await storeOf(25)
    const around = async (place: number, limit: number): Promise<unknown> => {
      const page = await readPage(store, ID, { around: `m${String(place)}`, limit })
      return [places(page.items), page.older, page.newer]
    }
    expect(await around(12, 5)).toEqual([range(10, 14), "10", "14"])
    expect(await around(12, 4)).toEqual([range(11, 14), "11", "14"])
    expect(await around(2, 7)).toEqual([range(1, 7), undefined, "7"])
    expect(await around(25, 4)).toEqual([range(22, 25), "22", undefined])
    expect(await around(13, 100)).toEqual([range(1, 25), undefined, undefined])
    expect(await around(13, 1)).toEqual([[13], "13", "13"])
    const older = await readPage(store, ID, { before: "10", limit: 100 })
    expect(places(older.items)).toEqual(range(1, 9))
  })

  it("stands around no message that is unknown, or that nobody has decided about", async () => {
    const store = await storeOf(9, { 5: { quarantined: true } })
    for (const around of ["m77", "m5"])
      await expect(readPage(store, ID, { around })).rejects.toMatchObject({ code: "ERR_MESSAGE_NOT_FOUND" })
    expect(places((await readPage(store, ID, { around: "m4", limit: 3 })).items)).toEqual([3, 4, 6])
  })

  it.each([
    { limit: 0 },
    { limit: 501 },
    { before: "1", after: "1" },
    { before: "1", around: "m1" },
    { before: "x" },
  ])("refuses %j", async (options) => {
    await expect(readPage(await storeOf(1), ID, options)).rejects.toMatchObject({
      code: "ERR_CONFIG_INVALID",
    })
  })
})

describe("all of a history", () => {
  it("comes in order, both ways, without what nobody has decided about", async () => {
    const store = await storeOf(200, { 7: { quarantined: true } })
    const shown = range(1, 200).filter((place) => place !== 7)
    expect(await collect(readAll(store, ID, {}))).toEqual(shown)
    expect(await collect(readAll(store, ID, { newestFirst: true }))).toEqual(shown.reverse())
  })

  it("ends where its signal fires", async () => {
    const stop = new AbortController()
    const walk = readAll(await storeOf(5), ID, { signal: stop.signal })
    expect((await walk.next()).value).toMatchObject({ place: 1 })
    stop.abort()
    await expect(walk.next()).rejects.toMatchObject({ code: "ERR_ABORTED" })
  })
})

describe("a search", () => {
  it.each([
    ["HELLO", "say hello, world"],
    ["straße", "STRASSE 7"],
    ["ΟΔΟΣ", "οδός".normalize("NFD").replaceAll(/\p{M}/gu, "")],
    ["cafe\u0301", "Café"],
    ["ﬁne", "FINE"],
  ])("finds %j in %j, whatever the case and the spelling", async (wanted, text) => {
    const store = await storeOf(3, { 2: { text } })
    expect(await collect(findText(store, ID, wanted, {}))).toEqual([2])
  })

  it("gives the newest first, nothing in quarantine, and nothing that could not be read", async () => {
    const needle = { text: "a needle" }
    const store = await storeOf(40, {
      ...{ 3: needle, 9: { ...needle, quarantined: true }, 30: needle },
      31: { text: undefined, problem: "ERR_AUTHENTICATION" },
    })
    expect(await collect(findText(store, ID, "NEEDLE", {}))).toEqual([30, 3])
    expect(await collect(findText(store, ID, "absent", {}))).toEqual([])
  })

  it("needs something to search for, and ends where its signal fires", async () => {
    const store = await storeOf(3)
    await expect(collect(findText(store, ID, "", {}))).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    const signal = AbortSignal.abort()
    const search = collect(findText(store, ID, "text", { signal }))
    await expect(search).rejects.toMatchObject({ code: "ERR_ABORTED" })
  })
})
