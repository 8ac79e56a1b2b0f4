import { afterEach, describe, expect, it, vi } from "vitest"
import { platformDeps, randomWith } from "./deps.ts"

const unsupported = expect.objectContaining({ code: "ERR_RUNTIME_UNSUPPORTED" }) as unknown as Error

describe("the platform's randomness", () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it("gives as many bytes as asked, other ones each time", () => {
    for (const length of [0, 1, 16, 32, 64]) expect(platformDeps.random(length)).toHaveLength(length)
    const drawn = Array.from({ length: 100 }, () => Buffer.from(platformDeps.random(16)).toString("hex"))
    expect(new Set(drawn).size).toBe(100)
  })

  it("is an own buffer", () => {
    expect(platformDeps.random(16).buffer.byteLength).toBe(16)
  })

  it("refuses to go on where the generator is missing, with a hint", () => {
    for (const crypto of [undefined, {}]) {
      vi.stubGlobal("crypto", crypto)
      expect(() => platformDeps.random(16)).toThrow(unsupported)
    }
  })

  it("stops at a block of one repeated byte: a broken polyfill or an empty pool", () => {
    for (const byte of [0, 255])
      expect(() => randomWith((block) => block.fill(byte), 16)).toThrow(unsupported)
    expect(randomWith((block) => block.subarray(15).fill(1), 16)).toHaveLength(16)
  })

  it("does not judge blocks so short that chance repeats them", () => {
    expect(randomWith((block) => block.fill(7), 15)).toEqual(new Uint8Array(15).fill(7))
  })
})

describe("the platform's clock", () => {
  it("is milliseconds since 1970", () => {
    const before = Date.now()
    const now = platformDeps.nowMs()
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(Date.now())
  })
})
