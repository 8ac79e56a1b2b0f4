import { describe, expect, it } from "vitest"
import { compareBytes, equalBytes, isZero } from "./compare.ts"
import { concat, copy, EMPTY } from "./concat.ts"

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe("concat", () => {
  it("joins in order, into an array of its own", () => {
    const part = bytes(1, 2)
    const joined = concat(part, EMPTY, bytes(3))
    expect(joined).toEqual(bytes(1, 2, 3))
    part[0] = 9
    expect(joined[0]).toBe(1)
    expect(concat()).toEqual(EMPTY)
  })
})

describe("copy", () => {
  it("leaves a pooled or shared buffer behind", () => {
    const pooled = Buffer.from("pooled")
    const own = copy(pooled)
    expect(own.constructor).toBe(Uint8Array)
    expect(own.buffer.byteLength).toBe(6)
    pooled.fill(0)
    expect(own).toEqual(bytes(...Buffer.from("pooled")))
  })
})

describe("equalBytes", () => {
  it("is true for equal contents only", () => {
    expect(equalBytes(bytes(1, 2, 3), bytes(1, 2, 3))).toBe(true)
    expect(equalBytes(EMPTY, bytes())).toBe(true)
    for (let at = 0; at < 3; at++)
      expect(
        equalBytes(
          bytes(1, 2, 3),
          bytes(1, 2, 3).map((b, i) => (i === at ? b ^ 128 : b)),
        ),
      ).toBe(false)
  })

  it("refuses a truncated tag, the empty one too", () => {
    const tag = bytes(1, 2, 3, 4)
    for (let length = 0; length < 4; length++) {
      expect(equalBytes(tag, tag.subarray(0, length))).toBe(false)
      expect(equalBytes(tag.subarray(0, length), tag)).toBe(false)
    }
  })
})

describe("compareBytes", () => {
  it("orders by unsigned bytes, a beginning before what it begins", () => {
    const ordered = [
      EMPTY,
      bytes(0),
      bytes(0, 0),
      bytes(1),
      bytes(1, 255),
      bytes(127),
      bytes(128),
      bytes(255),
    ]
    for (const [i, a] of ordered.entries())
      for (const [j, b] of ordered.entries()) expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(i - j))
  })
})

describe("isZero", () => {
  it("is true for zeros only, wherever the one bit is", () => {
    expect(isZero(EMPTY)).toBe(true)
    expect(isZero(new Uint8Array(32))).toBe(true)
    for (const at of [0, 15, 31]) {
      const one = new Uint8Array(32)
      one[at] = 0x80
      expect(isZero(one)).toBe(false)
    }
  })
})
