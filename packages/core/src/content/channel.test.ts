import { describe, expect, it } from "vitest"
import { MAX_CONTENT_BYTES, MAX_CONTENT_CBOR_BYTES } from "../limits.ts"
import { encodeCbor } from "./cbor.ts"
import { decodeChannelContent, decodeNothing, encodeChannelContent, encodeNothing } from "./channel.ts"

const run = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

describe("a channel's content", () => {
  it("tells text from bytes", () => {
    const text = { body: "hé", run, base: 3 }
    const data = { body: Uint8Array.of(0x68, 0xc3, 0xa9), run, base: 0 }
    expect(decodeChannelContent(encodeChannelContent(text))).toEqual(text)
    expect(decodeChannelContent(encodeChannelContent(data))).toEqual(data)
  })

  it("fits its limit with the longest body and the largest numbers", () => {
    for (const body of [new Uint8Array(MAX_CONTENT_BYTES), "x".repeat(MAX_CONTENT_BYTES)]) {
      const bytes = encodeChannelContent({ body, run, base: Number.MAX_SAFE_INTEGER })
      expect(bytes.length).toBeLessThanOrEqual(MAX_CONTENT_CBOR_BYTES)
      expect(decodeChannelContent(bytes).body).toHaveLength(MAX_CONTENT_BYTES)
    }
  })

  it("is refused with both bodies, with none, and with an unknown key", () => {
    const refused = [
      new Map<number, unknown>([
        [1, "a"],
        [4, Uint8Array.of(1)],
        [5, run],
        [6, 0],
      ]),
      new Map<number, unknown>([
        [5, run],
        [6, 0],
      ]),
      new Map<number, unknown>([
        [1, "a"],
        [5, run],
        [6, 0],
        [7, 1],
      ]),
      new Map<number, unknown>([
        [1, "a"],
        [5, run.subarray(1)],
        [6, 0],
      ]),
    ]
    for (const map of refused)
      expect(() => decodeChannelContent(encodeCbor(map as never))).toThrow(
        expect.objectContaining({ code: "ERR_DECODE" }),
      )
  })

  it("takes room for hints in an opening, and nothing else", () => {
    decodeNothing(encodeNothing())
    decodeNothing(encodeCbor(new Map([[-1, "hint"]])))
    expect(() => {
      decodeNothing(encodeCbor(new Map([[1, "more"]])))
    }).toThrow(expect.objectContaining({ code: "ERR_DECODE" }))
  })
})
