import { describe, expect, it } from "vitest"
import { argon2id } from "#argon2"
import { flipped } from "../../test/support/back-ends.ts"
import { utf8 } from "../bytes/text.ts"
import { platformDeps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_ARGON2_MEMORY_KIB, MAX_ARGON2_PASSES } from "../limits.ts"
import { argon2id as portable } from "../primitives/argon2.default.ts"
import { argon2id as native } from "../primitives/argon2.node.ts"
import { sha256 } from "#primitives"
import { askFor, makeRootKey, openRootKey, wrapRootKey } from "./key.ts"
import type { StoreKey } from "./store-key.ts"

const KEY = new Uint8Array(32).fill(7)
const context = { signal: new AbortController().signal, reason: "open" } as const
const root = makeRootKey(platformDeps)

const opens = async (record: Uint8Array, key: StoreKey): Promise<Uint8Array> =>
  (await openRootKey(record, key, context)).key.expose()

/** The record with other bytes from `at`, and a check value that fits again: what a careful attacker would write. */
const forged = async (record: Uint8Array, at: number, ...bytes: number[]): Promise<Uint8Array> => {
  const out = record.slice()
  out.set(bytes, at)
  out.set(sha256(out.subarray(12)).subarray(0, 8), 4)
  return Promise.resolve(out)
}
const codeOf = (record: Uint8Array, key: StoreKey): Promise<unknown> =>
  opens(record, key).then(
    () => "opened",
    (error: unknown) => (SecureChatError.is(error) ? error.code : error),
  )
/** Where the parameters begin: magic 4, check 8, format 1, kind 1, store id 16, salt 16. */
const [FORMAT_AT, KIND_AT, ID_AT, SALT_AT, MEMORY_AT, PASSES_AT, LANES_AT, WRAPPED_AT] = [
  12, 13, 14, 30, 46, 50, 54, 67,
]
const u32 = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]

describe("the root key of a store", () => {
  it("opens with what wrapped it, a raw key or a passphrase in any of its Unicode spellings", async () => {
    expect(await opens(await wrapRootKey(root, KEY, platformDeps), KEY)).toEqual(root.key.expose())
    const record = await wrapRootKey(root, "na\u00efve", platformDeps)
    expect(await opens(record, () => Promise.resolve("nai\u0308ve"))).toEqual(root.key.expose())
    expect(await codeOf(record, "naive")).toBe("ERR_STORE_WRONG_KEY")
  })

  it("says which kind of key it wants when another is given, without deriving anything", async () => {
    const record = await wrapRootKey(root, KEY, platformDeps)
    const progress: number[] = []
    const passphrase = { passphrase: "x", onProgress: (done: number) => progress.push(done) }
    await expect(opens(record, passphrase)).rejects.toMatchObject({
      code: "ERR_STORE_WRONG_KEY",
      details: { kind: "key" },
    })
    expect(progress).toEqual([])
  })

  it("tells how far a slow derivation is", async () => {
    const progress: number[] = []
    await wrapRootKey(root, { passphrase: "x", onProgress: (done) => progress.push(done) }, platformDeps)
    expect(progress.at(-1)).toBe(1)
  })

  it("wraps one key another way each time", async () => {
    const [a, b] = [await wrapRootKey(root, KEY, platformDeps), await wrapRootKey(root, KEY, platformDeps)]
    expect(a.subarray(SALT_AT, MEMORY_AT)).not.toEqual(b.subarray(SALT_AT, MEMORY_AT))
    expect(a.subarray(WRAPPED_AT)).not.toEqual(b.subarray(WRAPPED_AT))
  })

  it("takes a damaged record for damaged, wherever it is, and never for a wrong key", async () => {
    const record = await wrapRootKey(root, KEY, platformDeps)
    for (let at = 0; at < record.length; at++)
      await expect(opens(flipped(record, at), KEY)).rejects.toMatchObject({
        code: "ERR_STORE_CORRUPT",
        details: { record: "seal/key" },
      })
    for (const length of [0, 4, 12, 13, record.length - 1])
      expect(await codeOf(record.subarray(0, length), KEY)).toBe("ERR_STORE_CORRUPT")
    expect(await codeOf(new Uint8Array(record.length), KEY)).toBe("ERR_STORE_CORRUPT")
  })

  it("[G4] refuses every changed bit of its wrapping, also with a check value that fits", async () => {
    const record = await wrapRootKey(root, KEY, platformDeps)
    for (let at = ID_AT; at < record.length; at++) {
      const code = await codeOf(await forged(record, at, (record[at] as number) ^ 1), KEY)
      expect(code === "ERR_STORE_WRONG_KEY" || code === "ERR_STORE_CORRUPT").toBe(true)
    }
  })

  it("[G4] refuses the wrapping of another store under the same key, in parts and for another kind", async () => {
    const [mine, other] = [root, makeRootKey(platformDeps)]
    const [a, b] = [await wrapRootKey(mine, KEY, platformDeps), await wrapRootKey(other, KEY, platformDeps)]
    const swapped = await forged(a, WRAPPED_AT - 12, ...b.subarray(WRAPPED_AT - 12))
    expect(await codeOf(swapped, KEY)).toBe("ERR_STORE_WRONG_KEY")
    expect(await codeOf(await forged(a, ID_AT, ...other.storeId), KEY)).toBe("ERR_STORE_WRONG_KEY")
    expect(await codeOf(await forged(a, KIND_AT, 1), "x")).toBe("ERR_STORE_CORRUPT")
  })

  it("[G7] refuses parameters below the floor and above the ceiling before anything is derived", async () => {
    const record = await wrapRootKey(root, "x", platformDeps)
    const progress: number[] = []
    const key = { passphrase: "x", onProgress: (done: number) => progress.push(done) }
    const outside: [number, number[]][] = [
      [MEMORY_AT, u32(0)],
      [MEMORY_AT, u32(8)],
      [MEMORY_AT, u32(64 * 1024 - 1)],
      [MEMORY_AT, u32(MAX_ARGON2_MEMORY_KIB + 1)],
      [MEMORY_AT, u32(0xffff_ffff)],
      [PASSES_AT, u32(1)],
      [PASSES_AT, u32(MAX_ARGON2_PASSES + 1)],
      [PASSES_AT, u32(0xffff_ffff)],
      [LANES_AT, [0]],
      [LANES_AT, [255]],
    ]
    for (const [at, bytes] of outside)
      expect(await codeOf(await forged(record, at, ...bytes), key)).toBe("ERR_STORE_CORRUPT")
    expect(progress).toEqual([])
  })

  it("[G7] refuses other parameters within the bounds: they are bound into the key", async () => {
    const record = await wrapRootKey(root, "x", platformDeps)
    expect(await codeOf(await forged(record, PASSES_AT, ...u32(4)), "x")).toBe("ERR_STORE_WRONG_KEY")
    expect(await codeOf(await forged(record, SALT_AT, 1, 2, 3), "x")).toBe("ERR_STORE_WRONG_KEY")
  })

  it("refuses a newer format as newer", async () => {
    const record = await wrapRootKey(root, KEY, platformDeps)
    expect(await codeOf(await forged(record, FORMAT_AT, 2), KEY)).toBe("ERR_STORE_TOO_NEW")
    expect(await codeOf(await forged(record, FORMAT_AT, 0), KEY)).toBe("ERR_STORE_CORRUPT")
  })

  it("asks for a key as long as nobody gave up, and takes only what is one", async () => {
    for (const wrong of ["", "\ud800", new Uint8Array(16), 5, undefined, {}, { passphrase: "" }])
      await expect(askFor(wrong as StoreKey, context)).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    const stop = new AbortController()
    const asked = askFor(
      () => {
        stop.abort()
        return Promise.resolve("x")
      },
      { ...context, signal: stop.signal },
    )
    await expect(asked).rejects.toMatchObject({ code: "ERR_ABORTED" })
  })
})

describe("Argon2id", () => {
  it("gives the same bytes from both back ends", async () => {
    const cost = { memoryKib: 256, passes: 2, lanes: 1 }
    const [a, b] = await Promise.all([
      portable(utf8("passphrase"), KEY, cost),
      native(utf8("passphrase"), KEY, cost),
    ])
    expect(a).toEqual(b)
    expect(await argon2id(utf8("passphrase"), KEY, cost)).toEqual(a)
    expect(await portable(utf8("passphrase"), KEY, { ...cost, passes: 3 })).not.toEqual(a)
  })
})
