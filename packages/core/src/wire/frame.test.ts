import { describe, expect, it } from "vitest"
import { device, fill, samples } from "../../test/support/frames.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_FRAME_BYTES } from "../limits.ts"
import { claimAnswerCodec, devicesAnswerCodec } from "./frame-answers.ts"
import type { Frame } from "./frame-types.ts"
import { frameCodec, readFrameHead, stockCodec } from "./frame.ts"
import { FRAME_TYPE } from "./tags.ts"

const all: readonly Frame[] = Object.values(samples)

const failure = (bytes: Uint8Array): unknown => {
  try {
    frameCodec.decode(bytes)
  } catch (error) {
    return error
  }
  return undefined
}

describe("a frame", () => {
  it("has a sample here for every type of the table", () => {
    expect(Object.keys(samples).sort()).toEqual(Object.keys(FRAME_TYPE).sort())
  })

  for (const frame of all) {
    it(`${frame.type} survives the way there and back`, () => {
      const bytes = frameCodec.encode(frame)
      expect(bytes[0]).toBe(FRAME_TYPE[frame.type])
      expect(frameCodec.decode(bytes)).toEqual(frame)
      expect(readFrameHead(bytes)).toEqual({ code: FRAME_TYPE[frame.type], request: frame.request })
    })

    it(`${frame.type} is refused at every truncation and with one spare byte`, () => {
      const bytes = frameCodec.encode(frame)
      for (let length = 0; length < bytes.length; length++)
        expect(SecureChatError.is(failure(bytes.subarray(0, length)), "ERR_DECODE")).toBe(true)
      const longer = new Uint8Array(bytes.length + 1)
      longer.set(bytes)
      expect(SecureChatError.is(failure(longer), "ERR_DECODE")).toBe(true)
    })
  }

  it("of an unknown type is told apart, with the request to answer", () => {
    for (const code of [0x00, 0x13, 0x14, 0x30, 0x40, 0x50, 0xff]) {
      const error = failure(Uint8Array.of(code, 0, 0, 0, 42, 1, 2, 3))
      expect(SecureChatError.is(error, "ERR_VERSION_UNSUPPORTED")).toBe(true)
      expect((error as SecureChatError).details).toEqual({ type: code, request: 42 })
    }
  })

  it("over the frame limit is refused whatever it holds", () => {
    const bytes = new Uint8Array(MAX_FRAME_BYTES + 1)
    bytes[0] = FRAME_TYPE.caughtUp
    expect(SecureChatError.is(failure(bytes), "ERR_DECODE")).toBe(true)
  })

  it("allocates nothing for a declared length that is not there", () => {
    const submit = frameCodec.encode({ ...samples.submit, body: fill(0, 0) })
    new DataView(submit.buffer).setUint32(submit.length - 4, 0xffff_ffff)
    expect(SecureChatError.is(failure(submit), "ERR_DECODE")).toBe(true)
  })

  it("claims at least one device and at most ten", () => {
    const claim = (count: number): Uint8Array =>
      frameCodec.encode({ ...samples.claim, deviceIds: Array.from({ length: count }, () => device) })
    expect(SecureChatError.is(failure(claim(0)), "ERR_DECODE")).toBe(true)
    expect(SecureChatError.is(failure(claim(11)), "ERR_DECODE")).toBe(true)
    expect(failure(claim(10))).toBeUndefined()
  })

  it("has one spelling of each flag and refuses a text that is not UTF-8", () => {
    const accepted = frameCodec.encode(samples.accepted)
    accepted[accepted.length - 1] = 2
    expect(SecureChatError.is(failure(accepted), "ERR_DECODE")).toBe(true)
    const handle = frameCodec.encode(samples.handleGet)
    handle[handle.length - 1] = 0xff
    expect(SecureChatError.is(failure(handle), "ERR_DECODE")).toBe(true)
  })

  it("carries a body over the relay's limit as far as the codec, so that it can be named too large", () => {
    const body = fill(80 * 1024 + 1, 1)
    expect(frameCodec.decode(frameCodec.encode({ ...samples.submit, body }))).toMatchObject({ body })
  })
})

describe("an answer", () => {
  const codecs = [
    ["stock", stockCodec, { oneTimeLeft: 1, kemLeft: 2, lastResortUses: 3 }],
    ["devices", devicesAnswerCodec, { lists: [fill(187, 1), fill(243, 2)], certificates: [fill(252, 3)] }],
    ["devices unchanged", devicesAnswerCodec, { lists: [], certificates: [] }],
    ["claim", claimAnswerCodec, { devices: [{ deviceId: device, bundle: fill(2100, 1) }] }],
  ] as const
  for (const [name, codec, value] of codecs) {
    it(`to ${name} survives the way there and back, and no other length does`, () => {
      const bytes = codec.encode(value as never)
      expect(codec.decode(bytes)).toEqual(value)
      for (let length = 0; length < bytes.length; length++)
        expect(() => codec.decode(bytes.subarray(0, length))).toThrow(SecureChatError)
      const longer = new Uint8Array(bytes.length + 1)
      longer.set(bytes)
      expect(() => codec.decode(longer)).toThrow(SecureChatError)
    })
  }
})
