/** Who the other end of a session is, as its handshake proved it. */
import type { Bytes } from "../deps.ts"
import { accountIdOfKey, certificateHash, deviceListHash } from "../identity/ids.ts"
import type { DeviceCertificate } from "../wire/certificate.ts"
import type { DeviceList } from "../wire/device-list.ts"

export interface PeerDevice {
  readonly accountId: Bytes
  readonly deviceId: Bytes
  /** AIK, 32 bytes: trust is compared by this, never by an id. */
  readonly accountKey: Bytes
  readonly certHash: Bytes
  readonly listVersion: number
  readonly listHash: Bytes
}

export const peerDevice = (certificate: DeviceCertificate, list: DeviceList): PeerDevice => ({
  accountId: accountIdOfKey(certificate.accountKey),
  deviceId: certificate.deviceId,
  accountKey: certificate.accountKey,
  certHash: certificateHash(certificate.body),
  listVersion: list.version,
  listHash: deviceListHash(list.body),
})
