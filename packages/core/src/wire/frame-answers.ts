/**
 * What the `body` of an `ok` frame holds, by the request it answers (relay.md §3):
 *
 *   publish     stock: oneTime u16 ‖ kem u16 ‖ lastResortUses u32          `stockCodec` in `frame.ts`
 *   devices     u16 n ‖ n × list b16 ‖ u8 m ‖ m × certificate b16          both empty: unchanged
 *   claim       u8 n ‖ n × (device 16 ‖ bundle b16)                        empty bundle: nothing to begin with
 *   handle get  the signed record as published, without a length           `handleRecordCodec` in `handle.ts`
 *   handle set, token   empty
 *   submit      is answered by its own frame `accepted`
 *
 * Lists, certificates and bundles are opaque here: `deviceListCodec`, `certificateCodec`, `bundleCodec`.
 */
import { type Codec, codec, lengthPrefixed, listOf, struct } from "../bytes/codec.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import { MAX_DEVICES, MAX_FRAME_BYTES } from "../limits.ts"
import { deviceId } from "./frame-fields.ts"

export interface DevicesAnswer {
  /**
   * Signed list statements above the known version, oldest first. What did not fit is asked for again from
   * the last one's version, until the answer is empty.
   */
  readonly lists: readonly Bytes[]
  /** Certificates of the newest list's devices. */
  readonly certificates: readonly Bytes[]
}
export interface ClaimedDevice {
  readonly deviceId: Bytes
  readonly bundle: Bytes
}
/** Statements as they were published; each is opaque here. */
export interface BundleParts {
  readonly certificate: Bytes
  readonly list: Bytes
  readonly signedPrekey: Bytes
  readonly oneTime: Bytes | undefined
  /** One-time, or the last-resort key. */
  readonly kem: Bytes
}
export interface ClaimAnswer {
  /** In the order they were asked for. */
  readonly devices: readonly ClaimedDevice[]
}

const statement = /* @__PURE__ */ lengthPrefixed(16, 0xffff)
/** Lists in one answer; a frame holds fewer of real ones. */
const MAX_LISTS: number = MAX_FRAME_BYTES >> 6

export const devicesAnswerCodec: Codec<DevicesAnswer> = /* @__PURE__ */ codec(
  struct<DevicesAnswer>({
    lists: listOf(16, MAX_LISTS, statement),
    certificates: listOf(8, MAX_DEVICES, statement),
  }),
)
export const claimAnswerCodec: Codec<ClaimAnswer> = /* @__PURE__ */ codec(
  struct<ClaimAnswer>({ devices: listOf(8, MAX_DEVICES, struct({ deviceId, bundle: statement })) }),
)

/** A bundle out of published statements: the layout of `prekey.ts`, without decoding what the relay only passes on. */
export const bundleBytes = (parts: BundleParts): Bytes => {
  const out = new Writer().put(parts.certificate).prefixed(16, parts.list).put(parts.signedPrekey)
  out.u8(parts.oneTime === undefined ? 0 : 1)
  if (parts.oneTime !== undefined) out.put(parts.oneTime)
  return out.put(parts.kem).bytes()
}
