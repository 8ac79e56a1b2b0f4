/**
 * Look-ups at the relay, each answer checked: a lying directory can refuse service, not impersonate.
 * Trust is not decided here; what is found is a claim until people compare keys. relay.md §5, §6
 */
import { equalBytes } from "../bytes/compare.ts"
import { EMPTY } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { checkCertificate, checkDeviceList, continuesList, listsDevice } from "../identity/certificate.ts"
import { accountIdOfKey, deviceListHash } from "../identity/ids.ts"
import { verifyHandle } from "../identity/statements.ts"
import type { Pin } from "../identity/trust.ts"
import {
  type AccountId,
  type DeviceId,
  formatAccountId,
  formatDeviceId,
  parseAccountId,
} from "../wire/address.ts"
import { type DeviceCertificate, certificateCodec } from "../wire/certificate.ts"
import { type DeviceList, deviceListCodec } from "../wire/device-list.ts"
import { handshakeFailed } from "../wire/faults.ts"
import { claimAnswerCodec, devicesAnswerCodec } from "../wire/frame-answers.ts"
import { handleRecordCodec } from "../wire/handle.ts"
import { type Bundle, bundleCodec } from "../wire/prekey.ts"
import type { Relay } from "./relay.ts"

/** The newest list known of an account, and the key that signed it. */
export interface KnownList {
  readonly accountKey: Bytes
  readonly list: DeviceList
}
export interface FoundAccount {
  readonly account: AccountId
  readonly pin: Pin
  readonly known: KnownList
  readonly devices: readonly DeviceId[]
}

const unproven = (what: string, cause: "rollback" | "fork"): SecureChatError =>
  new SecureChatError("ERR_DIRECTORY_PROOF_INVALID", what, { details: { cause } })
const noKeys = (what: string): SecureChatError =>
  new SecureChatError("ERR_NO_PREKEYS", what, { hint: "The peer has to come online once." })
const another = (what: string): SecureChatError =>
  new SecureChatError("ERR_IDENTITY_MISMATCH", `the directory answered with another ${what}`)

/** Every list above the known one, oldest first, and the certificates of the newest. */
const fetchLists = async (
  relay: Relay,
  accountId: Bytes,
  from: number,
): Promise<{ lists: DeviceList[]; certificates: DeviceCertificate[] }> => {
  const lists: DeviceList[] = []
  let certificates: DeviceCertificate[] = []
  for (let known = from; ; known = (lists.at(-1) as DeviceList).version) {
    const { body } = await relay.request("ok", { type: "devices", accountId, knownVersion: known })
    const answer = devicesAnswerCodec.decode(body)
    if (answer.lists.length === 0) return { lists, certificates }
    const more = answer.lists.map((bytes) => deviceListCodec.decode(bytes))
    if ((more.at(-1) as DeviceList).version <= known) throw unproven("a device list went back", "rollback")
    lists.push(...more)
    certificates = answer.certificates.map((bytes) => certificateCodec.decode(bytes))
  }
}

/** One unbroken chain on top of what is known. */
const checkChain = (lists: readonly DeviceList[], accountKey: Bytes, known: KnownList | undefined): void => {
  let previous = known?.list
  for (const list of lists) {
    checkDeviceList(list, accountKey)
    if (previous !== undefined && !continuesList(previous, list))
      throw unproven("device lists do not form one chain", "fork")
    previous = list
  }
}

const keyOf = (certificates: readonly DeviceCertificate[], accountId: Bytes): Bytes => {
  for (const certificate of certificates) {
    checkCertificate(certificate)
    if (!equalBytes(accountIdOfKey(certificate.accountKey), accountId)) throw another("account")
  }
  const first = certificates[0]
  if (first === undefined) throw noKeys("the account has no device here")
  return first.accountKey
}

/**
 * The account's devices, as its own key signs them.
 *
 * @param known the list pinned before: the answer must continue it.
 * @throws ERR_USER_NOT_FOUND, ERR_IDENTITY_MISMATCH, ERR_HANDSHAKE_FAILED, ERR_DIRECTORY_PROOF_INVALID, ERR_NO_PREKEYS
 */
export const findAccount = async (
  relay: Relay,
  account: AccountId,
  known: KnownList | undefined,
): Promise<FoundAccount> => {
  const accountId = parseAccountId(account)
  // From the first statement for a new account; where one is pinned, only what is above it.
  const { lists, certificates } = await fetchLists(relay, accountId, known?.list.version ?? 0)
  const accountKey = known?.accountKey ?? keyOf(certificates, accountId)
  checkChain(lists, accountKey, known)
  const list = lists.at(-1) ?? known?.list
  if (list === undefined) throw new SecureChatError("ERR_USER_NOT_FOUND", "the account is not known here")
  const revoked = new Set(list.revoked.map((entry) => formatDeviceId(entry.deviceId)))
  const devices = list.devices.map((entry) => formatDeviceId(entry.deviceId)).filter((id) => !revoked.has(id))
  return { account, pin: { accountId, accountKey }, known: { accountKey, list }, devices }
}

/**
 * Which account a handle means, by the account's own signature.
 *
 * @throws ERR_USER_NOT_FOUND, ERR_DIRECTORY_PROOF_INVALID, and what `findAccount` does.
 */
export const resolveHandle = async (
  relay: Relay,
  handle: string,
  knownOf: (account: AccountId) => KnownList | undefined,
): Promise<FoundAccount> => {
  const { body } = await relay.request("ok", { type: "handleGet", handle })
  const record = handleRecordCodec.decode(body)
  const account = formatAccountId(record.accountId)
  const found = await findAccount(relay, account, knownOf(account))
  if (record.handle !== handle || !verifyHandle(record, found.pin.accountKey))
    throw new SecureChatError("ERR_DIRECTORY_PROOF_INVALID", "the account did not sign this handle")
  return found
}

/**
 * Keys to begin a session with one device. Signatures and dates of the prekeys are checked by the handshake.
 *
 * @throws ERR_NO_PREKEYS, ERR_IDENTITY_MISMATCH, ERR_DIRECTORY_PROOF_INVALID
 */
export const claimBundle = async (relay: Relay, from: FoundAccount, device: DeviceId): Promise<Bundle> => {
  const deviceIds = from.known.list.devices
    .map((entry) => entry.deviceId)
    .filter((id) => formatDeviceId(id) === device)
  const { accountId } = from.pin
  const { body } = await relay.request("ok", { type: "claim", accountId, deviceIds, liveNonce: EMPTY })
  const bytes = claimAnswerCodec
    .decode(body)
    .devices.find((entry) => formatDeviceId(entry.deviceId) === device)?.bundle
  if (bytes === undefined || bytes.length === 0) throw noKeys("the device has published no keys")
  const bundle = bundleCodec.decode(bytes)
  const { certificate, list } = bundle
  if (
    !equalBytes(certificate.accountKey, from.pin.accountKey) ||
    formatDeviceId(certificate.deviceId) !== device
  )
    throw another("device")
  if (list.version < from.known.list.version) throw unproven("keys under an older device list", "rollback")
  if (
    list.version === from.known.list.version &&
    !equalBytes(deviceListHash(list.body), deviceListHash(from.known.list.body))
  )
    throw unproven("two device lists of one version", "fork")
  if (!listsDevice(list, certificate)) throw handshakeFailed("the device is not in its account's list")
  return bundle
}
