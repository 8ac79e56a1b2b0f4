/**
 * One's own keys, and what others may see of them. Account key, device keys, certificate and list
 * version 1 are made in one step: there is no uncertified state (element-web#13519). protocol.md §3
 */
import { type Codec, codec, secretBytes, struct } from "../bytes/codec.ts"
import { type Secret, secret } from "../bytes/secret.ts"
import { type Bytes, type Deps, platformDeps } from "../deps.ts"
import { ed25519PublicKey, x25519PublicKey } from "#primitives"
import { type AccountId, type DeviceId, formatAccountId, formatDeviceId } from "../wire/address.ts"
import { type DeviceCertificate, KEY_BYTES, certificateLayout } from "../wire/certificate.ts"
import { type DeviceList, prefixedDeviceList } from "../wire/device-list.ts"
import { signCertificate, signDeviceList } from "./certificate.ts"
import { accountIdOfKey, certificateHash, deviceIdOfKey } from "./ids.ts"

/** What a device shows of itself: certificate and newest device list. */
export interface PublicIdentity {
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  /** DeviceCert 252 ‖ u16 len ‖ DeviceList. */
  readonly bytes: Bytes
}

/** An account on one device. The secrets print as `[secret]` and never leave the device. */
export interface Identity {
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  readonly public: PublicIdentity
  readonly certificate: DeviceCertificate
  readonly list: DeviceList
  /** AIK seed: signs devices, lists and handles. 32 bytes. */
  readonly accountSecret: Secret
  /** DSK seed: signs prekeys and logins, never content. 32 bytes. */
  readonly signingSecret: Secret
  /** DIK secret: one of the handshake's agreements. 32 bytes. */
  readonly dhSecret: Secret
}

interface Statements {
  readonly certificate: DeviceCertificate
  readonly list: DeviceList
}
const statements = /* @__PURE__ */ struct<Statements>({
  certificate: certificateLayout,
  list: prefixedDeviceList,
})
export const publicStatements: Codec<Statements> = /* @__PURE__ */ codec(statements)

const publicOf = (value: Statements): PublicIdentity => ({
  accountId: formatAccountId(accountIdOfKey(value.certificate.accountKey)),
  deviceId: formatDeviceId(value.certificate.deviceId),
  bytes: publicStatements.encode(value),
})

/** Decoding checks the layout, not the signatures: `checkDevice` does that. */
export const publicIdentity: Codec<PublicIdentity> = {
  encode: (peer) => peer.bytes,
  decode: (bytes) => publicOf(publicStatements.decode(bytes)),
}

type Kept = Omit<Identity, keyof PublicIdentity | "public">
const assemble = (kept: Kept): Identity => {
  const { accountId, deviceId, bytes } = publicOf(kept)
  return { accountId, deviceId, public: { accountId, deviceId, bytes }, ...kept }
}

/** A new account with its first device. Takes 96 bytes of randomness. */
export const createIdentity = (deps: Deps = platformDeps): Identity => {
  const [account, signing, dh] = [deps.random(KEY_BYTES), deps.random(KEY_BYTES), deps.random(KEY_BYTES)]
  const now = deps.nowMs()
  const accountKey = ed25519PublicKey(account)
  const signingKey = ed25519PublicKey(signing)
  const deviceId = deviceIdOfKey(signingKey)
  const certificate = signCertificate(
    { accountKey, deviceId, signingKey, dhKey: x25519PublicKey(dh), createdAtMs: now },
    account,
    signing,
  )
  const list = signDeviceList(
    {
      accountId: accountIdOfKey(accountKey),
      version: 1,
      previousHash: new Uint8Array(32),
      issuedAtMs: now,
      devices: [{ deviceId, certHash: certificateHash(certificate.body), addedAtMs: now }],
      revoked: [],
    },
    account,
  )
  return assemble({
    accountSecret: secret(account),
    signingSecret: secret(signing),
    dhSecret: secret(dh),
    certificate,
    list,
  })
}

/** For the store, whose values are the device's own: AIK 32 ‖ DSK 32 ‖ DIK 32 ‖ public statements. */
const kept = /* @__PURE__ */ struct<Kept>({
  accountSecret: secretBytes(KEY_BYTES),
  signingSecret: secretBytes(KEY_BYTES),
  dhSecret: secretBytes(KEY_BYTES),
  certificate: certificateLayout,
  list: prefixedDeviceList,
})
export const identityCodec: Codec<Identity> = /* @__PURE__ */ codec<Identity>({
  write: (out, own) => {
    kept.write(out, own)
  },
  read: (input) => assemble(kept.read(input)),
})

/** The account id a public identity derives to, recomputed from its key. */
export const accountIdOf = (peer: PublicIdentity): AccountId =>
  formatAccountId(accountIdOfKey(publicStatements.decode(peer.bytes).certificate.accountKey))
