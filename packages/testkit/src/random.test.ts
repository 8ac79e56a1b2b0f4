import { describe, expect, it } from "vitest"
import { unsafeSeeded, unsafeSeededRandom } from "./random.ts"

describe("a seeded generator", () => {
  it("gives the same bytes for the same seed and others for another", () => {
    const bytes = unsafeSeededRandom(7)(64)
    expect(unsafeSeededRandom(7)(64)).toEqual(bytes)
    expect(unsafeSeededRandom(8)(64)).not.toEqual(bytes)
  })

  it("gives fresh bytes with every call", () => {
    const random = unsafeSeededRandom(1)
    expect(random(32)).not.toEqual(random(32))
  })

  it("spreads bytes evenly", () => {
    const counts = new Array<number>(256).fill(0)
    for (const byte of unsafeSeededRandom(3)(256_000)) counts[byte]! += 1
    // 1,000 expected, standard deviation 32; the seed is fixed, so this cannot flake.
    expect(Math.min(...counts)).toBeGreaterThan(850)
    expect(Math.max(...counts)).toBeLessThan(1_150)
  })

  it("stays below its bound and reaches every value", () => {
    const { below, pick, chance } = unsafeSeeded(5)
    const seen = new Set(Array.from({ length: 200 }, () => below(6)))
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5])
    expect(["a", "b"]).toContain(pick(["a", "b"]))
    expect(() => pick([])).toThrow("nothing")
    expect(Array.from({ length: 50 }, () => chance(0))).not.toContain(true)
    expect(Array.from({ length: 50 }, () => chance(1))).not.toContain(false)
  })

  it("forks into streams that do not follow each other", () => {
    const one = unsafeSeeded(9)
    const left = one.fork(0).random(16)
    expect(one.fork(1).random(16)).not.toEqual(left)
    expect(unsafeSeeded(9).fork(0).random(16)).toEqual(left)
  })
})
