/** Rows C of the attack catalogue, and B3: what the parsers refuse before anything of it is believed. */
import { describe, expect, it } from "vitest"
import { concat } from "../../src/bytes/concat.ts"
import { fromBase64url, fromHex, fromPaddedBase64url, fromUtf8, toHex, utf8 } from "../../src/bytes/text.ts"
import { type CborValue, decodeCbor, encodeCbor } from "../../src/content/cbor.ts"
import { decodeText, encodeText } from "../../src/content/kinds.ts"
import { Fernet } from "../../src/fernet/fernet.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import { Party, openedTexts } from "../support/party.ts"
import { refused } from "../support/ratchet-side.ts"

const MAX = 64 * 1024
const decode = (hex: string): CborValue => decodeCbor(fromHex(hex), MAX)
const HOSTILE_KEYS = ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"]

describe("encodings under attack", () => {
  it("[B3] a Fernet token has one spelling: every other one is refused", () => {
    const fernet = new Fernet(Fernet.generateKey())
    const token = fernet.encrypt("one spelling")
    const spellings = [
      ` ${token}`,
      `${token}\n`,
      `${token}=`,
      token.replace(/=+$/, ""),
      `${token.slice(0, 8)}\n${token.slice(8)}`,
      token.replaceAll("-", "+").replaceAll("_", "/"),
      `${token.slice(0, -3)}${token.slice(-3).replace(/[A-Z]/, "!")}`,
    ].filter((spelling) => spelling !== token)
    for (const spelling of spellings)
      expect(() => fernet.decrypt(spelling), JSON.stringify(spelling.slice(-12))).toThrow(
        refused("ERR_INVALID_TOKEN"),
      )
    for (const trailing of ["QUJB=", "QUI", "QUF=", "QQ==x", "Q"])
      expect(() => fromPaddedBase64url(trailing), trailing).toThrow(refused("ERR_DECODE"))
    expect(() => fromBase64url("QUF")).toThrow(refused("ERR_DECODE"))
  })

  it("[B3] one message delivered under two framings is shown once", () => {
    const [alice, bob] = [new Party(1), new Party(2)]
    alice.begin(bob.bundle())
    const bytes = alice.sendText("once")
    expect(openedTexts(bob.receive(bytes))).toEqual(["once"])
    expect(() => bob.receive(concat(bytes))).toThrow(refused("ERR_DUPLICATE"))
    expect(() => bob.receive(concat(bytes, Uint8Array.of(0)))).toThrow(
      refused(expect.stringMatching(/^ERR_/)),
    )
  })

  it("[C1] hostile keys stay data at every depth, and prototypes stay as they were", () => {
    const before = Object.getOwnPropertyNames(Object.prototype).join()
    for (const key of HOSTILE_KEYS) {
      const map = new Map<CborValue, CborValue>([[key, new Map<CborValue, CborValue>([[key, 1]])]])
      expect(decodeCbor(encodeCbor(map), MAX)).toEqual(map)
      expect(() => decodeText(encodeCbor(map))).toThrow(refused("ERR_DECODE"))
      expect(decodeText(encodeText({ text: key })).text).toBe(key)
    }
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before)
    expect(({} as Record<string, unknown>)["1"]).toBeUndefined()
  })

  it("[C2] a map with a key twice or out of order is refused", () => {
    for (const hex of ["a201000100", "a202000100", "a26161016161 02".replace(" ", "")])
      expect(() => decode(hex), hex).toThrow(refused("ERR_DECODE"))
  })

  it("[C3] numbers that lose bits or have a second spelling are refused", () => {
    const numbers = [
      "1b0020000000000001",
      "f98000",
      "fb7ff8000000000000",
      "1801",
      "190001",
      "c249010000000000000000",
    ]
    for (const hex of numbers) expect(() => decode(hex), hex).toThrow(refused("ERR_DECODE"))
    expect(decode("1b001fffffffffffff")).toBe(Number.MAX_SAFE_INTEGER)
  })

  it("[C4] invalid UTF-8 is refused, look-alikes stay apart, and every text comes back as it was", () => {
    for (const hex of ["61ff", "62c080", "63eda080", "64f4908080"])
      expect(() => decode(hex), hex).toThrow(refused("ERR_DECODE"))
    expect(() => utf8("\ud800")).toThrow(refused("ERR_DECODE"))
    const [composed, decomposed] = ["\u00e9", "e\u0301"]
    expect(toHex(utf8(composed))).not.toBe(toHex(utf8(decomposed)))
    for (const text of [composed, decomposed, "\u202eabc", "a\u200bb", "\ufeffx", "👩‍👩‍👧", "\0"])
      expect(decodeText(encodeText({ text })).text).toBe(text)
    expect(() => fromUtf8(fromHex("c3"))).toThrow(refused("ERR_DECODE"))
  })

  it("[C5] depth, count and declared lengths are bounded before anything is built", () => {
    const arrays = new Uint8Array(60_000).fill(0x81)
    const maps = new Uint8Array(60_000).fill(0xa1)
    for (const bytes of [
      arrays,
      maps,
      fromHex("9affffffff"),
      fromHex("5bffffffffffffffff"),
      fromHex("9f00ff"),
    ])
      expect(() => decodeCbor(bytes, MAX)).toThrow(refused("ERR_DECODE"))
    expect(() => decodeCbor(new Uint8Array(100_000).fill(0x81), MAX)).toThrow(refused("ERR_DECODE"))
  })

  it("[C6] a non-canonical encoding is refused, and nothing verifies a re-encoded form", () => {
    for (const hex of ["a1180100", "590001ff", "7800", "bf0100ff"])
      expect(() => decode(hex), hex).toThrow(refused("ERR_DECODE"))
  })

  it("[C7] an unknown version, type or critical flag is refused as unsupported; a hint is ignored", () => {
    const [alice, bob] = [new Party(1), new Party(2)]
    alice.begin(bob.bundle())
    const bytes = alice.sendText("hi")
    for (const [at, value] of [
      [0, 2],
      [0, 255],
      [1, 3],
      [1, 7],
      [2, 0x80],
    ] as const) {
      const changed = bytes.slice()
      changed[at] = value
      expect(() => decodeEnvelope(changed)).toThrow(refused("ERR_VERSION_UNSUPPORTED"))
    }
    const hinted = new Map<CborValue, CborValue>([[-1, "hint of a newer version"]])
    expect(() =>
      decodeText(encodeCbor(new Map<CborValue, CborValue>([...hinted, [99, 1], [1, "x"]]))),
    ).toThrow()
    expect(decodeText(encodeCbor(new Map<CborValue, CborValue>([...hinted, [1, "x"]]))).text).toBe("x")
  })
})
