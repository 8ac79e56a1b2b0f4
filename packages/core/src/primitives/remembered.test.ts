import { describe, expect, it } from "vitest"
import { bytesOf } from "../../test/support/back-ends.ts"
import { MAX_REMEMBERED_PUBLIC_KEYS } from "../limits.ts"
import { ByPublicKey, BySecret } from "./remembered.ts"

describe("what is remembered by public key", () => {
  it("is made once and found by content, not by array", () => {
    const memory = new ByPublicKey<number>()
    let made = 0
    for (const key of [bytesOf("a", 32), bytesOf("a", 32)]) expect(memory.get(key, () => ++made)).toBe(1)
    expect(memory.get(bytesOf("b", 32), () => ++made)).toBe(2)
  })

  it("does not include refusals", () => {
    const memory = new ByPublicKey<number>()
    expect(memory.get(bytesOf("a", 32), () => undefined)).toBeUndefined()
    expect(memory.size).toBe(0)
    expect(memory.get(bytesOf("a", 32), () => 7)).toBe(7)
  })

  it("stays bounded, and what was used last stays longest", () => {
    const memory = new ByPublicKey<number>()
    const use = (name: string, value: number): number | undefined =>
      memory.get(bytesOf(name, 32), () => value)
    use("favourite", 1)
    for (let i = 0; i < MAX_REMEMBERED_PUBLIC_KEYS + 10; i++) {
      use(`stranger ${i}`, i)
      expect(use("favourite", 2)).toBe(1)
    }
    expect(memory.size).toBe(MAX_REMEMBERED_PUBLIC_KEYS)
    expect(use("stranger 0", -1)).toBe(-1)
  })
})

describe("what is remembered by secret", () => {
  it("belongs to the array and its contents, never to an equal array", () => {
    const memory = new BySecret<number>()
    let made = 0
    const secret = bytesOf("a", 32)
    expect(memory.get(secret, () => ++made)).toBe(1)
    expect(memory.get(secret, () => ++made)).toBe(1)
    expect(memory.get(bytesOf("a", 32), () => ++made)).toBe(2)
    secret.fill(0)
    expect(memory.get(secret, () => ++made)).toBe(3)
  })
})
