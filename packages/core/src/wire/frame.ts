/**
 * Frames between client and relay, relay.md §3: one WebSocket message (or one Socket.IO event) is one
 * frame. Fixed binary, big-endian, total; `bN` is bytes behind a length of N bits, `u53` eight bytes
 * with a value of at most 2⁵³−1.
 *
 *   frame = type u8 ‖ request u32 ‖ body
 *
 *   0x01 hello      minVersion u8 ‖ maxVersion u8 ‖ account 20 ‖ device 16 ‖ cursor b8
 *   0x02 challenge  version u8 ‖ origin b16 ‖ connection 16 ‖ nonce 32 ‖ time u53
 *   0x03 proof      signature 64 ‖ certificate b16 ‖ token b16
 *   0x04 ready      frameBytes u32 ‖ bodyBytes u32 ‖ signalBytes u16 ‖ openRequests u16 ‖ windowDeliveries u16
 *                   ‖ windowBytes u32 ‖ messageTtl u53 ‖ idle u32 ‖ backlog u32 ‖ oneTime u16 ‖ kem u16 ‖ resumed u8
 *   0x05 token      token b16 (empty from the relay: send a new one)
 *   0x06 drain      closesInMs u32 ‖ reconnectWithinMs u32
 *   0x07 bye        code u16
 *   0x08 ping, 0x09 pong   nonce 8
 *   0x0a ok         body b32, an answer of `frame-answers.ts` or empty
 *   0x0b nack       code u16 ‖ retryAfterMs u32
 *   0x10 publish    publication 16 ‖ certificate b16 ‖ list b16 ‖ spk b16 ‖ pqspk b16
 *                   ‖ u8 n ‖ n × opk b16 ‖ u8 m ‖ m × pqopk b16
 *   0x11 devices    account 20 ‖ knownVersion u32
 *   0x12 claim      account 20 ‖ u8 n ‖ n × device 16 ‖ liveNonce b8
 *   0x15 stock      oneTime u16 ‖ kem u16 ‖ lastResortUses u32
 *   0x18 handle set record b16
 *   0x19 handle get handle b8
 *   0x20 submit     envelope 16 ‖ account 20 ‖ device 16 ‖ expires u53 ‖ body b32
 *   0x21 accepted   envelope 16 ‖ repeated u8
 *   0x22 deliver    cursor b8 ‖ envelope 16 ‖ from account 20 ‖ from device 16 ‖ acceptedAt u53 ‖ body b32
 *   0x23 ack        cursor b8
 *   0x24 caught up  –
 *   0x28 signal     account 20 ‖ device 16 ‖ body b16
 *   0x29 signalled  from account 20 ‖ from device 16 ‖ body b16
 */
import {
  type Codec,
  type Layout,
  codec,
  fixedBytes,
  flag,
  lengthPrefixed,
  listOf,
  struct,
  text,
  u16,
  u32,
  u53,
  u8,
} from "../bytes/codec.ts"
import { Reader } from "../bytes/reader.ts"
import { Writer } from "../bytes/writer.ts"
import { SecureChatError } from "../errors.ts"
import {
  MAX_DEVICES,
  MAX_FRAME_BYTES,
  MAX_HANDLE_BYTES,
  MAX_LOGIN_TOKEN_BYTES,
  ONE_TIME_BATCH,
  ONE_TIME_KEM_BATCH,
} from "../limits.ts"
import { accountId, cursor, deviceId } from "./frame-fields.ts"
import type { Frame, FrameBodies, FrameName, HeartbeatBody } from "./frame-types.ts"
import { FRAME_TYPE } from "./tags.ts"

/** Type byte and request number. */
export const FRAME_HEAD_BYTES = 5
/** Longest origin a challenge may carry: scheme, a host name of 253 bytes, a port. */
export const MAX_ORIGIN_BYTES = 512

const bytes16 = /* @__PURE__ */ fixedBytes(16)
const statement = /* @__PURE__ */ lengthPrefixed(16, 0xffff)
// A body over the relay's limit still decodes, so that it can be answered `too large` on a kept connection.
const envelope = /* @__PURE__ */ lengthPrefixed(32, MAX_FRAME_BYTES)
const signalBody = /* @__PURE__ */ lengthPrefixed(16, 0xffff)
const token = /* @__PURE__ */ lengthPrefixed(16, MAX_LOGIN_TOKEN_BYTES)
const heartbeat: Layout<HeartbeatBody> = /* @__PURE__ */ struct({ nonce: fixedBytes(8) })

const deviceIds = /* @__PURE__ */ listOf(8, MAX_DEVICES, deviceId)
const claimed: Layout<FrameBodies["claim"]["deviceIds"]> = {
  ...deviceIds,
  read: (input) => {
    const values = deviceIds.read(input)
    return values.length === 0 ? input.fail("no device claimed") : values
  },
}

const LAYOUTS: { readonly [K in FrameName]: Layout<FrameBodies[K]> } = /* @__PURE__ */ Object.freeze({
  hello: struct({ minVersion: u8, maxVersion: u8, accountId, deviceId, cursor }),
  challenge: struct({
    version: u8,
    origin: text(16, MAX_ORIGIN_BYTES),
    connection: bytes16,
    nonce: fixedBytes(32),
    timeMs: u53,
  }),
  proof: struct({ signature: fixedBytes(64), certificate: statement, token }),
  ready: struct({
    limits: struct({
      frameBytes: u32,
      bodyBytes: u32,
      signalBytes: u16,
      openRequests: u16,
      windowDeliveries: u16,
      windowBytes: u32,
      messageTtlMs: u53,
      idleMs: u32,
    }),
    backlog: u32,
    oneTimeLeft: u16,
    kemLeft: u16,
    resumed: flag,
  }),
  token: struct({ token }),
  drain: struct({ closesInMs: u32, reconnectWithinMs: u32 }),
  bye: struct({ code: u16 }),
  ping: heartbeat,
  pong: heartbeat,
  ok: struct({ body: lengthPrefixed(32, MAX_FRAME_BYTES) }),
  nack: struct({ code: u16, retryAfterMs: u32 }),
  publish: struct({
    publication: bytes16,
    certificate: statement,
    list: statement,
    signedPrekey: statement,
    lastResortKem: statement,
    oneTime: listOf(8, ONE_TIME_BATCH, statement),
    oneTimeKem: listOf(8, ONE_TIME_KEM_BATCH, statement),
  }),
  devices: struct({ accountId, knownVersion: u32 }),
  claim: struct({ accountId, deviceIds: claimed, liveNonce: lengthPrefixed(8, 32) }),
  stock: struct({ oneTimeLeft: u16, kemLeft: u16, lastResortUses: u32 }),
  handleSet: struct({ record: statement }),
  handleGet: struct({ handle: text(8, MAX_HANDLE_BYTES) }),
  submit: struct({ envelopeId: bytes16, accountId, deviceId, expiresMs: u53, body: envelope }),
  accepted: struct({ envelopeId: bytes16, repeated: flag }),
  deliver: struct({
    cursor,
    envelopeId: bytes16,
    fromAccountId: accountId,
    fromDeviceId: deviceId,
    acceptedAtMs: u53,
    body: envelope,
  }),
  ack: struct({ cursor }),
  caughtUp: struct({}),
  signal: struct({ accountId, deviceId, body: signalBody }),
  signalled: struct({ fromAccountId: accountId, fromDeviceId: deviceId, body: signalBody }),
})

const NAME_OF: ReadonlyMap<number, FrameName> = /* @__PURE__ */ new Map(
  (Object.keys(FRAME_TYPE) as FrameName[]).map((name) => [FRAME_TYPE[name], name]),
)

export interface FrameHead {
  /** The type byte, known or not. */
  readonly code: number
  readonly request: number
}
/**
 * The first five bytes, which every frame of every version has: what is needed to answer an unknown type.
 * @throws ERR_DECODE on less than five bytes.
 */
export const readFrameHead = (bytes: Uint8Array): FrameHead => {
  const input = new Reader(bytes)
  return { code: input.u8(), request: input.u32() }
}

const layoutOf = (name: FrameName): Layout<object> => LAYOUTS[name]

/** A frame's bytes. */
const encodeFrame = (frame: Frame): ReturnType<Writer["bytes"]> => {
  const out = new Writer().u8(FRAME_TYPE[frame.type]).u32(frame.request)
  layoutOf(frame.type).write(out, frame)
  return out.bytes()
}

const decodeFrame = (bytes: Uint8Array): Frame => {
  const input = new Reader(bytes)
  const code = input.u8()
  const request = input.u32()
  const type = NAME_OF.get(code)
  if (type === undefined)
    throw new SecureChatError("ERR_VERSION_UNSUPPORTED", `frame type ${code} is unknown`, {
      details: { type: code, request },
    })
  if (bytes.length > MAX_FRAME_BYTES) input.fail(`frame of ${bytes.length} bytes`)
  const body = layoutOf(type).read(input)
  input.end()
  return { type, request, ...body } as Frame
}

/**
 * Bytes of one frame, both ways.
 *
 * `decode` throws ERR_VERSION_UNSUPPORTED, with `details.type` and `details.request`, on a type it does
 * not know: the relay answers nack `unsupported` and keeps the connection, the client ignores it. It
 * throws ERR_DECODE on everything else that is wrong: bye `malformed`.
 */
export const frameCodec: Codec<Frame> = { encode: encodeFrame, decode: decodeFrame }

/** The stock as it also answers `publish`. */
export const stockCodec: Codec<FrameBodies["stock"]> = /* @__PURE__ */ codec(LAYOUTS.stock)
