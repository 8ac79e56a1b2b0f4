/** Makes and checks device certificates and device lists. Bytes are `wire`'s. protocol.md §3 */
import { concat } from "../bytes/concat.ts"
import { equalBytes, isZero } from "../bytes/compare.ts"
import type { Bytes } from "../deps.ts"
import { LABELS, labelled } from "../primitives/labels.ts"
import { ed25519Sign, verifyStrict } from "#primitives"
import {
  type CertificateFields,
  type DeviceCertificate,
  certificateBody,
  certificateCodec,
} from "../wire/certificate.ts"
import {
  type DeviceList,
  type DeviceListFields,
  deviceListBody,
  deviceListCodec,
} from "../wire/device-list.ts"
import { handshakeFailed } from "../wire/faults.ts"
import { accountIdOfKey, certificateHash, deviceIdOfKey, deviceListHash } from "./ids.ts"

/** Both signatures: the account names the device, the device proves possession. */
export const signCertificate = (
  fields: CertificateFields,
  accountSeed: Uint8Array,
  deviceSeed: Uint8Array,
): DeviceCertificate => {
  const body = certificateBody(fields)
  const byAccount = ed25519Sign(accountSeed, labelled(LABELS.sigDeviceCert, body))
  const byDevice = ed25519Sign(deviceSeed, labelled(LABELS.sigDevicePop, body))
  return certificateCodec.decode(concat(body, byAccount, byDevice))
}

/** @throws ERR_HANDSHAKE_FAILED (`cause: "cert"`) unless the id derives from the key and both signatures hold. */
export const checkCertificate = (certificate: DeviceCertificate): void => {
  const { accountKey, signingKey, body } = certificate
  if (!equalBytes(certificate.deviceId, deviceIdOfKey(signingKey)))
    throw handshakeFailed("device id is not its key's")
  if (!verifyStrict(accountKey, labelled(LABELS.sigDeviceCert, body), certificate.accountSignature))
    throw handshakeFailed("the account did not sign this device")
  if (!verifyStrict(signingKey, labelled(LABELS.sigDevicePop, body), certificate.deviceSignature))
    throw handshakeFailed("the device did not prove its key")
}

export const signDeviceList = (fields: DeviceListFields, accountSeed: Uint8Array): DeviceList => {
  const body = deviceListBody(fields)
  return deviceListCodec.decode(concat(body, ed25519Sign(accountSeed, labelled(LABELS.sigDeviceList, body))))
}

/**
 * @param accountKey the account key (AIK, 32 bytes) the list must be signed by.
 * @throws ERR_HANDSHAKE_FAILED (`cause: "cert"`) unless signed by it, for its account, and well-formed as a chain start.
 */
export const checkDeviceList = (list: DeviceList, accountKey: Bytes): void => {
  if (!equalBytes(list.accountId, accountIdOfKey(accountKey)))
    throw handshakeFailed("device list of another account")
  if (list.version === 0) throw handshakeFailed("device list version 0")
  if ((list.version === 1) !== isZero(list.previousHash))
    throw handshakeFailed("device list does not begin its chain at 1")
  if (!verifyStrict(accountKey, labelled(LABELS.sigDeviceList, list.body), list.signature))
    throw handshakeFailed("the account did not sign this device list")
}

/** Is this certificate named by the list and not revoked by it? */
export const listsDevice = (list: DeviceList, certificate: DeviceCertificate): boolean => {
  const hash = certificateHash(certificate.body)
  const listed = list.devices.some(
    (device) => equalBytes(device.deviceId, certificate.deviceId) && equalBytes(device.certHash, hash),
  )
  return listed && !list.revoked.some((entry) => equalBytes(entry.deviceId, certificate.deviceId))
}

/** Does `next` follow `previous` directly in one chain? */
export const continuesList = (previous: DeviceList, next: DeviceList): boolean =>
  next.version === previous.version + 1 && equalBytes(next.previousHash, deviceListHash(previous.body))

/** @throws ERR_HANDSHAKE_FAILED unless certificate and list belong to one account and the device is listed. */
export const checkDevice = (certificate: DeviceCertificate, list: DeviceList): void => {
  checkCertificate(certificate)
  checkDeviceList(list, certificate.accountKey)
  if (!listsDevice(list, certificate))
    throw handshakeFailed("device is not in its account's list, or revoked")
}
