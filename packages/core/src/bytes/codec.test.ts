import { describe, expect, it } from "vitest"
import { codecSuite } from "../../test/support/codec-suite.ts"
import { codec, fixedBytes, type Layout, lengthPrefixed, listOf, optional } from "./codec.ts"
import { Reader } from "./reader.ts"
import { Writer } from "./writer.ts"

const refused = expect.objectContaining({ code: "ERR_DECODE" }) as unknown as Error
const internal = expect.objectContaining({ code: "ERR_INTERNAL" }) as unknown as Error
const u16: Layout<number> = { write: (out, value) => void out.u16(value), read: (input) => input.u16() }

describe("a reader", () => {
  const input = (): Reader => new Reader(Uint8Array.from({ length: 20 }, (_, i) => i + 1))

  it("reads big-endian numbers and says where it is", () => {
    const reader = input()
    expect([reader.u8(), reader.u16(), reader.u32()]).toEqual([1, 0x0203, 0x04050607])
    expect([reader.offset, reader.remaining]).toEqual([7, 13])
  })

  it("reads through a view into a larger buffer", () => {
    const around = Uint8Array.of(9, 9, 0, 0, 0, 0, 0, 0, 1, 2, 9)
    expect(new Reader(around.subarray(2, 10)).u64()).toBe(258)
  })

  it("refuses a u64 above 2⁵³−1, and takes that one", () => {
    const largest = new Writer().u64(Number.MAX_SAFE_INTEGER).bytes()
    expect(new Reader(largest).u64()).toBe(Number.MAX_SAFE_INTEGER)
    for (const first of [0x00200000, 0x80000000, 0xffffffff])
      expect(() => new Reader(new Writer().u32(first).u32(0).bytes()).u64()).toThrow(refused)
  })

  it("hands out copies, never views", () => {
    const source = Uint8Array.of(1, 2, 3, 4)
    const reader = new Reader(source)
    const [taken, rest, since] = [reader.take(2), reader.rest(), reader.since(1)]
    source.fill(9)
    expect([taken, rest, since]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3, 4), Uint8Array.of(2, 3, 4)])
  })

  it("refuses to read past the end, with the offset, and stays where it was", () => {
    const reader = input()
    reader.take(18)
    for (const read of [() => reader.u32(), () => reader.u64(), () => reader.take(3)]) {
      expect(read).toThrow(
        expect.objectContaining({ code: "ERR_DECODE", details: { offset: 18 } }) as unknown,
      )
      expect(reader.offset).toBe(18)
    }
  })

  it("checks a declared length against its limit before it takes anything", () => {
    const declared = (bits: 8 | 16 | 32, length: number): Reader => {
      const out = new Writer()
      if (bits === 8) out.u8(length)
      else if (bits === 16) out.u16(length)
      else out.u32(length)
      return new Reader(out.put(Uint8Array.of(1, 2)).bytes())
    }
    for (const bits of [8, 16, 32] as const) {
      expect(declared(bits, 2).prefixed(bits, 2)).toEqual(Uint8Array.of(1, 2))
      expect(() => declared(bits, 2).prefixed(bits, 1)).toThrow("length 2 over 1")
      expect(() => declared(bits, 3).prefixed(bits, 3)).toThrow("3 bytes wanted, 2 left")
    }
    expect(() => declared(32, 0xffff_ffff).prefixed(32, 64)).toThrow(refused)
  })

  it("names what it expected, and refuses what is left over", () => {
    const reader = input()
    reader.expect(1, "version")
    expect(() => {
      reader.expect(7, "type")
    }).toThrow("unexpected type at offset 1")
    expect(() => {
      reader.end()
    }).toThrow("18 trailing bytes at offset 2")
    reader.rest()
    reader.end()
  })
})

describe("a writer", () => {
  it("grows with what is written, and hands out copies", () => {
    const out = new Writer()
    for (let i = 0; i < 500; i++) out.u8(i & 255)
    const early = out.bytes()
    out.put(new Uint8Array(10_000).fill(7)).u16(0x0102).u32(0x03040506)
    expect([early.length, out.length]).toEqual([500, 10_506])
    expect(out.bytes().subarray(0, 500)).toEqual(early)
    expect(out.bytes().subarray(-6)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6))
  })

  it("refuses a number that does not fit its field", () => {
    const out = new Writer()
    const writes: ((value: number) => unknown)[] = [
      (v) => out.u8(v),
      (v) => out.u16(v),
      (v) => out.u32(v),
      (v) => out.u64(v),
    ]
    const tooLarge = [2 ** 8, 2 ** 16, 2 ** 32, 2 ** 53]
    for (const [i, write] of writes.entries())
      for (const value of [-1, 0.5, NaN, Infinity, tooLarge[i]!]) expect(() => write(value)).toThrow(internal)
    expect(out.length).toBe(0)
  })

  it("refuses a fixed field of another size", () => {
    expect(() => new Writer().fixed(new Uint8Array(31), 32)).toThrow(internal)
    expect(new Writer().fixed(new Uint8Array(32), 32).length).toBe(32)
  })

  it("refuses bytes that do not fit their length", () => {
    expect(() => new Writer().prefixed(8, new Uint8Array(256))).toThrow(internal)
    expect(() => new Writer().prefixed(16, new Uint8Array(65_536))).toThrow(internal)
    expect(new Writer().prefixed(32, new Uint8Array(65_536)).length).toBe(65_540)
  })
})

describe("the layouts", () => {
  codecSuite("fixed bytes", codec(fixedBytes(3)), Uint8Array.of(1, 2, 3))
  for (const [bits, head] of [
    [8, [2]],
    [16, [0, 2]],
    [32, [0, 0, 0, 2]],
  ] as const) {
    codecSuite(`bytes behind ${bits} bits`, codec(lengthPrefixed(bits, 4)), Uint8Array.from([...head, 8, 9]))
    codecSuite(
      `a list behind ${bits} bits`,
      codec(listOf(bits, 4, u16)),
      Uint8Array.from([...head, 1, 2, 3, 4]),
    )
  }
  codecSuite("an absent value", codec(optional(u16)), Uint8Array.of(0))
  codecSuite("a present value", codec(optional(u16)), Uint8Array.of(1, 2, 3))

  it("know their value", () => {
    expect(codec(listOf(8, 4, u16)).decode(Uint8Array.of(2, 0, 1, 0, 2))).toEqual([1, 2])
    expect(codec(optional(u16)).decode(Uint8Array.of(0))).toBeUndefined()
    expect(codec(optional(u16)).decode(Uint8Array.of(1, 1, 0))).toBe(256)
  })

  it("refuse a presence byte that is neither 0 nor 1", () => {
    expect(() => codec(optional(u16)).decode(Uint8Array.of(2, 0, 0))).toThrow(
      "presence byte is neither 0 nor 1 at offset 0",
    )
  })

  it("refuse more items than their limit before reading one", () => {
    let read = 0
    const counting: Layout<number> = { ...u16, read: (input) => (read++, input.u16()) }
    expect(() => codec(listOf(32, 4, counting)).decode(Uint8Array.of(0, 0, 0, 5, 0, 1))).toThrow(
      "5 items, at most 4",
    )
    expect(read).toBe(0)
  })
})
