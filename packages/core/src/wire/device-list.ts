/**
 * Bytes of an account's signed, hash-chained device list. protocol.md §3
 *
 *   01 ‖ accountId 20 ‖ u32 version ‖ prevHash 32 ‖ u64 issuedAt
 *   ‖ u8 n ‖ n × (deviceId 16 ‖ certHash 32 ‖ u64 addedAt) ‖ u8 r ‖ r × (deviceId 16 ‖ u64 at ‖ u8 reason) ‖ sig_AIK 64
 */
import { type Codec, type Layout, codec, listOf } from "../bytes/codec.ts"
import { Writer } from "../bytes/writer.ts"
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

const listedDevice: Layout<ListedDevice> = {
  write: (out, device) => {
    out.fixed(device.deviceId, DEVICE_ID_BYTES).fixed(device.certHash, HASH_BYTES).u64(device.addedAtMs)
  },
  read: (input) => ({
    deviceId: input.take(DEVICE_ID_BYTES),
    certHash: input.take(HASH_BYTES),
    addedAtMs: input.u64(),
  }),
}
const revocation: Layout<Revocation> = {
  write: (out, entry) => {
    out.fixed(entry.deviceId, DEVICE_ID_BYTES).u64(entry.atMs).u8(entry.reason)
  },
  read: (input) => ({ deviceId: input.take(DEVICE_ID_BYTES), atMs: input.u64(), reason: input.u8() }),
}
const devices = /* @__PURE__ */ listOf(8, MAX_DEVICES, listedDevice)
const revocations = /* @__PURE__ */ listOf(8, MAX_REVOCATIONS, revocation)

/** The signed bytes. */
export const deviceListBody = (fields: DeviceListFields): Bytes => {
  const out = new Writer()
    .u8(STATEMENT_VERSION)
    .fixed(fields.accountId, ACCOUNT_ID_BYTES)
    .u32(fields.version)
    .fixed(fields.previousHash, HASH_BYTES)
    .u64(fields.issuedAtMs)
  devices.write(out, fields.devices)
  revocations.write(out, fields.revoked)
  return out.bytes()
}

export const deviceListLayout: Layout<DeviceList> = {
  write: (out, list) => {
    out.put(list.bytes)
  },
  read: (input) => {
    const start = input.offset
    input.expect(STATEMENT_VERSION, "statement version")
    const accountId = input.take(ACCOUNT_ID_BYTES)
    const version = input.u32()
    const previousHash = input.take(HASH_BYTES)
    const issuedAtMs = input.u64()
    const listed = devices.read(input)
    const revoked = revocations.read(input)
    const body = input.since(start)
    const signature = input.take(SIGNATURE_BYTES)
    const bytes = input.since(start)
    return { accountId, version, previousHash, issuedAtMs, devices: listed, revoked, body, signature, bytes }
  },
}
export const deviceListCodec: Codec<DeviceList> = /* @__PURE__ */ codec(deviceListLayout)

/** u16 length, then the list: as it stands in bundles and handshake blocks. */
export const prefixedDeviceList: Layout<DeviceList> = {
  write: (out, list) => {
    out.prefixed(16, list.bytes)
  },
  read: (input) => deviceListCodec.decode(input.prefixed(16, MAX_DEVICE_LIST_BYTES)),
}
