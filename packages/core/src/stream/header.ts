/**
 * The head of a sealed stream, `"SCST" ‖ 01 ‖ purpose ‖ 16 ‖ 00 ‖ salt 32 ‖ commit 32`, and what is derived with it: the key
 * of the chunks, and the commitment that lets no file open under two secrets, which AES-GCM alone would allow (eprint
 * 2019/016). protocol.md §13
 *
 * Not its concern: the chunks (`chunks.ts`), where the secret comes from, and where the bytes lie.
 */
import { type Codec, codec } from "../bytes/codec.ts"
import { equalBytes } from "../bytes/compare.ts"
import { concat } from "../bytes/concat.ts"
import type { Reader } from "../bytes/reader.ts"
import { utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { kdf } from "../primitives/hkdf.ts"
import { LABELS } from "../primitives/labels.ts"

const SECRET_BYTES = 32
export const SALT_BYTES = 32
const COMMIT_BYTES = 32
const KEY_BYTES = 32
/** `"SCST"`, version, purpose, log2 of the chunk, zero: what both derivations are bound to. */
const CLEAR_BYTES = 8
export const STREAM_HEADER_BYTES: number = CLEAR_BYTES + SALT_BYTES + COMMIT_BYTES

const MAGIC = /* @__PURE__ */ utf8("SCST")
const VERSION = 1
/** log2 of `STREAM_CHUNK_BYTES`; the one size there is. */
const CHUNK_BITS = 16
/** Never a number twice. Bound into the key: a thumbnail does not pass as the file, nor either as a backup. */
const PURPOSES = { file: 1, thumbnail: 2, backup: 3 } as const

export type StreamPurpose = keyof typeof PURPOSES

export interface StreamHeader {
  readonly purpose: StreamPurpose
  /** 32 random bytes, fresh for every stream: one secret never gives one key twice. */
  readonly salt: Bytes
  /** 32 bytes. */
  readonly commit: Bytes
}

/** What both ends know of a stream beforehand. */
export interface StreamSecret {
  /** 32 bytes, from an encrypted message or a backup key. */
  readonly secret: Uint8Array
  readonly purpose: StreamPurpose
}

const clearOf = (purpose: StreamPurpose): Bytes =>
  concat(MAGIC, Uint8Array.of(VERSION, PURPOSES[purpose], CHUNK_BITS, 0))

const purposeFrom = (input: Reader): StreamPurpose => {
  const number = input.u8()
  for (const [name, value] of Object.entries(PURPOSES)) if (value === number) return name as StreamPurpose
  return input.fail("unknown purpose", 1)
}
const versionFrom = (input: Reader): void => {
  if (input.u8() !== VERSION)
    throw new SecureChatError("ERR_VERSION_UNSUPPORTED", "sealed stream of another version", {
      details: { cause: "version" },
    })
}

/** Decoding throws ERR_DECODE, and ERR_VERSION_UNSUPPORTED on another version. */
export const streamHeaderCodec: Codec<StreamHeader> = /* @__PURE__ */ codec<StreamHeader>({
  write: (out, { purpose, salt, commit }) => {
    out.put(clearOf(purpose)).fixed(salt, SALT_BYTES).fixed(commit, COMMIT_BYTES)
  },
  read: (input) => {
    for (const byte of MAGIC) input.expect(byte, "beginning of a sealed stream")
    versionFrom(input)
    const purpose = purposeFrom(input)
    input.expect(CHUNK_BITS, "chunk size")
    input.expect(0, "reserved byte")
    return { purpose, salt: input.take(SALT_BYTES), commit: input.take(COMMIT_BYTES) }
  },
})

const derive = ({ secret, purpose }: StreamSecret, salt: Bytes): { key: Bytes; commit: Bytes } => {
  if (secret.length !== SECRET_BYTES)
    throw new SecureChatError(
      "ERR_KEY_INVALID",
      `stream secret has ${secret.length} bytes, not ${SECRET_BYTES}`,
    )
  const input = { ikm: secret, salt, context: clearOf(purpose) }
  return {
    key: kdf({ ...input, label: LABELS.streamKey }, KEY_BYTES),
    commit: kdf({ ...input, label: LABELS.streamCommit }, COMMIT_BYTES),
  }
}

/** Head and chunk key of a new stream. @throws ERR_KEY_INVALID unless the secret has 32 bytes. */
export const beginStream = (what: StreamSecret, salt: Bytes): { header: Bytes; key: Bytes } => {
  const { key, commit } = derive(what, salt)
  return { header: streamHeaderCodec.encode({ purpose: what.purpose, salt, commit }), key }
}

/**
 * Chunk key of the stream with this head, once its commitment held.
 *
 * @throws ERR_DECODE for what is no head, ERR_VERSION_UNSUPPORTED, ERR_KEY_INVALID, ERR_AUTHENTICATION for another secret
 * or purpose and for a changed head: nothing has been decrypted then.
 */
export const openHeader = (what: StreamSecret, bytes: Uint8Array): Bytes => {
  const header = streamHeaderCodec.decode(bytes)
  const { key, commit } = derive(what, header.salt)
  // The purpose is in the commitment as well; a head that names another is refused whatever it commits to.
  const same = header.purpose === what.purpose
  if (!equalBytes(commit, header.commit) || !same)
    throw new SecureChatError("ERR_AUTHENTICATION", "cannot be opened")
  return key
}
