/**
 * Bytes of the envelope: what the relay may see, and nothing more. protocol.md §6.2
 *
 *   0 version 01 · 1 type · 2 flags · 3 sid 16 · 19 dh 32 · 51 pn u32 · 55 n u32 · 59 type 1: handshake block
 *   … [kemPk 1184] [kemCt 1088] [C_f 32] · token: raw Fernet bytes to the end
 *
 * The header is every byte before the token; the message key is bound to it as received.
 */
import { Reader } from "../bytes/reader.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_ENVELOPE_BYTES } from "../limits.ts"
import { SESSION_ID_BYTES } from "./address.ts"
import { KEY_BYTES } from "./certificate.ts"
import { unsupported } from "./faults.ts"
import { type HandshakeBlock, handshakeLayout } from "./handshake.ts"
import { KEM_CIPHERTEXT_BYTES, KEM_PUBLIC_BYTES } from "./prekey.ts"
import { ENVELOPE_FLAG, ENVELOPE_TYPE, PROTOCOL_VERSION } from "./tags.ts"

export const COMMITMENT_BYTES = 32

export type EnvelopeType = "first" | "message" | "signal"

export interface EnvelopeHeader {
  readonly type: EnvelopeType
  /** Session id, 16 bytes: direct look-up, no trial decryption. */
  readonly sessionId: Bytes
  /** dh: the sender's ratchet public key, 32 bytes. */
  readonly ratchetKey: Bytes
  /** pn: messages in the sender's previous chain. */
  readonly previousCount: number
  /** n: place in this chain; of a signal its own counter. */
  readonly count: number
  /** The handshake block with its length, of a first message. */
  readonly handshake: Bytes | undefined
  readonly kemKey: Bytes | undefined
  readonly kemCiphertext: Bytes | undefined
  /** C_f, 32 bytes. */
  readonly commitment: Bytes | undefined
}
export interface Envelope extends Omit<EnvelopeHeader, "handshake"> {
  readonly handshake: HandshakeBlock | undefined
  /** The header's bytes as received. */
  readonly header: Bytes
  /** Raw Fernet token. */
  readonly token: Bytes
}

/** What a flag announces, in the order in which it stands. */
const PARTS = [
  [ENVELOPE_FLAG.kemPk, "kemKey", KEM_PUBLIC_BYTES],
  [ENVELOPE_FLAG.kemCt, "kemCiphertext", KEM_CIPHERTEXT_BYTES],
  [ENVELOPE_FLAG.franked, "commitment", COMMITMENT_BYTES],
] as const
const flagsOf = (header: Pick<EnvelopeHeader, (typeof PARTS)[number][1]>): number =>
  PARTS.reduce((flags, [flag, name]) => flags | (header[name] === undefined ? 0 : flag), 0)

const PLACE_BYTES = 3 + SESSION_ID_BYTES + KEY_BYTES + 8

export const encodeHeader = (header: EnvelopeHeader): Bytes => {
  const parts = PARTS.reduce((sum, [, name, length]) => sum + (header[name] === undefined ? 0 : length), 0)
  const out = new Writer(PLACE_BYTES + (header.handshake?.length ?? 0) + parts)
    .u8(PROTOCOL_VERSION)
    .u8(ENVELOPE_TYPE[header.type])
    .u8(flagsOf(header))
    .fixed(header.sessionId, SESSION_ID_BYTES)
    .fixed(header.ratchetKey, KEY_BYTES)
    .u32(header.previousCount)
    .u32(header.count)
  if (header.handshake !== undefined) out.put(header.handshake)
  for (const [, name, length] of PARTS) {
    const part = header[name]
    if (part !== undefined) out.fixed(part, length)
  }
  return out.bytes()
}

const TYPES: ReadonlyMap<number, EnvelopeType> = new Map([
  [ENVELOPE_TYPE.first, "first"],
  [ENVELOPE_TYPE.message, "message"],
  [ENVELOPE_TYPE.signal, "signal"],
])
const KNOWN_FLAGS = ENVELOPE_FLAG.kemPk | ENVELOPE_FLAG.kemCt | ENVELOPE_FLAG.franked

const readType = (input: Reader): readonly [EnvelopeType, number] => {
  if (input.u8() !== PROTOCOL_VERSION) throw unsupported("protocol version", "version")
  const type = TYPES.get(input.u8())
  if (type === undefined) throw unsupported("envelope type", "version")
  const flags = input.u8()
  if ((flags & ~KNOWN_FLAGS) !== 0) throw unsupported("unknown envelope flag", "flags")
  if (type === "signal" && flags !== 0) throw unsupported("a signal has no flags", "flags")
  return [type, flags]
}

/**
 * The type byte alone, for telling hellos from messages in a pipe.
 * @throws ERR_VERSION_UNSUPPORTED on another protocol version, ERR_DECODE on fewer than two bytes.
 */
export const peekType = (bytes: Uint8Array): number => {
  const input = new Reader(bytes)
  if (input.u8() !== PROTOCOL_VERSION) throw unsupported("protocol version", "version")
  return input.u8()
}

/**
 * @throws ERR_FRAME_TOO_LARGE over 80 KiB, ERR_VERSION_UNSUPPORTED on an unknown version, type or flag,
 * ERR_DECODE on anything else that is not an envelope.
 */
export const decodeEnvelope = (bytes: Uint8Array): Envelope => {
  if (bytes.length > MAX_ENVELOPE_BYTES)
    throw new SecureChatError("ERR_FRAME_TOO_LARGE", `envelope of ${bytes.length} bytes`)
  const input = new Reader(bytes)
  const [type, flags] = readType(input)
  const sessionId = input.take(SESSION_ID_BYTES)
  const ratchetKey = input.take(KEY_BYTES)
  const previousCount = input.u32()
  if (type === "signal" && previousCount !== 0) input.fail("a signal has no previous chain", 4)
  const count = input.u32()
  const handshake = type === "first" ? handshakeLayout.read(input) : undefined
  const [kemKey, kemCiphertext, commitment] = PARTS.map(([flag, , length]) =>
    (flags & flag) === 0 ? undefined : input.take(length),
  )
  const header = input.since(0)
  const place = { sessionId, ratchetKey, previousCount, count }
  return { type, ...place, handshake, kemKey, kemCiphertext, commitment, header, token: input.rest() }
}
