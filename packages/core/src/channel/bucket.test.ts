import { describe, expect, it } from "vitest"
import { type Bucket, fullBucket, takeToken } from "./bucket.ts"

const rate = { burst: 3, refillMs: 1_000 }

const takeMany = (bucket: Bucket, count: number, nowMs: number): readonly [Bucket, number] => {
  let [current, taken] = [bucket, 0]
  for (let i = 0; i < count; i++) {
    const next = takeToken(current, rate, nowMs)
    if (next === undefined) break
    ;[current, taken] = [next, taken + 1]
  }
  return [current, taken]
}

describe("a token bucket", () => {
  it("gives a burst at once, then one for each refill", () => {
    const [empty, taken] = takeMany(fullBucket(rate, 0), 10, 0)
    expect(taken).toBe(3)
    expect(takeToken(empty, rate, 999)).toBeUndefined()
    const [, after] = takeMany(empty, 10, 2_500)
    expect(after).toBe(2)
  })

  it("never holds more than its burst", () => {
    const [, taken] = takeMany(fullBucket(rate, 0), 10, 1_000_000)
    expect(taken).toBe(3)
  })

  it("takes nothing from a clock that stands behind", () => {
    const [empty] = takeMany(fullBucket(rate, 5_000), 10, 5_000)
    expect(takeToken(empty, rate, 0)).toBeUndefined()
  })
})
