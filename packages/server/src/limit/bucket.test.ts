import { describe, expect, it } from "vitest"
import { type Bucket, isFull, take, tokensAt } from "./bucket.ts"

const spec = { size: 3, perSecond: 0.5 }
const after = (bucket: Bucket | undefined, nowMs: number, cost = 1): Bucket => {
  const taken = take(bucket, spec, nowMs, cost)
  if (!taken.ok) throw new Error(`limited for ${taken.retryAfterMs} ms`)
  return taken.bucket
}

describe("a token bucket", () => {
  it("gives its size at once, then one token per interval", () => {
    const empty = after(after(after(undefined, 0), 0), 0)
    expect(take(empty, spec, 0)).toEqual({ ok: false, retryAfterMs: 2_000 })
    expect(take(empty, spec, 1_500)).toEqual({ ok: false, retryAfterMs: 500 })
    expect(take(empty, spec, 2_000).ok).toBe(true)
  })

  it("grants exactly after the wait it announced, whatever the rate", () => {
    for (const perSecond of [1 / 600, 0.1, 0.3, 1, 7, 20]) {
      const one = { size: 1, perSecond }
      const empty = take(undefined, one, 1_000_003)
      if (!empty.ok) throw new Error("a new bucket is full")
      const refused = take(empty.bucket, one, 1_000_010)
      if (refused.ok) throw new Error("an empty bucket gave")
      expect(take(empty.bucket, one, 1_000_010 + refused.retryAfterMs).ok).toBe(true)
    }
  })

  it("never holds more than its size, and is forgotten when full", () => {
    const bucket = after(undefined, 0)
    expect(tokensAt(bucket, spec, 1e9)).toBe(3)
    expect(isFull(bucket, spec, 1_999)).toBe(false)
    expect(isFull(bucket, spec, 2_000)).toBe(true)
  })

  it("gains and loses nothing when the clock jumps back", () => {
    const bucket = after(undefined, 10_000)
    expect(tokensAt(bucket, spec, 0)).toBe(2)
  })

  it("charges nothing for what it refuses", () => {
    const bucket = after(undefined, 0, 2)
    expect(take(bucket, spec, 0, 2).ok).toBe(false)
    expect(take(bucket, spec, 0, 1).ok).toBe(true)
  })
})
