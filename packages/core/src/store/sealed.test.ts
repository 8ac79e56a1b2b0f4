import { storeSuite } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { fromUtf8, utf8 } from "../bytes/text.ts"
import { MARKER_EVERY_WRITES } from "../limits.ts"
import { memoryStore } from "./memory.ts"
import { type Sealed, openSealed } from "./sealed.ts"
import type { Store, StoreOp, StorePath } from "./store.ts"

const KEY = new Uint8Array(32).fill(7)
const open = (inner: Store, key = KEY): Promise<Sealed> => openSealed(inner, key)

const set = (key: StorePath, text: string): StoreOp => ({ type: "set", key, value: utf8(text) })
const place = (n: number): string => String(n).padStart(12, "0")
const message = (n: number, conversation = "conversation of Alice"): StorePath => [
  "message",
  conversation,
  place(n),
]

type Row = readonly [StorePath, Uint8Array]
const rowsOf = async (store: Store, prefix: StorePath = [], options = {}): Promise<Row[]> => {
  const rows: Row[] = []
  for await (const row of store.list(prefix, options)) rows.push(row)
  return rows
}
const textsOf = async (store: Store, prefix: StorePath, options = {}): Promise<string[]> =>
  (await rowsOf(store, prefix, options)).map(([, value]) => fromUtf8(value))

storeSuite({ describe, it }, () => open(memoryStore()))

describe("a sealed store", () => {
  it("shows its driver neither a value nor a name, and keeps the numbers by which lists go", async () => {
    const inner = memoryStore()
    const store = await open(inner)
    await store.batch([set(message(1), "a secret text"), set(["link", "sc1alice", "device"], "a secret key")])
    const seen = (await rowsOf(inner)).map(
      ([path, value]) => `${path.join("/")} ${Buffer.from(value).toString("latin1")}`,
    )
    for (const word of ["secret", "Alice", "alice", "device"]) expect(seen.join("\n")).not.toContain(word)
    expect(seen.filter((row) => row.startsWith("message/") && row.includes(place(1)))).toHaveLength(1)
  })

  it("gives equal names another pseudonym in each table and under each parent", async () => {
    const inner = memoryStore()
    const store = await open(inner)
    await store.batch([
      set(["conversation", "x"], ""),
      set(["direct", "x", "y"], ""),
      set(["link", "y", "x"], ""),
    ])
    const names = (await rowsOf(inner))
      .filter(([[table]]) => table !== "seal")
      .flatMap(([[, ...rest]]) => rest)
    expect(new Set(names).size).toBe(5)
  })

  it("pages through numbered records both ways, in the order of their numbers, without those of others", async () => {
    const store = await open(memoryStore())
    for (const n of [3, 1, 10, 2])
      await store.batch([set(message(n), `m${n}`), set(message(n, "other"), "no")])
    const under = message(1).slice(0, 2)
    expect(await textsOf(store, under)).toEqual(["m1", "m2", "m3", "m10"])
    expect(await textsOf(store, under, { after: message(2), limit: 1 })).toEqual(["m3"])
    expect(await textsOf(store, under, { after: message(3), reverse: true })).toEqual(["m2", "m1"])
    expect((await rowsOf(store, under))[0]?.[0]).toEqual(message(1))
  })

  it("refuses a path that its table does not know, before anything is written", async () => {
    const store = await open(memoryStore())
    const wrong = [
      ["message", "x", "7"],
      ["message", "x"],
      ["outbox", "first"],
      ["seal", "key"],
      ["erase", "x"],
    ]
    for (const path of wrong)
      await expect(store.batch([set(["a"], "a"), set(path, "b")])).rejects.toMatchObject({
        code: "ERR_INTERNAL",
      })
    expect(await store.get(["a"])).toBeUndefined()
  })

  it("opens again under the same key with everything in it, and under no other", async () => {
    const inner = memoryStore()
    await (await open(inner)).batch([set(message(1), "kept")])
    expect(await textsOf(await open(inner), ["message"])).toEqual(["kept"])
    const other = new Uint8Array(32).fill(8)
    await expect(open(inner, other)).rejects.toMatchObject({ code: "ERR_STORE_WRONG_KEY" })
  })

  it("never begins anew over records whose key record is gone", async () => {
    const inner = memoryStore()
    await (await open(inner)).batch([set(["own", "identity"], "me")])
    await inner.batch([{ type: "delete", key: ["seal", "key"] }])
    await expect(open(inner)).rejects.toMatchObject({
      code: "ERR_STORE_CORRUPT",
      details: { record: "seal/key" },
    })
  })

  it("refuses a store of a newer schema and writes nothing into it", async () => {
    const inner = memoryStore()
    const store = await open(inner)
    await store.setSchema(2)
    await store.close()
    const before = await rowsOf(inner)
    await expect(open(inner)).rejects.toMatchObject({
      code: "ERR_STORE_TOO_NEW",
      details: { schema: 2, known: 1 },
    })
    expect(await rowsOf(inner)).toEqual(before)
  })

  it("opens no record in the place of another", async () => {
    const inner = memoryStore()
    const store = await open(inner)
    await store.batch([set(["own", "handle"], "a"), set(["own", "cursor"], "b")])
    const [one, other] = (await rowsOf(inner, ["own"])) as [Row, Row]
    await inner.batch([
      { type: "set", key: one[0], value: other[1] },
      { type: "set", key: other[0], value: one[1] },
    ])
    for (const name of ["handle", "cursor"])
      await expect(store.get(["own", name])).rejects.toMatchObject({ code: "ERR_STORE_CORRUPT" })
  })

  it("is of no use once it has forgotten its keys", async () => {
    const store = await open(memoryStore())
    await store.batch([set(message(1), "text")])
    await store.forget()
    const locked = { code: "ERR_LOCKED" }
    await expect(store.get(message(1))).rejects.toMatchObject(locked)
    await expect(store.batch([set(message(2), "text")])).rejects.toMatchObject(locked)
    await expect(rowsOf(store, ["message"])).rejects.toMatchObject(locked)
    await expect(store.changeKey(KEY)).rejects.toMatchObject(locked)
  })

  it("is one store for all who open the same object, also at once, until the last has gone", async () => {
    const inner = memoryStore()
    const [a, b] = await Promise.all([open(inner), open(inner)])
    for (let n = 1; n <= 3; n++) {
      await a.batch([set(message(2 * n), "a")])
      await b.batch([set(message(2 * n + 1), "b")])
    }
    expect(await textsOf(a, message(1).slice(0, 2))).toEqual(["a", "b", "a", "b", "a", "b"])
    await a.forget()
    await b.batch([set(message(1), "still")])
    await b.forget()
    expect(await textsOf(await open(inner), message(1).slice(0, 2))).toHaveLength(7)
  })

  it("is wrapped under a changed key without one record being rewritten", async () => {
    const inner = memoryStore()
    const store = await open(inner)
    await store.batch([set(message(1), "text"), set(["own", "identity"], "me")])
    const before = await rowsOf(inner)
    const next = new Uint8Array(32).fill(9)
    await store.changeKey(next)
    const after = await rowsOf(inner)
    expect(after.filter(([[table]]) => table !== "seal")).toEqual(
      before.filter(([[table]]) => table !== "seal"),
    )
    await expect(open(inner)).rejects.toMatchObject({ code: "ERR_STORE_WRONG_KEY" })
    expect(await textsOf(await open(inner, next), ["message"])).toEqual(["text"])
  })
})

describe("a message in a sealed store", () => {
  const keyOf = async (inner: Store): Promise<Row> => (await rowsOf(inner, ["erase"]))[0] as Row

  it("has a key of its own, which goes with it", async () => {
    const inner = memoryStore()
    const store = await open(inner)
    await store.batch([set(message(1), "text")])
    expect(await rowsOf(inner, ["erase"])).toHaveLength(1)
    await store.batch([{ type: "delete", key: message(1) }])
    expect(await rowsOf(inner, ["erase"])).toEqual([])
    expect(await rowsOf(inner, ["message"])).toEqual([])
  })

  it("does not open any more once its key is gone, though every other key of the store is there", async () => {
    const inner = memoryStore()
    const store = await open(inner)
    await store.batch([set(message(1), "gone for good"), set(message(2), "still here")])
    const [sealed] = await rowsOf(inner, ["message"])
    await store.batch([{ type: "delete", key: message(1) }])
    // What a disk may keep of a deleted row is put back.
    await inner.batch([{ type: "set", key: sealed?.[0] ?? [], value: sealed?.[1] ?? new Uint8Array() }])
    await expect(store.get(message(1))).rejects.toMatchObject({ code: "ERR_STORE_CORRUPT" })
    expect(await store.get(message(2))).toEqual(utf8("still here"))
  })

  it("gets a new key with each writing, so that what it was before is lost", async () => {
    const inner = memoryStore()
    const store = await open(inner)
    await store.batch([set(message(1), "first")])
    const [[path, sealed]] = (await rowsOf(inner, ["message"])) as [Row]
    const key = await keyOf(inner)
    await store.batch([set(message(1), "second")])
    expect(await keyOf(inner)).not.toEqual(key)
    await inner.batch([{ type: "set", key: path, value: sealed }])
    await expect(store.get(message(1))).rejects.toMatchObject({ code: "ERR_STORE_CORRUPT" })
  })

  it("that is rewritten while it is read is read whole, old or new", async () => {
    const inner = memoryStore()
    const store = await open(inner)
    await store.batch([set(message(1), "old 1"), set(message(2), "old 2"), set(message(3), "old 3")])
    const seen: string[] = []
    for await (const [path, value] of store.list(message(1).slice(0, 2))) {
      seen.push(fromUtf8(value))
      if (seen.length > 1) continue
      // The driver's pages may hold old records beside new keys from here on.
      await store.batch([set(message(2), "new 2"), { type: "delete", key: message(3) }])
      expect(path).toEqual(message(1))
    }
    expect(["old 2", "new 2"]).toContain(seen[1])
    expect(seen.length).toBeLessThanOrEqual(3)
  })
})

describe("the marker beside a sealed store", () => {
  interface Snapshot {
    readonly rows: readonly Row[]
  }
  const marked = (): Store & {
    take(): Promise<Snapshot>
    putBack(of: Snapshot): Promise<void>
    marks: number
  } => {
    const inner = memoryStore()
    let mark: Uint8Array | undefined
    const store = {
      ...inner,
      marks: 0,
      marker: {
        read: () => Promise.resolve(mark),
        write: (value: Uint8Array) => {
          mark = value
          store.marks += 1
          return Promise.resolve()
        },
      },
      take: async () => ({ rows: await rowsOf(inner) }),
      putBack: async ({ rows }: Snapshot) => {
        const now = await rowsOf(inner)
        await inner.batch(now.map(([key]) => ({ type: "delete", key })))
        await inner.batch(rows.map(([key, value]) => ({ type: "set", key, value })))
      },
    }
    return store
  }

  it("shows that an older copy of the whole store was put back", async () => {
    const inner = marked()
    const store = await open(inner)
    await store.batch([set(["own", "identity"], "me")])
    const yesterday = await inner.take()
    await store.batch([set(message(1), "today")])
    await store.close()
    await inner.putBack(yesterday)
    expect((await open(inner)).lostWrites).toBe(1 + MARKER_EVERY_WRITES)
  })

  it("says nothing of a store that goes on where it stood, nor of another store in its place", async () => {
    const inner = marked()
    const store = await open(inner)
    await store.batch([set(message(1), "one")])
    await store.close()
    const again = await open(inner)
    expect(again.lostWrites).toBe(0)
    await again.close()
    await inner.putBack({ rows: [] })
    expect((await open(inner)).lostWrites).toBe(0)
  })

  it("follows by itself now and then, not with every batch", async () => {
    const inner = marked()
    const store = await open(inner)
    const before = inner.marks
    for (let n = 1; n <= 130; n++) await store.batch([set(["own", String(n)], "x")])
    expect(inner.marks - before).toBe(2)
  })
})
