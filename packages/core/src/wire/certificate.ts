/**
 * Bytes of a device certificate: the account key signs the device's keys, the device key signs back, so
 * that possession is proven both ways. protocol.md §3. Checking the signatures is `identity`'s concern.
 *
 *   01 ‖ idSuite 01 ‖ AIK 32 ‖ deviceId 16 ‖ alg 01 ‖ DSK 32 ‖ alg 02 ‖ DIK 32 ‖ u64 createdAt   = 124
 *   ‖ sig_AIK(device-cert) 64 ‖ sig_DSK(device-pop) 64                                          = 252
 */
import { type Codec, type Layout, after, codec, fixedBytes, signed, struct, u53 } from "../bytes/codec.ts"
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

const key = /* @__PURE__ */ fixedBytes(KEY_BYTES)
const fields: Layout<CertificateFields> = /* @__PURE__ */ after(
  STATEMENT_VERSION,
  "statement version",
  struct<CertificateFields>({
    accountKey: after(ID_SUITE_1, "identity suite", key),
    deviceId: fixedBytes(DEVICE_ID_BYTES),
    signingKey: after(ALGORITHM.ed25519, "signing algorithm", key),
    dhKey: after(ALGORITHM.x25519, "agreement algorithm", key),
    createdAtMs: u53,
  }),
)
/** The signed bytes. */
export const certificateBody = (of: CertificateFields): Bytes => codec(fields).encode(of)

export const certificateLayout: Layout<DeviceCertificate> = /* @__PURE__ */ signed(fields, [
  "accountSignature",
  "deviceSignature",
])
export const certificateCodec: Codec<DeviceCertificate> = /* @__PURE__ */ codec(certificateLayout)
