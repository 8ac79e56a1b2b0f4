/** Makes and checks signed prekeys and bundles. Dates are signed: else a server serves old keys for ever. protocol.md §3 */
import { concat } from "../bytes/concat.ts"
import { equalBytes } from "../bytes/compare.ts"
import { type Secret, secret } from "../bytes/secret.ts"
import type { Bytes, Deps } from "../deps.ts"
import { ONE_TIME_PREKEY_LIFETIME_MS, PREKEY_SKEW_MS, SIGNED_PREKEY_LIFETIME_MS } from "../limits.ts"
import { LABELS, type Label, labelled } from "../primitives/labels.ts"
import { ed25519Sign, mlKemKeyPair, verifyStrict, x25519PublicKey } from "#primitives"
import { KEY_BYTES, type DeviceCertificate } from "../wire/certificate.ts"
import { handshakeFailed, unsupported } from "../wire/faults.ts"
import { type Bundle, type Prekey, type PrekeyKind, prekeyBody, prekeyCodec } from "../wire/prekey.ts"
import { SUITE_1 } from "../wire/tags.ts"
import { checkDevice } from "./certificate.ts"
import { accountIdOfKey } from "./ids.ts"
import type { Identity } from "./keys.ts"

/** A prekey with its private part: 32 bytes (X25519) or a 64-byte ML-KEM seed. */
export interface OwnPrekey {
  readonly statement: Prekey
  readonly secret: Secret
}

const KEM_SEED_BYTES = 64
const SIGNATURE_LABEL: Readonly<Record<PrekeyKind, Label>> = {
  spk: LABELS.sigSpk,
  opk: LABELS.sigOpk,
  pqspk: LABELS.sigPqspk,
  pqopk: LABELS.sigPqopk,
}
/** The signed and the last-resort key rotate together, one-time keys live longer. */
const prekeyLifetimeMs = (kind: PrekeyKind): number =>
  kind === "spk" || kind === "pqspk" ? SIGNED_PREKEY_LIFETIME_MS : ONE_TIME_PREKEY_LIFETIME_MS

const isKem = (kind: PrekeyKind): boolean => kind === "pqspk" || kind === "pqopk"

const randomKeyId = (deps: Deps): number => {
  for (;;) {
    const bytes = deps.random(4)
    const id = new DataView(bytes.buffer).getUint32(0)
    if (id !== 0) return id
  }
}

/**
 * A fresh prekey, signed by the device key.
 *
 * @param binding 32-byte nonce a live key is made for; undefined for a key that is stored at a directory.
 */
export const generatePrekey = (
  own: Identity,
  kind: PrekeyKind,
  binding: Bytes | undefined,
  deps: Deps,
): OwnPrekey => {
  const seed = deps.random(isKem(kind) ? KEM_SEED_BYTES : KEY_BYTES)
  const now = deps.nowMs()
  const body = prekeyBody({
    kind,
    accountId: accountIdOfKey(own.certificate.accountKey),
    deviceId: own.certificate.deviceId,
    keyId: randomKeyId(deps),
    notBeforeMs: now,
    notAfterMs: now + prekeyLifetimeMs(kind),
    binding,
    suites: kind === "spk" ? [SUITE_1] : [],
    publicKey: isKem(kind) ? mlKemKeyPair(seed).publicKey : x25519PublicKey(seed),
  })
  const signature = ed25519Sign(own.signingSecret.expose(), labelled(SIGNATURE_LABEL[kind], body))
  return { statement: prekeyCodec.decode(concat(body, signature)), secret: secret(seed) }
}

/**
 * Signature, owner and form of one prekey.
 * @throws ERR_HANDSHAKE_FAILED (`cause: "cert"`)
 */
export const checkPrekey = (prekey: Prekey, certificate: DeviceCertificate): void => {
  const accountId = accountIdOfKey(certificate.accountKey)
  if (!equalBytes(prekey.accountId, accountId) || !equalBytes(prekey.deviceId, certificate.deviceId))
    throw handshakeFailed("prekey of another device")
  const { notBeforeMs, notAfterMs } = prekey
  if (notAfterMs <= notBeforeMs || notAfterMs - notBeforeMs > prekeyLifetimeMs(prekey.kind))
    throw handshakeFailed("prekey claims a longer life than its kind may have")
  const message = labelled(SIGNATURE_LABEL[prekey.kind], prekey.body)
  if (!verifyStrict(certificate.signingKey, message, prekey.signature))
    throw handshakeFailed("the device did not sign this prekey")
}

/** @throws ERR_HANDSHAKE_FAILED (`cause: "prekey-expired"`) outside its dates and 24 h of skew. Stored prekeys only. */
export const checkPrekeyDates = (prekey: Prekey, nowMs: number): void => {
  if (nowMs < prekey.notBeforeMs - PREKEY_SKEW_MS || nowMs > prekey.notAfterMs + PREKEY_SKEW_MS)
    throw handshakeFailed("prekey is not valid at this time", "prekey-expired")
}

/** Was the key made for this nonce; undefined: for a directory? */
export const bindingMatches = (prekey: Prekey, expected: Bytes | undefined): boolean =>
  expected === undefined
    ? prekey.binding === undefined
    : prekey.binding !== undefined && equalBytes(prekey.binding, expected)

export interface BundleExpectation {
  /** The nonce a live bundle was made for; undefined: a stored bundle, whose dates are checked. */
  readonly binding: Bytes | undefined
  readonly nowMs: number
}

/**
 * Everything an initiator checks before any key of a bundle is used (protocol.md §4.3.1).
 * @throws ERR_HANDSHAKE_FAILED, ERR_VERSION_UNSUPPORTED when no suite of ours is offered.
 */
export const checkBundle = (bundle: Bundle, expected: BundleExpectation): void => {
  checkDevice(bundle.certificate, bundle.list)
  const prekeys = [bundle.spk, bundle.pq, ...(bundle.opk === undefined ? [] : [bundle.opk])]
  for (const prekey of prekeys) {
    checkPrekey(prekey, bundle.certificate)
    if (!bindingMatches(prekey, expected.binding)) throw handshakeFailed("prekey made for another occasion")
    if (expected.binding === undefined) checkPrekeyDates(prekey, expected.nowMs)
  }
  if (!bundle.spk.suites.includes(SUITE_1)) throw unsupported("no common suite", "downgrade")
}
