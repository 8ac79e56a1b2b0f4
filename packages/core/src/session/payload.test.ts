import { describe, expect, it } from "vitest"
import { Seeded } from "../../test/support/seeded.ts"
import { EMPTY, concat } from "../bytes/concat.ts"
import { secret } from "../bytes/secret.ts"
import { utf8 } from "../bytes/text.ts"
import { MAX_CONTENT_CBOR_BYTES, MAX_META_BYTES, MAX_PAYLOAD_BYTES } from "../limits.ts"
import { pad, paddedLength, unpad } from "./padding.ts"
import { type OpenedPayload, checkCommitment, commitmentOf, decodePayload, encodePayload } from "./payload.ts"

const refused = (code: string): object => expect.objectContaining({ code }) as object

describe("padding", () => {
  it("hides lengths in buckets of 160 bytes up to 2 KiB, then adds at most 12 %", () => {
    expect([1, 160, 161, 2048].map(paddedLength)).toEqual([160, 160, 320, 2080])
    for (let length = 2_049; length < 60_000; length += 97) {
      expect(paddedLength(length)).toBeGreaterThanOrEqual(length)
      expect(paddedLength(length) / length).toBeLessThanOrEqual(1.12)
    }
  })

  it("comes off again for every length, and in no other spelling", () => {
    const random = new Seeded(3)
    for (const length of [0, 1, 158, 159, 160, 2_047, 2_048, 5_000, 65_536]) {
      const bytes = random.bytes(length)
      expect(unpad(pad(bytes))).toEqual(bytes)
      expect(() => unpad(concat(pad(bytes), new Uint8Array(160)))).toThrow(refused("ERR_DECODE"))
    }
    for (const wrong of [EMPTY, new Uint8Array(160), new Uint8Array(160).fill(1), Uint8Array.of(0x80)])
      expect(() => unpad(wrong)).toThrow(refused("ERR_DECODE"))
  })

  it("refuses what does not fit 72 KiB", () => {
    expect(pad(new Uint8Array(MAX_PAYLOAD_BYTES - 1))).toHaveLength(MAX_PAYLOAD_BYTES)
    expect(() => pad(new Uint8Array(MAX_PAYLOAD_BYTES))).toThrow(refused("ERR_MESSAGE_TOO_LARGE"))
  })
})

describe("a payload", () => {
  const key = secret(new Seeded(4).bytes(32))
  const message = { kind: "message", meta: utf8("meta"), content: utf8("content") } as const
  const franking = { conversationId: new Uint8Array(32).fill(1), author: new Uint8Array(20).fill(2) }

  it("comes back as it went in, franked or a signal", () => {
    expect(decodePayload(encodePayload(message, key), true)).toMatchObject(message)
    const typing = { kind: "typing", meta: EMPTY, content: EMPTY } as const
    expect(decodePayload(encodePayload(typing, undefined), false)).toEqual({
      ...typing,
      commitKey: undefined,
    })
  })

  it("of a signal's kind is refused in a message, and the reverse", () => {
    const typing = { ...message, kind: "typing" } as const
    expect(() => decodePayload(encodePayload(typing, key), true)).toThrow(refused("ERR_DECODE"))
    expect(() => decodePayload(encodePayload(message, undefined), false)).toThrow(refused("ERR_DECODE"))
  })

  it("of an unknown version or kind is refused as such", () => {
    for (const at of [0, 1]) {
      const bytes = encodePayload(message, key)
      bytes[at] = 0x7f
      expect(() => decodePayload(bytes, true)).toThrow(refused("ERR_VERSION_UNSUPPORTED"))
    }
  })

  it("takes 64 KiB of content as CBOR and not one byte more", () => {
    const full = { ...message, content: new Uint8Array(MAX_CONTENT_CBOR_BYTES) }
    expect(decodePayload(encodePayload(full, key), true).content).toHaveLength(MAX_CONTENT_CBOR_BYTES)
    const over = { ...message, content: new Uint8Array(MAX_CONTENT_CBOR_BYTES + 1) }
    expect(() => encodePayload(over, key)).toThrow(refused("ERR_MESSAGE_TOO_LARGE"))
    const meta = { ...message, meta: new Uint8Array(MAX_META_BYTES + 1) }
    expect(() => encodePayload(meta, key)).toThrow(refused("ERR_LIMIT"))
  })

  it("[B11] opens its commitment only with its own key, content, kind, author and conversation", () => {
    const opened: OpenedPayload = decodePayload(encodePayload(message, key), true)
    const commitment = commitmentOf(key, franking, message)
    const check =
      (payload: OpenedPayload, where = franking) =>
      () => {
        checkCommitment(payload, where, commitment)
      }
    expect(check(opened)).not.toThrow()
    for (const change of [
      { commitKey: secret(new Uint8Array(32)) },
      { commitKey: undefined },
      { content: utf8("other") },
      { kind: "receipt" as const },
    ])
      expect(check({ ...opened, ...change })).toThrow(refused("ERR_AUTHENTICATION"))
    expect(check(opened, { ...franking, author: new Uint8Array(20) })).toThrow(refused("ERR_AUTHENTICATION"))
    expect(check(opened, { ...franking, conversationId: new Uint8Array(32) })).toThrow(
      refused("ERR_AUTHENTICATION"),
    )
  })
})
