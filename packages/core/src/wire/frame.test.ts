import { describe, expect, it } from "vitest"
import { SecureChatError } from "../errors.ts"
import { MAX_FRAME_BYTES } from "../limits.ts"
import { claimAnswerCodec, devicesAnswerCodec } from "./frame-answers.ts"
import type { Frame, FrameName, FrameOf } from "./frame-types.ts"
import { frameCodec, readFrameHead, stockCodec } from "./frame.ts"
import { FRAME_TYPE } from "./tags.ts"

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value)
const account = fill(20, 0xa1)
const device = fill(16, 0xd1)

const samples: { readonly [K in FrameName]: FrameOf<K> } = {
  hello: {
    type: "hello",
    request: 1,
    minVersion: 1,
    maxVersion: 2,
    accountId: account,
    deviceId: device,
    cursor: fill(9, 3),
  },
  challenge: {
    type: "challenge",
    request: 1,
    version: 1,
    origin: "http://localhost:5000",
    connection: fill(16, 4),
    nonce: fill(32, 5),
    timeMs: 1_700_000_000_000,
  },
  proof: { type: "proof", request: 2, signature: fill(64, 6), certificate: fill(252, 7), token: fill(3, 8) },
  ready: {
    type: "ready",
    request: 2,
    limits: {
      frameBytes: 82_432,
      bodyBytes: 81_920,
      signalBytes: 1_024,
      openRequests: 64,
      windowDeliveries: 64,
      windowBytes: 1 << 20,
      messageTtlMs: 2_592_000_000,
      idleMs: 60_000,
    },
    backlog: 3,
    oneTimeLeft: 100,
    kemLeft: 20,
    resumed: true,
  },
  token: { type: "token", request: 3, token: fill(5, 1) },
  drain: { type: "drain", request: 0, closesInMs: 20_000, reconnectWithinMs: 30_000 },
  bye: { type: "bye", request: 0, code: 3 },
  ping: { type: "ping", request: 0, nonce: fill(8, 9) },
  pong: { type: "pong", request: 0, nonce: fill(8, 9) },
  ok: { type: "ok", request: 4, body: fill(8, 2) },
  nack: { type: "nack", request: 5, code: 5, retryAfterMs: 250 },
  publish: {
    type: "publish",
    request: 6,
    publication: fill(16, 1),
    certificate: fill(252, 2),
    list: fill(187, 3),
    signedPrekey: fill(160, 4),
    lastResortKem: fill(1310, 5),
    oneTime: [fill(158, 6), fill(158, 7)],
    oneTimeKem: [fill(1310, 8)],
  },
  devices: { type: "devices", request: 7, accountId: account, knownVersion: 2 },
  claim: {
    type: "claim",
    request: 8,
    accountId: account,
    deviceIds: [device, fill(16, 2)],
    liveNonce: fill(0, 0),
  },
  stock: { type: "stock", request: 0, oneTimeLeft: 24, kemLeft: 0, lastResortUses: 2 },
  handleSet: { type: "handleSet", request: 9, record: fill(135, 1) },
  handleGet: { type: "handleGet", request: 10, handle: "alice" },
  submit: {
    type: "submit",
    request: 11,
    envelopeId: fill(16, 1),
    accountId: account,
    deviceId: device,
    expiresMs: 0,
    body: fill(300, 2),
  },
  accepted: { type: "accepted", request: 11, envelopeId: fill(16, 1), repeated: true },
  deliver: {
    type: "deliver",
    request: 0,
    cursor: fill(30, 1),
    envelopeId: fill(16, 2),
    fromAccountId: account,
    fromDeviceId: device,
    acceptedAtMs: 1_700_000_000_001,
    body: fill(300, 3),
  },
  ack: { type: "ack", request: 0, cursor: fill(30, 1) },
  caughtUp: { type: "caughtUp", request: 0 },
  signal: { type: "signal", request: 0, accountId: account, deviceId: device, body: fill(12, 1) },
  signalled: {
    type: "signalled",
    request: 0,
    fromAccountId: account,
    fromDeviceId: device,
    body: fill(12, 1),
  },
}
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
