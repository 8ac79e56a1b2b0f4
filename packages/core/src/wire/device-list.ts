/**
 * Bytes of an account's signed, hash-chained device list. protocol.md §3
 *
 *   01 ‖ accountId 20 ‖ u32 version ‖ prevHash 32 ‖ u64 issuedAt
 *   ‖ u8 n ‖ n × (deviceId 16 ‖ certHash 32 ‖ u64 addedAt) ‖ u8 r ‖ r × (deviceId 16 ‖ u64 at ‖ u8 reason) ‖ sig_AIK 64
 */
import {
  type Codec,
  type Layout,
  after,
  codec,
  fixedBytes,
  listOf,
  signed,
  struct,
  u32,
  u53,
  u8,
} from "../bytes/codec.ts"
import type { Bytes } from "../deps.ts"
import { MAX_DEVICES, MAX_REVOCATIONS } from "../limits.ts"
import { ACCOUNT_ID_BYTES, DEVICE_ID_BYTES } from "./address.ts"
import { SIGNATURE_BYTES } from "./certificate.ts"
import { STATEMENT_VERSION } from "./tags.ts"

export const HASH_BYTES = 32
/** Longest list: 10 devices and 32 revocations. */
export const MAX_DEVICE_LIST_BYTES: number =
  1 + 20 + 4 + 32 + 8 + 1 + MAX_DEVICES * 56 + 1 + MAX_REVOCATIONS * 25 + SIGNATURE_BYTES

export interface ListedDevice {
  readonly deviceId: Bytes
  /** Hash of the device's certificate body, 32 bytes. */
  readonly certHash: Bytes
  readonly addedAtMs: number
}
export interface Revocation {
  readonly deviceId: Bytes
  readonly atMs: number
  readonly reason: number
}
export interface DeviceListFields {
  readonly accountId: Bytes
  /** Rises by one with each statement, from 1. */
  readonly version: number
  /** Hash of the previous statement's body, zeros at version 1. */
  readonly previousHash: Bytes
  readonly issuedAtMs: number
  readonly devices: readonly ListedDevice[]
  readonly revoked: readonly Revocation[]
}
export interface DeviceList extends DeviceListFields {
  /** The signed bytes as received. */
  readonly body: Bytes
  readonly signature: Bytes
  readonly bytes: Bytes
}

const deviceId = /* @__PURE__ */ fixedBytes(DEVICE_ID_BYTES)
const hash = /* @__PURE__ */ fixedBytes(HASH_BYTES)
const fields: Layout<DeviceListFields> = /* @__PURE__ */ after(
  STATEMENT_VERSION,
  "statement version",
  struct<DeviceListFields>({
    accountId: fixedBytes(ACCOUNT_ID_BYTES),
    version: u32,
    previousHash: hash,
    issuedAtMs: u53,
    devices: listOf(8, MAX_DEVICES, struct<ListedDevice>({ deviceId, certHash: hash, addedAtMs: u53 })),
    revoked: listOf(8, MAX_REVOCATIONS, struct<Revocation>({ deviceId, atMs: u53, reason: u8 })),
  }),
)
/** The signed bytes. */
export const deviceListBody = (of: DeviceListFields): Bytes => codec(fields).encode(of)

export const deviceListLayout: Layout<DeviceList> = /* @__PURE__ */ signed(fields, ["signature"])
export const deviceListCodec: Codec<DeviceList> = /* @__PURE__ */ codec(deviceListLayout)

/** u16 length, then the list: as it stands in bundles and handshake blocks. */
export const prefixedDeviceList: Layout<DeviceList> = {
  write: (out, list) => {
    out.prefixed(16, list.bytes)
  },
  read: (input) => deviceListCodec.decode(input.prefixed(16, MAX_DEVICE_LIST_BYTES)),
}
