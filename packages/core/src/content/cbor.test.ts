import { encode, rfc8949EncodeOptions } from "cborg"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fromHex } from "../bytes/text.ts"
import { MAX_CBOR_DEPTH, MAX_CBOR_ITEMS } from "../limits.ts"
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts"

const SIZE = 64 * 1024
const decodeHex = (hex: string): CborValue => decodeCbor(fromHex(hex), SIZE)
const refused = (bytes: Uint8Array): void => {
  expect(() => decodeCbor(bytes, SIZE)).toThrow(expect.objectContaining({ code: "ERR_DECODE" }))
}

const scalar = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.string({ unit: "binary" }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 300 }),
)
const { value: values } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(fc.oneof(fc.integer(), fc.string({ unit: "binary" })), tie("value")), {
        maxLength: 5,
        selector: ([key]) => key,
      })
      .map((entries) => new Map(entries)),
  ),
}))

describe("canonical CBOR", () => {
  it("gives back what was encoded", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decodeCbor(encodeCbor(value), SIZE)).toEqual(value)
      }),
    )
  })

  it("writes what an independent library writes, and reads it", () => {
    fc.assert(
      fc.property(values, (value) => {
        const theirs = Uint8Array.from(encode(value, rfc8949EncodeOptions))
        expect(encodeCbor(value)).toEqual(theirs)
        expect(decodeCbor(theirs, SIZE)).toEqual(value)
      }),
    )
  })

  it("accepts one spelling: what it decodes encodes to the same bytes", () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.nat(255), (value, place, byte) => {
        const bytes = encodeCbor(value)
        bytes[place % bytes.length] = byte
        let decoded: CborValue
        try {
          decoded = decodeCbor(bytes, SIZE)
        } catch (error) {
          expect(error).toMatchObject({ code: "ERR_DECODE" })
          return
        }
        expect(encodeCbor(decoded)).toEqual(bytes)
      }),
    )
  })

  it("refuses random bytes with a typed error or decodes them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeCbor(bytes, SIZE)
        } catch (error) {
          expect(error).toMatchObject({ code: "ERR_DECODE" })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it("refuses every truncation and a trailing byte", () => {
    const bytes = encodeCbor(
      new Map<CborValue, CborValue>([
        [1, "text"],
        [2, [true, null, fromHex("00ff")]],
      ]),
    )
    for (let length = 0; length < bytes.length; length++) refused(bytes.subarray(0, length))
    refused(Uint8Array.of(...bytes, 0))
  })

  it.each([
    ["a float", "fb3ff8000000000000"],
    ["a half float", "f90000"],
    ["undefined", "f7"],
    ["an unassigned simple value", "e0"],
    ["a tag", "c000"],
    ["an indefinite array", "9f00ff"],
    ["an indefinite text", "7f6161ff"],
    ["a long form of a small number", "1801"],
    ["a reserved length", "1c"],
    ["keys out of order", "a202000100"],
    ["a repeated key", "a201000100"],
    ["invalid UTF-8", "61ff"],
    ["an overlong UTF-8 spelling", "62c080"],
    ["an encoded surrogate", "63eda080"],
    ["a number above 2^53-1", "1b0020000000000000"],
    ["a length far over the input", "5affffffff"],
    ["an array length far over the input", "9affffffff"],
  ])("refuses %s", (_, hex) => {
    expect(() => decodeHex(hex)).toThrow(expect.objectContaining({ code: "ERR_DECODE" }))
  })

  it("keeps a byte order mark as a character", () => {
    const text = "\uFEFFgrüße, this is longer than the fast path of the decoder"
    expect(decodeCbor(encodeCbor(text), SIZE)).toBe(text)
  })

  it("keeps a key called __proto__ a key", () => {
    const decoded = decodeCbor(encodeCbor(new Map<CborValue, CborValue>([["__proto__", 1]])), SIZE)
    expect(decoded).toEqual(new Map([["__proto__", 1]]))
    expect(({} as Record<string, unknown>)["1"]).toBeUndefined()
  })

  it("bounds depth, items and size before anything is built", () => {
    const nested = (depth: number): Uint8Array => Uint8Array.of(...new Array<number>(depth).fill(0x81), 0x00)
    expect(decodeCbor(nested(MAX_CBOR_DEPTH), SIZE)).toBeDefined()
    refused(nested(MAX_CBOR_DEPTH + 1))
    refused(new Uint8Array(60_000).fill(0x81))
    refused(encodeCbor(new Array<number>(MAX_CBOR_ITEMS).fill(0)))
    expect(() => decodeCbor(encodeCbor("x".repeat(SIZE)), SIZE)).toThrow(/at most/)
  })
})
