/** The check of a proof: pure, and of one cost for every way it can fail. relay.md §4 */
import { accountIdOfKey, checkCertificate, verifyLogin } from "@securechat/core/identity"
import { sha256 } from "@securechat/core/primitives"
import {
  type DeviceCertificate,
  type FrameOf,
  certificateCodec,
  formatAccountId,
  formatDeviceId,
} from "@securechat/core/wire"
import type { Challenged, Login } from "../relay/state.ts"

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/**
 * A real key with a real signature of something else: what an unusable certificate is checked with, so
 * that it costs as much as a wrong signature. RFC 8032 §7.1, test 1.
 */
const DUMMY_KEY = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex")
const DUMMY_SIGNATURE = Buffer.from(
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  "hex",
)

/** The certificate, if it names exactly the account and device of the hello. */
const namedCertificate = (challenged: Challenged, bytes: Uint8Array): DeviceCertificate | undefined => {
  try {
    const certificate = certificateCodec.decode(bytes)
    const names =
      same(accountIdOfKey(certificate.accountKey), challenged.offer.accountId) &&
      same(certificate.deviceId, challenged.offer.deviceId)
    return names ? certificate : undefined
  } catch {
    return undefined
  }
}

/** Are both signatures of this certificate good? */
const isSound = (bytes: Uint8Array): boolean => {
  try {
    checkCertificate(certificateCodec.decode(bytes))
    return true
  } catch {
    return false
  }
}

/** Is the certificate of a login the one on record, or sound where there is none? */
export const isCertified = ({ certificate }: Login, recorded: Uint8Array | undefined): boolean =>
  recorded === undefined ? isSound(certificate) : same(recorded, certificate)

/**
 * The device behind a proof, or undefined. The login signature is checked before anything is looked up:
 * whoever cannot make it pays for one check whether the account is known here or not; only the device
 * itself pays for the two of its certificate, and only until that is on record (`isCertified`).
 */
export const checkProof = (challenged: Challenged, proof: FrameOf<"proof">): Login | undefined => {
  const { offer } = challenged
  const certificate = namedCertificate(challenged, proof.certificate)
  const statement = {
    origin: challenged.origin,
    connection: challenged.connection,
    nonce: challenged.nonce,
    timeMs: challenged.timeMs,
    minVersion: offer.minVersion,
    maxVersion: offer.maxVersion,
    version: challenged.version,
    accountId: offer.accountId,
    deviceId: offer.deviceId,
    tokenHash: sha256(proof.token),
  }
  const signature = certificate === undefined ? DUMMY_SIGNATURE : proof.signature
  const signed = verifyLogin(statement, certificate?.signingKey ?? DUMMY_KEY, signature)
  if (certificate === undefined || !signed) return undefined
  const account = formatAccountId(offer.accountId)
  const device = formatDeviceId(offer.deviceId)
  const { accountId, deviceId } = offer
  const { accountKey, bytes } = certificate
  return { account, device, accountId, deviceId, accountKey, certificate: bytes }
}
