import { describe, expect, it } from "vitest"
import { codecSuite } from "../../test/support/codec-suite.ts"
import { bytesOf, flipped } from "../../test/support/back-ends.ts"
import { refused } from "../../test/support/ratchet-side.ts"
import { toHex } from "../bytes/text.ts"
import {
  beginStream,
  openHeader,
  STREAM_HEADER_BYTES,
  type StreamPurpose,
  streamHeaderCodec,
} from "./header.ts"

const secret = bytesOf("secret", 32)
const salt = bytesOf("salt", 32)
const PURPOSES: readonly StreamPurpose[] = ["file", "thumbnail", "backup"]
const { header, key } = beginStream({ secret, purpose: "file" }, salt)

describe("the head of a sealed stream", () => {
  codecSuite("stream header", streamHeaderCodec, header)

  it("begins with its name, version, purpose and chunk size, and has 72 bytes", () => {
    expect(toHex(header.subarray(0, 8))).toBe("5343535401011000")
    expect(header).toHaveLength(STREAM_HEADER_BYTES)
    expect(STREAM_HEADER_BYTES).toBe(72)
  })

  it("gives the opener the key the sealer has", () => {
    expect(openHeader({ secret, purpose: "file" }, header)).toEqual(key)
  })

  it("gives every secret, salt and purpose a key and a commitment of its own", () => {
    const made = [secret, bytesOf("other secret", 32)].flatMap((of) =>
      [salt, bytesOf("other salt", 32)].flatMap((with_) =>
        PURPOSES.map((purpose) => beginStream({ secret: of, purpose }, with_)),
      ),
    )
    const values = made.flatMap((one) => [toHex(one.key), toHex(one.header.subarray(40))])
    expect(new Set(values).size).toBe(24)
  })

  it("is refused under another secret and for another purpose", () => {
    const other = { secret: bytesOf("other secret", 32), purpose: "file" } as const
    expect(() => openHeader(other, header)).toThrow(refused("ERR_AUTHENTICATION"))
    for (const purpose of PURPOSES.slice(1))
      expect(() => openHeader({ secret, purpose }, header)).toThrow(refused("ERR_AUTHENTICATION"))
  })

  it("is refused where it names the purpose that is expected and was made for another", () => {
    const thumbnail = beginStream({ secret, purpose: "thumbnail" }, salt).header
    thumbnail[5] = 1
    expect(() => openHeader({ secret, purpose: "file" }, thumbnail)).toThrow(refused("ERR_AUTHENTICATION"))
  })

  it("is refused with any bit changed: by its form, by its version, or by the commitment", () => {
    const codes = Array.from({ length: STREAM_HEADER_BYTES * 8 }, (_, bit) => {
      const changed = header.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      try {
        openHeader({ secret, purpose: "file" }, changed)
        return "opened"
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    expect(new Set(codes.slice(0, 32))).toEqual(new Set(["ERR_DECODE"]))
    expect(new Set(codes.slice(32, 40))).toEqual(new Set(["ERR_VERSION_UNSUPPORTED"]))
    expect(new Set(codes.slice(40, 48))).toEqual(new Set(["ERR_DECODE", "ERR_AUTHENTICATION"]))
    expect(new Set(codes.slice(48, 64))).toEqual(new Set(["ERR_DECODE"]))
    expect(new Set(codes.slice(64))).toEqual(new Set(["ERR_AUTHENTICATION"]))
  })

  it("takes a secret of 32 bytes only", () => {
    for (const length of [0, 16, 31, 33, 64]) {
      const what = { secret: new Uint8Array(length), purpose: "file" } as const
      expect(() => beginStream(what, salt)).toThrow(refused("ERR_KEY_INVALID"))
      expect(() => openHeader(what, header)).toThrow(refused("ERR_KEY_INVALID"))
    }
  })

  it("does not change what it is given", () => {
    const before = header.slice()
    expect(() => openHeader({ secret, purpose: "file" }, flipped(header, 71))).toThrow()
    openHeader({ secret, purpose: "file" }, header)
    expect(header).toEqual(before)
    expect(secret).toEqual(bytesOf("secret", 32))
  })
})
