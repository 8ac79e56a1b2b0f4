import { afterEach, describe, expect, it, vi } from "vitest"
import { bytesOf, flipped } from "../../test/support/back-ends.ts"
import { refused } from "../../test/support/ratchet-side.ts"
import { concat, EMPTY } from "../bytes/concat.ts"
import { toHex } from "../bytes/text.ts"
import { bulkCipher as portable } from "./bulk.default.ts"
import { bulkCipher as native } from "./bulk.node.ts"
import type { BulkCipher } from "./bulk.ts"
import { aesGcmSeal } from "./noble.ts"

const key = bytesOf("key", 32)
const nonce = bytesOf("nonce", 12)
const withoutWebCrypto = (): BulkCipher => {
  vi.stubGlobal("crypto", {})
  return portable(key)
}
const CIPHERS: readonly (readonly [string, () => BulkCipher])[] = [
  ["node:crypto", () => native(key)],
  ["WebCrypto", () => portable(key)],
  ["noble, without WebCrypto", withoutWebCrypto],
]
afterEach(() => {
  vi.unstubAllGlobals()
})

describe.each(CIPHERS)("the bulk cipher of %s", (_name, make) => {
  it("seals as the reference does and opens it again", async () => {
    const cipher = make()
    for (const length of [0, 1, 16, 1_000, 65_536]) {
      const plaintext = bytesOf("plaintext", length)
      const sealed = concat(...(await cipher.seal(nonce, plaintext)))
      expect(toHex(sealed)).toBe(toHex(aesGcmSeal(key, nonce, plaintext, EMPTY)))
      expect(await cipher.open(nonce, sealed)).toEqual(plaintext)
    }
  })

  it("refuses what was changed, cut or sealed elsewhere, always the same", async () => {
    const cipher = make()
    const sealed = concat(...(await cipher.seal(nonce, bytesOf("plaintext", 100))))
    const opening = async (bytes: Uint8Array, under = nonce): Promise<unknown> => cipher.open(under, bytes)
    for (const at of [0, 50, 99, 100, 115])
      await expect(opening(flipped(sealed, at))).rejects.toThrow(refused("ERR_AUTHENTICATION"))
    for (const length of [0, 1, 15, 16, 99, 115])
      await expect(opening(sealed.subarray(0, length))).rejects.toThrow(refused("ERR_AUTHENTICATION"))
    await expect(opening(concat(sealed, Uint8Array.of(0)))).rejects.toThrow(refused("ERR_AUTHENTICATION"))
    await expect(opening(sealed, flipped(nonce, 11))).rejects.toThrow(refused("ERR_AUTHENTICATION"))
    await expect(opening(flipped(sealed, 0))).rejects.not.toHaveProperty("cause")
  })

  it("takes bytes in shared memory, and leaves its inputs as they were", async () => {
    const cipher = make()
    const shared = new Uint8Array(new SharedArrayBuffer(100))
    shared.set(bytesOf("plaintext", 100))
    const sealed = concat(...(await cipher.seal(nonce, shared)))
    const kept = new Uint8Array(new SharedArrayBuffer(sealed.length))
    kept.set(sealed)
    expect(await cipher.open(nonce, kept)).toEqual(bytesOf("plaintext", 100))
    expect([key, nonce]).toEqual([bytesOf("key", 32), bytesOf("nonce", 12)])
  })
})

it("a key of another length than 32 bytes is refused by each", () => {
  for (const make of [native, portable])
    for (const length of [0, 16, 31, 33])
      expect(() => make(new Uint8Array(length))).toThrow(refused("ERR_KEY_INVALID"))
})
