/**
 * Bytes of a device certificate: the account key signs the device's keys, the device key signs back, so
 * that possession is proven both ways. protocol.md §3. Checking the signatures is `identity`'s concern.
 *
 *   01 ‖ idSuite 01 ‖ AIK 32 ‖ deviceId 16 ‖ alg 01 ‖ DSK 32 ‖ alg 02 ‖ DIK 32 ‖ u64 createdAt   = 124
 *   ‖ sig_AIK(device-cert) 64 ‖ sig_DSK(device-pop) 64                                          = 252
 */
import type { Codec, Layout } from "../bytes/codec.ts"
import { codec } from "../bytes/codec.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import { DEVICE_ID_BYTES } from "./address.ts"
import { ALGORITHM, ID_SUITE_1, STATEMENT_VERSION } from "./tags.ts"

export const CERTIFICATE_BYTES = 252
export const SIGNATURE_BYTES = 64
export const KEY_BYTES = 32

export interface CertificateFields {
  /** AIK, Ed25519, 32 bytes. */
  readonly accountKey: Bytes
  /** 16 bytes, a hash of the signing key. */
  readonly deviceId: Bytes
  /** DSK, Ed25519, 32 bytes. */
  readonly signingKey: Bytes
  /** DIK, X25519, 32 bytes. */
  readonly dhKey: Bytes
  readonly createdAtMs: number
}
export interface DeviceCertificate extends CertificateFields {
  /** The 124 signed bytes as received. */
  readonly body: Bytes
  readonly accountSignature: Bytes
  readonly deviceSignature: Bytes
  /** All 252 bytes as received. */
  readonly bytes: Bytes
}

/** The signed bytes. */
export const certificateBody = (fields: CertificateFields): Bytes =>
  new Writer()
    .u8(STATEMENT_VERSION)
    .u8(ID_SUITE_1)
    .fixed(fields.accountKey, KEY_BYTES)
    .fixed(fields.deviceId, DEVICE_ID_BYTES)
    .u8(ALGORITHM.ed25519)
    .fixed(fields.signingKey, KEY_BYTES)
    .u8(ALGORITHM.x25519)
    .fixed(fields.dhKey, KEY_BYTES)
    .u64(fields.createdAtMs)
    .bytes()

export const certificateLayout: Layout<DeviceCertificate> = {
  write: (out, certificate) => {
    out.fixed(certificate.bytes, CERTIFICATE_BYTES)
  },
  read: (input) => {
    const start = input.offset
    input.expect(STATEMENT_VERSION, "statement version")
    input.expect(ID_SUITE_1, "identity suite")
    const accountKey = input.take(KEY_BYTES)
    const deviceId = input.take(DEVICE_ID_BYTES)
    input.expect(ALGORITHM.ed25519, "signing algorithm")
    const signingKey = input.take(KEY_BYTES)
    input.expect(ALGORITHM.x25519, "agreement algorithm")
    const dhKey = input.take(KEY_BYTES)
    const createdAtMs = input.u64()
    const body = input.since(start)
    const accountSignature = input.take(SIGNATURE_BYTES)
    const deviceSignature = input.take(SIGNATURE_BYTES)
    const bytes = input.since(start)
    return {
      accountKey,
      deviceId,
      signingKey,
      dhKey,
      createdAtMs,
      body,
      accountSignature,
      deviceSignature,
      bytes,
    }
  },
}
export const certificateCodec: Codec<DeviceCertificate> = /* @__PURE__ */ codec(certificateLayout)
