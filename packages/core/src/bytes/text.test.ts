import { describe, expect, it } from "vitest"
import * as text from "./text.ts"

const refused = expect.objectContaining({ code: "ERR_DECODE" }) as unknown as Error
/** 0, 1, 2 … of every length: each count of trailing bits occurs. */
const SAMPLES = Array.from({ length: 600 }, (_, length) =>
  Uint8Array.from({ length }, (_item, i) => (i * 37 + length) & 255),
)

describe.each([
  [
    "base64url",
    text.toBase64url,
    text.fromBase64url,
    (b: Uint8Array) => Buffer.from(b).toString("base64url"),
  ],
  [
    "padded base64url",
    text.toPaddedBase64url,
    text.fromPaddedBase64url,
    (b: Uint8Array) => Buffer.from(b).toString("base64").replaceAll("+", "-").replaceAll("/", "_"),
  ],
  ["hex", text.toHex, text.fromHex, (b: Uint8Array) => Buffer.from(b).toString("hex")],
] as const)("%s", (_name, to, from, reference) => {
  it("writes what Node writes, and reads it back, at every length", () => {
    for (const sample of SAMPLES) {
      const written = to(sample)
      expect(written).toBe(reference(sample))
      expect(from(written)).toEqual(sample)
    }
  })

  it("refuses every character outside its alphabet, wherever it stands", () => {
    const good = to(Uint8Array.from({ length: 18 }, (_, i) => i * 14))
    const foreign = Array.from(" \n\r\t\0!*+/.,=\u007f\u0080é€\ufeff😀")
    for (const char of foreign)
      for (const at of [0, 1, 2, 3, good.length - 1])
        expect(() => from(good.slice(0, at) + char + good.slice(at + 1)), JSON.stringify(char)).toThrow(
          refused,
        )
  })

  it("reads into an array of its own", () => {
    const decoded = from(to(Uint8Array.of(1, 2, 3)))
    expect(decoded.buffer.byteLength).toBe(3)
  })
})

describe("base64url", () => {
  it("refuses padding, white space and a dangling character", () => {
    for (const spelling of ["AA==", "AAA=", "AAAA=", "AA AA", "A", "AAAAA", "AAAA\n", "\nAAAA"])
      expect(() => text.fromBase64url(spelling), spelling).toThrow(refused)
  })

  it("refuses spare bits that are not zero: one byte string has one spelling", () => {
    const accepted = (spellings: string[]): string[] =>
      spellings.filter((spelling) => {
        try {
          text.fromBase64url(spelling)
          return true
        } catch {
          return false
        }
      })
    const alphabet = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    expect(accepted(alphabet.map((char) => `A${char}`))).toEqual(["AA", "AQ", "Ag", "Aw"])
    expect(accepted(alphabet.map((char) => `AA${char}`))).toHaveLength(16)
    expect(accepted(alphabet.map((char) => `AAA${char}`))).toHaveLength(64)
  })
})

describe("padded base64url", () => {
  it("refuses any other amount of padding", () => {
    for (const spelling of [
      "AA",
      "AA=",
      "AA===",
      "AAA",
      "AAA==",
      "AAAA====",
      "====",
      "=",
      "A===",
      "AA==AA==",
      "AAAA=",
    ])
      expect(() => text.fromPaddedBase64url(spelling), spelling).toThrow(refused)
    expect(text.fromPaddedBase64url("")).toEqual(new Uint8Array(0))
    expect(text.fromPaddedBase64url("AA==")).toEqual(new Uint8Array(1))
    expect(text.fromPaddedBase64url("AAA=")).toEqual(new Uint8Array(2))
  })
})

describe("base32", () => {
  it("writes the values of RFC 4648 §10, in lower case and without padding", () => {
    const values = ["", "my", "mzxq", "mzxw6", "mzxw6yq", "mzxw6ytb", "mzxw6ytboi"]
    for (const [length, written] of values.entries()) {
      expect(text.toBase32(text.utf8("foobar".slice(0, length)))).toBe(written)
      expect(text.fromBase32(written)).toEqual(text.utf8("foobar".slice(0, length)))
    }
  })

  it("reads back every length", () => {
    for (const sample of SAMPLES.slice(0, 60)) expect(text.fromBase32(text.toBase32(sample))).toEqual(sample)
  })

  it("refuses capitals, padding, foreign characters, dangling characters and spare bits", () => {
    for (const spelling of [
      "MY",
      "my======",
      "m",
      "mzx",
      "mzxw6y",
      "m1",
      "m8",
      "m y",
      "mz",
      "mé",
      "my\n",
      "mzxw6ytboj",
    ])
      expect(() => text.fromBase32(spelling), spelling).toThrow(refused)
  })
})

describe("hex", () => {
  it("reads capitals too, and refuses an odd number of digits", () => {
    expect(text.fromHex("00fFAb")).toEqual(Uint8Array.of(0, 255, 171))
    for (const spelling of ["0", "000", "0x", "0g", " 00", "00 "])
      expect(() => text.fromHex(spelling)).toThrow(refused)
  })
})

describe("UTF-8", () => {
  it("keeps every text, a byte order mark and NUL included", () => {
    for (const sample of ["", "a", "é€😀", "\ufeffmark", "a\0b", "e\u0301", "\u202egnirts"])
      expect(text.fromUtf8(text.utf8(sample))).toBe(sample)
  })

  it("refuses a lone surrogate rather than replacing it", () => {
    for (const sample of ["\ud800", "a\udfff", "\udc00\ud800", "ok \ud83d ok"])
      expect(() => text.utf8(sample)).toThrow(refused)
  })

  it("refuses bytes that are not UTF-8, overlong forms and encoded surrogates included", () => {
    for (const sample of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80]])
      expect(() => text.fromUtf8(Uint8Array.from(sample))).toThrow(refused)
  })
})
