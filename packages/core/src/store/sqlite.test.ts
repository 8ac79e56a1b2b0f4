import { execFile } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { storeSuite } from "@securechat/testkit"
import { afterAll, describe, expect, it, vi } from "vitest"
import { STORE_OVERWRITE_MS } from "../limits.ts"
import { sqliteStore } from "./sqlite.ts"
import type { Store, StoreOp } from "./store.ts"

const folder = mkdtempSync(join(tmpdir(), "securechat-sqlite-"))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

let count = 0
const freshPath = (): string => join(folder, `${String(++count)}.db`)
const pathOf = new WeakMap<Store, string>()
const at = (path: string): Store => {
  const store = sqliteStore(path)
  pathOf.set(store, path)
  return store
}
const placeOf = (store: Store): string => pathOf.get(store) ?? ""

const CRASHING = new URL("../../test/store/die-in-batch.ts", import.meta.url).pathname
const OPTIONS = ["--conditions=@securechat/source", "--disable-warning=ExperimentalWarning"]

/** Another process writes `stored`, and kills itself with SIGKILL in the transaction of `torn`. */
const crash = async (stored: readonly StoreOp[], torn: readonly StoreOp[]): Promise<Store> => {
  const path = freshPath()
  const plain = (ops: readonly StoreOp[]): unknown =>
    ops.map((op) => (op.type === "set" ? { ...op, value: [...op.value] } : op))
  const argument = JSON.stringify({ path, signal: "SIGKILL", stored: plain(stored), torn: plain(torn) })
  const died = promisify(execFile)(process.execPath, [...OPTIONS, CRASHING, argument])
  await expect(died).rejects.toMatchObject({ signal: "SIGKILL" })
  return at(path)
}

storeSuite({ describe, it }, () => Promise.resolve(at(freshPath())), {
  reopen: async (store) => {
    await store.close?.()
    return at(placeOf(store))
  },
  beside: (store) => at(placeOf(store)),
  crash,
})

const one = (value: number): StoreOp => ({ type: "set", key: ["a"], value: Uint8Array.of(value) })

describe("a SQLite store", () => {
  it("lies in files of this user alone, also where the file was there before", async () => {
    const path = freshPath()
    writeFileSync(path, "")
    chmodSync(path, 0o644)
    const store = sqliteStore(path)
    await store.batch([one(1)])
    const files = readdirSync(folder).filter((name) => join(folder, name).startsWith(path))
    expect(files.length).toBeGreaterThan(2)
    for (const name of files) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600)
    await store.close?.()
  })

  it("leaves one file behind when it is closed", async () => {
    const path = freshPath()
    const store = sqliteStore(path)
    await store.batch([one(1)])
    await store.close?.()
    expect(readdirSync(folder).filter((name) => join(folder, name).startsWith(path))).toHaveLength(1)
  })

  it("overwrites what was deleted", async () => {
    const path = freshPath()
    const store = sqliteStore(path)
    const canary = Buffer.from("a canary of thirty-two bytes ...")
    await store.batch([{ type: "set", key: ["a"], value: canary }, one(1), { type: "delete", key: ["a"] }])
    await store.batch([{ type: "set", key: ["b"], value: canary }])
    await store.batch([{ type: "delete", key: ["b"] }])
    await store.close?.()
    expect(readFileSync(path).includes(canary)).toBe(false)
  })

  it("overwrites it in its log as well, a second after the write", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    const path = freshPath()
    const store = sqliteStore(path)
    const canary = Buffer.from("another canary, of what was ...")
    await store.batch([{ type: "set", key: ["a"], value: canary }])
    await store.batch([one(1)])
    expect(readFileSync(`${path}-wal`).includes(canary)).toBe(true)
    vi.advanceTimersByTime(STORE_OVERWRITE_MS)
    for (const file of [path, `${path}-wal`]) expect(readFileSync(file).includes(canary), file).toBe(false)
    expect(await store.get(["a"])).toEqual(Uint8Array.of(1))
    await store.batch([one(2)])
    await store.close?.()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it("refuses a batch past its bound whole, and takes a smaller one after it", async () => {
    const path = freshPath()
    const store = sqliteStore(path, { maxBytes: 100_000 })
    await store.batch([one(1)])
    const large: StoreOp = { type: "set", key: ["b"], value: new Uint8Array(200_000) }
    await expect(store.batch([one(2), large])).rejects.toMatchObject({ code: "ERR_STORE_FULL" })
    expect(await store.get(["a"])).toEqual(Uint8Array.of(1))
    await store.batch([one(3)])
    expect(await store.get(["a"])).toEqual(Uint8Array.of(3))
    await store.close?.()
  })

  it("says that it cannot be used where its folder is missing or no file can be made", async () => {
    const missing = sqliteStore(join(folder, "missing", "x.db"))
    await expect(missing.get(["a"])).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" })
    const path = freshPath()
    mkdirSync(path)
    await expect(sqliteStore(path).batch([one(1)])).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" })
  })

  it.each(["", ":memory:", "file:chat.db"])("takes %j for no file", (path) => {
    expect(() => sqliteStore(path)).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })

  it("takes no batch into a file that was deleted, and no new file for the old one", async () => {
    const path = freshPath()
    const store = sqliteStore(path)
    await store.open?.({ takeover: false })
    await store.batch([one(1)])
    for (const end of ["", "-wal", "-shm"]) rmSync(path + end)
    await expect(store.batch([one(2)])).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" })
    await store.close?.()
    await expect(store.open?.({ takeover: false })).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" })
  })

  it("refuses a file that is no store, and another program's database", async () => {
    const text = freshPath()
    writeFileSync(text, "x".repeat(10_000))
    await expect(sqliteStore(text).get(["a"])).rejects.toMatchObject({ code: "ERR_STORE_CORRUPT" })
    const other = freshPath()
    const db = new DatabaseSync(other)
    db.exec("CREATE TABLE theirs (a)")
    db.close()
    await expect(sqliteStore(other).batch([one(1)])).rejects.toMatchObject({ code: "ERR_STORE_CORRUPT" })
  })

  it("refuses the layout of a newer version", async () => {
    const path = freshPath()
    const store = sqliteStore(path)
    await store.batch([one(1)])
    await store.close?.()
    const db = new DatabaseSync(path)
    db.exec("PRAGMA user_version = 2")
    db.close()
    await expect(sqliteStore(path).get(["a"])).rejects.toMatchObject({ code: "ERR_STORE_TOO_NEW" })
  })

  it("notices that an older copy of the file was put in its place", async () => {
    const path = freshPath()
    const store = sqliteStore(path)
    await store.open?.({ takeover: false })
    await store.close?.()
    copyFileSync(path, `${path}.copy`)
    await store.open?.({ takeover: false })
    await store.close?.()
    copyFileSync(`${path}.copy`, path)
    await expect(store.open?.({ takeover: false })).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" })
  })

  it("takes the lease of a holder that died", async () => {
    const store = await crash([one(1)], [one(2), one(3), one(4)])
    const path = placeOf(store)
    expect(existsSync(`${path}-lease-1`)).toBe(true)
    await store.open?.({ takeover: false })
    expect(existsSync(`${path}-lease-1`)).toBe(false)
    await store.close?.()
  })
})
