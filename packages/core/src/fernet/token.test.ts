import { describe, expect, it } from "vitest"
import { bytesOf, flipped } from "../../test/support/back-ends.ts"
import { utf8 } from "../bytes/text.ts"
import { hmacSha256 } from "#primitives"
import { splitKey } from "./key.ts"
import { openToken, seal, sealToken } from "./token.ts"

const [KEY, IV] = [bytesOf("key", 32), bytesOf("iv", 16)]
const token = sealToken(KEY, utf8("payload"), IV)
const fault = expect.objectContaining({
  code: "ERR_AUTHENTICATION",
  message: "cannot be opened",
}) as unknown as Error
const resigned = (bytes: Uint8Array): Uint8Array => {
  const signed = bytes.slice()
  signed.set(hmacSha256(KEY.subarray(0, 16), signed.subarray(0, -32)), signed.length - 32)
  return signed
}

describe("a ratchet's token", () => {
  it("is version, eight zeros, IV, ciphertext and tag", () => {
    expect(token[0]).toBe(0x80)
    expect(token.subarray(1, 9)).toEqual(new Uint8Array(8))
    expect(token.subarray(9, 25)).toEqual(IV)
    expect(token).toHaveLength(1 + 8 + 16 + 16 + 32)
    expect(token.subarray(-32)).toEqual(hmacSha256(KEY.subarray(0, 16), token.subarray(0, -32)))
  })

  it("is the same for the same key, payload and IV", () => {
    expect(sealToken(KEY, utf8("payload"), IV)).toEqual(token)
    expect(sealToken(KEY, utf8("payload"), bytesOf("other", 16))).not.toEqual(token)
  })

  it("opens to its payload, of any size", () => {
    for (const size of [0, 1, 15, 16, 17, 511, 512, 70_000])
      expect(openToken(KEY, sealToken(KEY, bytesOf("p", size), IV))).toEqual(bytesOf("p", size))
  })

  it("fails in the same words for every changed byte, another key and another length", () => {
    for (let at = 0; at < token.length; at++) expect(() => openToken(KEY, flipped(token, at))).toThrow(fault)
    expect(() => openToken(bytesOf("other", 32), token)).toThrow(fault)
    for (let size = 0; size < token.length; size++)
      expect(() => openToken(KEY, token.subarray(0, size))).toThrow(fault)
  })

  it("fails in the same words where the tag holds and the rest does not", () => {
    const otherVersion = resigned(flipped(token, 0))
    const wrongPadding = resigned(flipped(token, 24)) // the last byte of the IV is the last of the only block
    const dated = seal(splitKey(KEY), { timestampSeconds: 1, iv: IV }, utf8("payload"))
    const beyondNumbers = token.slice()
    beyondNumbers[1] = 0x80
    for (const wrong of [otherVersion, wrongPadding, dated, resigned(beyondNumbers)])
      expect(() => openToken(KEY, wrong)).toThrow(fault)
  })

  it("needs the whole key: neither half opens it alone", () => {
    for (const at of [0, 15, 16, 31]) expect(() => openToken(flipped(KEY, at), token)).toThrow(fault)
    for (const size of [0, 16, 31, 33])
      expect(() => openToken(new Uint8Array(size), token)).toThrow(
        expect.objectContaining({ code: "ERR_KEY_INVALID" }) as unknown,
      )
  })

  it("hands out its payload as a copy and leaves the token as it was", () => {
    const before = token.slice()
    const payload = openToken(KEY, token)
    payload.fill(0)
    expect(token).toEqual(before)
    expect(payload.buffer.byteLength).toBe(7)
  })
})
