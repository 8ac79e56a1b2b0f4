import { describe, expect, it } from "vitest"
import { META_KEY } from "../wire/tags.ts"
import { type CborValue, encodeCbor } from "./cbor.ts"
import { decodeReceipt, decodeText, decodeTyping, encodeReceipt, encodeText, encodeTyping } from "./kinds.ts"
import { META_KEYS, decodeMeta, decodeSignalMeta, encodeMeta, encodeSignalMeta } from "./meta.ts"

const id = new Uint8Array(16).fill(7)
const map = (...entries: [CborValue, CborValue][]): Uint8Array => encodeCbor(new Map(entries))
const decodeError = expect.objectContaining({ code: "ERR_DECODE" }) as Error

describe("message content", () => {
  it("round-trips text with and without its optional fields", () => {
    expect(decodeText(encodeText({ text: "Grüße 👋" }))).toEqual({ text: "Grüße 👋" })
    const full = { text: "", replyTo: id, handle: "alice" }
    expect(decodeText(encodeText(full))).toEqual(full)
  })

  it("round-trips receipts and typing", () => {
    expect(decodeReceipt(encodeReceipt({ readUpTo: 41 }))).toEqual({ readUpTo: 41 })
    expect(decodeTyping(encodeTyping({ active: true }))).toEqual({ active: true })
  })

  it("refuses an unknown positive key and ignores a negative one", () => {
    expect(() => decodeText(map([1, "hi"], [9, 0]))).toThrow(decodeError)
    expect(decodeText(map([1, "hi"], [-9, 0]))).toEqual({ text: "hi" })
  })

  it("refuses fields of another type, missing fields, text keys and content that is no map", () => {
    expect(() => decodeText(map([1, 5]))).toThrow(decodeError)
    expect(() => decodeText(map([2, id]))).toThrow(decodeError)
    expect(() => decodeText(map([1, "hi"], [2, id.subarray(1)]))).toThrow(decodeError)
    expect(() => decodeText(map([1, "hi"], [3, "h".repeat(33)]))).toThrow(decodeError)
    expect(() => decodeText(map(["text", "hi"]))).toThrow(decodeError)
    expect(() => decodeText(encodeCbor([1, "hi"]))).toThrow(decodeError)
    expect(() => decodeReceipt(map([1, -1]))).toThrow(decodeError)
  })
})

describe("the meta map", () => {
  const meta = {
    messageId: id,
    sentAtMs: 1_700_000_000_000,
    ownList: { version: 1, hash: id },
    peerList: { version: 2, hash: id },
    sequence: 3,
    seen: { conversation: 4, pair: 5 },
  }

  it("uses the keys of the wire's one table", () => {
    for (const [name, key] of Object.entries(META_KEY)) expect(META_KEYS).toHaveProperty(name, key)
  })

  it("round-trips the required fields, and the optional ones", () => {
    expect(decodeMeta(encodeMeta(meta))).toEqual(meta)
    const full = {
      ...meta,
      previous: new Uint8Array(32).fill(1),
      conversation: new Uint8Array(32).fill(2),
      acks: [{ deviceId: id, sequence: 9, head: id }],
    }
    expect(decodeMeta(encodeMeta(full))).toEqual(full)
    expect(decodeSignalMeta(encodeSignalMeta({ sentAtMs: 5 }))).toEqual({ sentAtMs: 5 })
  })

  it("stays near the 155 bytes the padding bucket is made for", () => {
    expect(encodeMeta({ ...meta, previous: new Uint8Array(32) }).length).toBeLessThanOrEqual(155)
  })

  it("refuses a map without a required field, and a field out of its range", () => {
    expect(() => decodeMeta(map([1, id], [2, 5]))).toThrow(decodeError)
    expect(() => decodeMeta(encodeMeta({ ...meta, messageId: id.subarray(1) }))).toThrow(decodeError)
    expect(() => decodeMeta(encodeMeta({ ...meta, sequence: -1 }))).toThrow(decodeError)
    expect(() => decodeMeta(encodeMeta({ ...meta, ownList: { version: 2 ** 32, hash: id } }))).toThrow(
      decodeError,
    )
  })
})
