import { SecureChatError } from "@securechat/core/errors"
import { type Frame, type FrameOf, frameCodec } from "@securechat/core/wire"
import { unsafeSeeded } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { acceptedAtOf, decodeFrame, deliveryOf, encodeFrame, encodeRecord, envelopeIdOf } from "./frames.ts"

const { random, below, chance } = unsafeSeeded(11)
const u32 = (): number => below(2 ** 32)
const u53 = (): number => (chance(0.2) ? Number.MAX_SAFE_INTEGER : below(2 ** 21) * 2 ** 32 + u32())
const body = (): Uint8Array<ArrayBuffer> => random(below(700))

const submit = (): FrameOf<"submit"> => ({
  ...{ type: "submit", request: u32(), envelopeId: random(16), accountId: random(20) },
  ...{ deviceId: random(16), expiresMs: u53(), body: body() },
})
const ack = (): FrameOf<"ack"> => ({ type: "ack", request: u32(), cursor: random(below(65)) })
const either = (): Frame => (chance(0.6) ? submit() : ack())

/** The frame, or the code it is refused with. */
const outcome = (decode: () => Frame): unknown => {
  try {
    return decode()
  } catch (error) {
    return SecureChatError.is(error) ? error.code : error
  }
}

describe("the frames of every message", () => {
  it("are read as the general codec reads them, from the middle of a larger buffer too", () => {
    for (let run = 0; run < 500; run++) {
      const frame = either()
      const encoded = frameCodec.encode(frame)
      const before = below(9)
      const around = Buffer.alloc(before + encoded.length + 3, 7)
      around.set(encoded, before)
      expect(decodeFrame(around.subarray(before, before + encoded.length))).toEqual(frame)
    }
  })

  it("are refused as the general codec refuses them, whatever is done to them", () => {
    const seen = new Map<unknown, number>()
    for (let run = 0; run < 5_000; run++) {
      const encoded = frameCodec.encode(either())
      const damaged = new Uint8Array(Math.max(0, encoded.length - below(chance(0.5) ? 2 : 80)) + below(2))
      damaged.set(encoded.subarray(0, damaged.length))
      if (chance(0.7)) damaged[below(Math.min(damaged.length, 80))] = below(256)
      const is = outcome(() => decodeFrame(damaged))
      expect(is).toEqual(outcome(() => frameCodec.decode(damaged)))
      const kind = typeof is === "object" ? "frame" : is
      seen.set(kind, (seen.get(kind) ?? 0) + 1)
    }
    for (const kind of ["frame", "ERR_DECODE", "ERR_VERSION_UNSUPPORTED"])
      expect(seen.get(kind)).toBeGreaterThan(10)
  })

  it("are refused with a number above 2⁵³−1, or over the limit of frames", () => {
    const large = frameCodec.encode({ ...submit(), expiresMs: Number.MAX_SAFE_INTEGER })
    large[57] = 0x20
    expect(outcome(() => decodeFrame(large))).toBe("ERR_DECODE")
    const long = frameCodec.encode({ ...submit(), body: new Uint8Array(80 * 1024 + 512) })
    expect(outcome(() => decodeFrame(long))).toBe("ERR_DECODE")
  })

  it("are written as the general codec writes them", () => {
    for (const repeated of [false, true]) {
      const frame = { type: "accepted", request: u32(), envelopeId: random(16), repeated } as const
      expect(new Uint8Array(encodeFrame(frame))).toEqual(frameCodec.encode(frame))
    }
    const pong = { type: "pong", request: 1, nonce: random(8) } as const
    expect(encodeFrame(pong)).toEqual(frameCodec.encode(pong))
  })

  it("become a delivery with a cursor put in", () => {
    for (const cursor of ["", "0123456789abcdef.1", "f".repeat(64)]) {
      const fields = {
        ...{ envelopeId: random(16), fromAccountId: random(20), fromDeviceId: random(16) },
        ...{ acceptedAtMs: u53(), body: body() },
      }
      const record = encodeRecord(fields)
      const told = { type: "deliver", request: 0, cursor: new TextEncoder().encode(cursor) }
      expect(frameCodec.decode(deliveryOf(record, cursor))).toEqual({ ...fields, ...told })
      expect(envelopeIdOf(record)).toEqual(fields.envelopeId)
      expect(acceptedAtOf(record)).toBe(fields.acceptedAtMs)
    }
  })
})
