/**
 * Bytes of the handshake block that every first message carries. protocol.md §4.2
 *
 *   u16 hsLen ‖ u16 suite ‖ u8 hsFlags ‖ DeviceCert_A 252 ‖ u16 len ‖ DeviceList_A ‖ EK_A 32 ‖ u32 listVersion_B
 *   ‖ u32 spkId ‖ u32 opkId (0 = none) ‖ u32 pqId ‖ ct 1088 ‖ replaces 16 ‖ [live: nonce 32] ‖ [channel: nonce_I 32 ‖ nonce_R 32]
 *
 * hsLen counts what follows it. hsFlags: b0 opk, b1 one-time KEM key, b2 live, b3 channel, b4 unfranked; live and
 * channel exclude each other and go with b1 and without b0, since their keys are made for one use.
 */
import { type Codec, type Layout, codec, fixedBytes, struct, u32 } from "../bytes/codec.ts"
import { Reader } from "../bytes/reader.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import { SESSION_ID_BYTES } from "./address.ts"
import { CERTIFICATE_BYTES, type DeviceCertificate, KEY_BYTES, certificateLayout } from "./certificate.ts"
import { type DeviceList, MAX_DEVICE_LIST_BYTES, prefixedDeviceList } from "./device-list.ts"
import { unsupported } from "./faults.ts"
import { KEM_CIPHERTEXT_BYTES } from "./prekey.ts"
import { HANDSHAKE_FLAG } from "./tags.ts"

export const NONCE_BYTES = 32
/** Longest block after its length. */
export const MAX_HANDSHAKE_BLOCK_BYTES: number =
  3 +
  CERTIFICATE_BYTES +
  2 +
  MAX_DEVICE_LIST_BYTES +
  KEY_BYTES +
  16 +
  KEM_CIPHERTEXT_BYTES +
  SESSION_ID_BYTES +
  64

export interface HandshakeFields {
  readonly suite: number
  readonly oneTimeKem: boolean
  readonly unfranked: boolean
  readonly certificate: DeviceCertificate
  readonly list: DeviceList
  /** EK_A, X25519, 32 bytes. */
  readonly ephemeralKey: Bytes
  /** The peer list version the initiator was given. */
  readonly peerListVersion: number
  readonly spkId: number
  /** 0 = none. */
  readonly opkId: number
  readonly pqId: number
  /** ML-KEM-768 ciphertext, 1,088 bytes. */
  readonly kemCiphertext: Bytes
  /** sid of the session this one retires, zeros = none. */
  readonly replaces: Bytes
  readonly liveNonce: Bytes | undefined
  /** The pair of hellos this handshake belongs to, initiator's first. */
  readonly channelNonces: readonly [Bytes, Bytes] | undefined
}
export interface HandshakeBlock extends HandshakeFields {
  readonly flags: number
  /** Everything, with its length, as received. */
  readonly bytes: Bytes
}

export const handshakeFlags = (fields: HandshakeFields): number =>
  (fields.opkId === 0 ? 0 : HANDSHAKE_FLAG.oneTimePrekey) |
  (fields.oneTimeKem ? HANDSHAKE_FLAG.oneTimeKem : 0) |
  (fields.liveNonce === undefined ? 0 : HANDSHAKE_FLAG.live) |
  (fields.channelNonces === undefined ? 0 : HANDSHAKE_FLAG.channel) |
  (fields.unfranked ? HANDSHAKE_FLAG.unfranked : 0)

const KNOWN_FLAGS = Object.values(HANDSHAKE_FLAG).reduce((union, flag) => union | flag, 0)

const checkFlags = (flags: number, opkId: number): void => {
  const fail = (what: string): never => {
    throw unsupported(what, "flags")
  }
  if ((flags & ~KNOWN_FLAGS) !== 0) fail("unknown handshake flag")
  const live = (flags & HANDSHAKE_FLAG.live) !== 0
  const channel = (flags & HANDSHAKE_FLAG.channel) !== 0
  const opk = (flags & HANDSHAKE_FLAG.oneTimePrekey) !== 0
  if (live && channel) fail("live and channel at once")
  if ((live || channel) && (opk || (flags & HANDSHAKE_FLAG.oneTimeKem) === 0))
    fail("a live handshake uses one-time keys of its own")
  if (opk !== (opkId !== 0)) fail("one-time prekey flag and id disagree")
}

type Common = Omit<HandshakeFields, "suite" | "oneTimeKem" | "unfranked" | "liveNonce" | "channelNonces">
const common: Layout<Common> = /* @__PURE__ */ struct<Common>({
  certificate: certificateLayout,
  list: prefixedDeviceList,
  ephemeralKey: fixedBytes(KEY_BYTES),
  peerListVersion: u32,
  spkId: u32,
  opkId: u32,
  pqId: u32,
  kemCiphertext: fixedBytes(KEM_CIPHERTEXT_BYTES),
  replaces: fixedBytes(SESSION_ID_BYTES),
})

/** The block with its length. */
export const encodeHandshake = (fields: HandshakeFields): Bytes => {
  const out = new Writer().u16(fields.suite).u8(handshakeFlags(fields))
  common.write(out, fields)
  if (fields.liveNonce !== undefined) out.fixed(fields.liveNonce, NONCE_BYTES)
  for (const nonce of fields.channelNonces ?? []) out.fixed(nonce, NONCE_BYTES)
  return new Writer().prefixed(16, out.bytes()).bytes()
}

const readFields = (input: Reader, flags: number, suite: number): HandshakeFields => {
  const fields = common.read(input)
  checkFlags(flags, fields.opkId)
  const has = (flag: keyof typeof HANDSHAKE_FLAG): boolean => (flags & HANDSHAKE_FLAG[flag]) !== 0
  const nonce = (): Bytes => input.take(NONCE_BYTES)
  return {
    ...fields,
    suite,
    oneTimeKem: has("oneTimeKem"),
    unfranked: has("unfranked"),
    liveNonce: has("live") ? nonce() : undefined,
    channelNonces: has("channel") ? [nonce(), nonce()] : undefined,
  }
}

export const handshakeLayout: Layout<HandshakeBlock> = {
  write: (out, block) => {
    out.put(block.bytes)
  },
  read: (input) => {
    const start = input.offset
    const inner = new Reader(input.prefixed(16, MAX_HANDSHAKE_BLOCK_BYTES))
    const suite = inner.u16()
    const flags = inner.u8()
    const fields = readFields(inner, flags, suite)
    inner.end()
    return { ...fields, flags, bytes: input.since(start) }
  },
}
export const handshakeCodec: Codec<HandshakeBlock> = /* @__PURE__ */ codec(handshakeLayout)
