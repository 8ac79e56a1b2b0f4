/**
 * The frames of a message's way, by their offsets: a submit, an ack and an accepted come with every message, and the general
 * codec, which copies each field, was a sixth of the relay's time. Whatever is not exactly right goes to the general codec,
 * which finds out what is wrong; a property test compares the two. The layouts are those of `wire/frame.ts`.
 */
import { MAX_CURSOR_BYTES, MAX_FRAME_BYTES } from "@securechat/core/limits"
import { type Bytes, FRAME_TYPE, type Frame, type FrameOf, frameCodec } from "@securechat/core/wire"

const HEAD = 5
const ENVELOPE = 16
const ACCOUNT = 20
const DEVICE = 16
const U53 = 8

const SUBMIT_ACCOUNT = HEAD + ENVELOPE
const SUBMIT_DEVICE = SUBMIT_ACCOUNT + ACCOUNT
const SUBMIT_EXPIRES = SUBMIT_DEVICE + DEVICE
const SUBMIT_LENGTH = SUBMIT_EXPIRES + U53
const SUBMIT_BODY = SUBMIT_LENGTH + 4

const u32 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)) >>>
  0
const putU32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
const U32_VALUES = 2 ** 32
const u64 = (bytes: Uint8Array, at: number): number => u32(bytes, at) * U32_VALUES + u32(bytes, at + 4)

/** No copy: the frame's bytes are not written to again. */
const view = (bytes: Uint8Array, from: number, length: number): Bytes =>
  new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset + from, length)

const submitOf = (bytes: Uint8Array): FrameOf<"submit"> | undefined => {
  const bodyBytes = bytes.length - SUBMIT_BODY
  if (bodyBytes < 0 || bytes.length > MAX_FRAME_BYTES || u32(bytes, SUBMIT_LENGTH) !== bodyBytes)
    return undefined
  const expiresMs = u64(bytes, SUBMIT_EXPIRES)
  if (expiresMs > Number.MAX_SAFE_INTEGER) return undefined
  return {
    type: "submit",
    request: u32(bytes, 1),
    envelopeId: view(bytes, HEAD, ENVELOPE),
    accountId: view(bytes, SUBMIT_ACCOUNT, ACCOUNT),
    deviceId: view(bytes, SUBMIT_DEVICE, DEVICE),
    expiresMs,
    body: view(bytes, SUBMIT_BODY, bodyBytes),
  }
}

const ackOf = (bytes: Uint8Array): FrameOf<"ack"> | undefined => {
  const cursorBytes = bytes.length - HEAD - 1
  if (cursorBytes < 0 || cursorBytes > MAX_CURSOR_BYTES || bytes[HEAD] !== cursorBytes) return undefined
  return { type: "ack", request: u32(bytes, 1), cursor: view(bytes, HEAD + 1, cursorBytes) }
}

/**
 * As `frameCodec.decode`, but bytes of submits and acks are views of the frame.
 * @throws ERR_VERSION_UNSUPPORTED, ERR_DECODE
 */
export const decodeFrame = (bytes: Uint8Array): Frame => {
  const type = bytes[0]
  const quick =
    type === FRAME_TYPE.submit ? submitOf(bytes) : type === FRAME_TYPE.ack ? ackOf(bytes) : undefined
  return quick ?? frameCodec.decode(bytes)
}

const ACCEPTED_BYTES = HEAD + ENVELOPE + 1

/** As `frameCodec.encode`. */
export const encodeFrame = (frame: Frame): Uint8Array => {
  if (frame.type !== "accepted" || frame.envelopeId.length !== ENVELOPE) return frameCodec.encode(frame)
  const out = Buffer.allocUnsafe(ACCEPTED_BYTES)
  out[0] = FRAME_TYPE.accepted
  putU32(out, 1, frame.request)
  out.set(frame.envelopeId, HEAD)
  out[HEAD + ENVELOPE] = frame.repeated ? 1 : 0
  return out
}

/** A delivery's fields after its cursor; the body as it was submitted. */
interface Stored {
  readonly envelopeId: Bytes
  readonly fromAccountId: Bytes
  readonly fromDeviceId: Bytes
  readonly acceptedAtMs: number
  readonly body: Bytes
}

const RECORD_CURSOR = HEAD
const RECORD_ENVELOPE = HEAD + 1
const RECORD_ACCOUNT = RECORD_ENVELOPE + ENVELOPE
const RECORD_DEVICE = RECORD_ACCOUNT + ACCOUNT
const RECORD_TIME = RECORD_DEVICE + DEVICE
const RECORD_LENGTH = RECORD_TIME + U53
const RECORD_BODY = RECORD_LENGTH + 4

/** What a mailbox keeps of an envelope: the delivery under an empty cursor. */
export const encodeRecord = ({
  envelopeId,
  fromAccountId,
  fromDeviceId,
  acceptedAtMs,
  body,
}: Stored): Bytes => {
  const out = new Uint8Array(RECORD_BODY + body.length)
  out[0] = FRAME_TYPE.deliver
  out.set(envelopeId, RECORD_ENVELOPE)
  out.set(fromAccountId, RECORD_ACCOUNT)
  out.set(fromDeviceId, RECORD_DEVICE)
  putU32(out, RECORD_TIME, Math.floor(acceptedAtMs / U32_VALUES))
  putU32(out, RECORD_TIME + 4, acceptedAtMs)
  putU32(out, RECORD_LENGTH, body.length)
  out.set(body, RECORD_BODY)
  return out
}

export const envelopeIdOf = (record: Bytes): Bytes => view(record, RECORD_ENVELOPE, ENVELOPE)
export const acceptedAtOf = (record: Uint8Array): number => u64(record, RECORD_TIME)

/** The delivery of a record under the cursor it was read with, at most 64 ASCII characters. */
export const deliveryOf = (record: Uint8Array, cursor: string): Uint8Array => {
  const out = Buffer.allocUnsafe(record.length + cursor.length)
  out.set(record.subarray(0, RECORD_CURSOR))
  out[RECORD_CURSOR] = cursor.length
  out.write(cursor, RECORD_ENVELOPE, "latin1")
  out.set(record.subarray(RECORD_ENVELOPE), RECORD_ENVELOPE + cursor.length)
  return out
}
