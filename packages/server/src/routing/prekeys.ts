/** The public prekeys of a publication, checked. relay.md §6 */
import { checkPrekey, checkPrekeyDates } from "@securechat/core/identity"
import {
  type Bytes,
  type DeviceCertificate,
  type FrameOf,
  type Prekey,
  type PrekeyKind,
  prekeyCodec,
} from "@securechat/core/wire"
import { SecureChatError } from "@securechat/core/errors"

export interface CheckedSet {
  readonly signedPrekey: Prekey
  readonly lastResortKem: Prekey
  readonly oneTime: readonly Prekey[]
  readonly oneTimeKem: readonly Prekey[]
}

const checked = (bytes: Bytes, kind: PrekeyKind, certificate: DeviceCertificate): Prekey => {
  const prekey = prekeyCodec.decode(bytes)
  if (prekey.kind !== kind || prekey.binding !== undefined)
    throw new SecureChatError("ERR_DECODE", `a ${kind} of another kind, or made for a live session`)
  checkPrekey(prekey, certificate)
  return prekey
}

/**
 * Form, kind, owner and signature of a whole publication: this keeps rubbish out, and no client relies on it.
 * @throws ERR_DECODE, ERR_HANDSHAKE_FAILED
 */
export const checkSet = (
  frame: FrameOf<"publish">,
  certificate: DeviceCertificate,
  nowMs: number,
): CheckedSet => {
  const signedPrekey = checked(frame.signedPrekey, "spk", certificate)
  const lastResortKem = checked(frame.lastResortKem, "pqspk", certificate)
  checkPrekeyDates(signedPrekey, nowMs)
  checkPrekeyDates(lastResortKem, nowMs)
  return {
    signedPrekey,
    lastResortKem,
    oneTime: frame.oneTime.map((bytes) => checked(bytes, "opk", certificate)),
    oneTimeKem: frame.oneTimeKem.map((bytes) => checked(bytes, "pqopk", certificate)),
  }
}
