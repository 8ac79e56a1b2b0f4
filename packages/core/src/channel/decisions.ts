/**
 * What a person decides about the peer, as pure functions of the trust record. Each names what was seen, so that
 * a change in between cannot be confirmed by accident. protocol.md §9.3
 */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { Identity } from "../identity/keys.ts"
import { safetyNumberOfKeys, scanMatches } from "../identity/safety-number.ts"
import { type Trust, accept, reject, shownPin, unverify, verify } from "../identity/trust.ts"
import type { SafetyNumber } from "../runtime/types.ts"
import { type AccountId, formatAccountId } from "../wire/address.ts"

const stale = (): SecureChatError =>
  new SecureChatError("ERR_VERIFICATION_STALE", "the peer changed since this was shown", {
    hint: "Show the new safety number and compare again.",
  })

const known = (trust: Trust | undefined): Trust => {
  if (trust !== undefined) return trust
  throw new SecureChatError("ERR_NO_PREKEYS", "no peer is known yet", {
    hint: "Wait until the channel has left red.",
  })
}

/** The key of the account a person named, if it is the one shown. */
const keyOf = (trust: Trust, named: AccountId): Bytes => {
  const pin = shownPin(trust)
  if (formatAccountId(pin.accountId) !== named) throw stale()
  return pin.accountKey
}

/** @throws ERR_NO_PREKEYS */
export const numberOf = (own: Identity, trust: Trust | undefined): SafetyNumber =>
  Object.freeze(safetyNumberOfKeys(own.certificate.accountKey, shownPin(known(trust)).accountKey))

/** @throws ERR_NO_PREKEYS, ERR_VERIFICATION_STALE */
export const verified = (
  own: Identity,
  trust: Trust | undefined,
  seen: SafetyNumber | Uint8Array,
  atMs: number,
): { readonly trust: Trust; readonly matches: boolean } => {
  const before = known(trust)
  const number = numberOf(own, before)
  if (seen instanceof Uint8Array) {
    const key = keyOf(before, number.subject)
    const matches = scanMatches(number, seen)
    return { trust: matches ? verify(before, key, "qr", atMs) : reject(before, key), matches }
  }
  if (seen.digits !== number.digits) throw stale()
  return { trust: verify(before, keyOf(before, seen.subject), "number", atMs), matches: true }
}

/** @throws ERR_NO_PREKEYS, ERR_VERIFICATION_STALE */
export const rejected = (own: Identity, trust: Trust | undefined, seen: SafetyNumber): Trust => {
  const before = known(trust)
  if (seen.digits !== numberOf(own, before).digits) throw stale()
  return reject(before, keyOf(before, seen.subject))
}

/** @throws ERR_NO_PREKEYS */
export const withdrawn = (trust: Trust | undefined): Trust => unverify(known(trust))

/** @throws ERR_NO_PREKEYS, ERR_VERIFICATION_STALE, ERR_IDENTITY_MISMATCH where one account was asked for. */
export const accepted = (
  trust: Trust | undefined,
  identity: AccountId,
  only: AccountId | undefined,
): Trust => {
  if (only !== undefined && identity !== only)
    throw new SecureChatError("ERR_IDENTITY_MISMATCH", "this channel accepts one identity only", {
      hint: "Ask the other person for the account id again.",
    })
  const before = known(trust)
  return accept(before, keyOf(before, identity))
}
