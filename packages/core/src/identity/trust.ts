/**
 * What one believes about a peer, keyed by (account key, name): a pure record, changed by a person's act or by
 * an own look-up, never by an incoming message alone. Verification belongs to the key *and the name it was
 * verified under*: a directory that lets "bob" point at verified Mallory gets yellow, never green (attack A20).
 * protocol.md §9.3
 */
import { equalBytes } from "../bytes/compare.ts"
import {
  type Codec,
  after,
  choice,
  codec,
  fixedBytes,
  flag,
  optional,
  struct,
  text,
  u53,
} from "../bytes/codec.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { ACCOUNT_ID_BYTES } from "../wire/address.ts"
import { KEY_BYTES } from "../wire/certificate.ts"

/** An identity by its key; the id is derived from it and kept for look-ups. */
export interface Pin {
  readonly accountId: Bytes
  readonly accountKey: Bytes
}

export interface Verification {
  readonly accountKey: Bytes
  readonly name: string
  readonly method: "number" | "qr"
  readonly atMs: number
}

export interface Trust {
  /** The name this is about: user name, or the account id where the conversation was opened by it. */
  readonly name: string
  /** The identity in force: first seen, or accepted since. */
  readonly pin: Pin
  /** How the pin came about. */
  readonly origin: "first-use" | "accepted"
  readonly verified: Verification | undefined
  readonly withdrawn: boolean
  /** Another identity now stands under this name; nothing is encrypted to it before a person decides. */
  readonly candidate: Pin | undefined
  /** The compared numbers did not match; only a reset or a verification clears it. */
  readonly mismatch: boolean
}

export const firstSeen = (name: string, pin: Pin): Trust => ({
  name,
  pin,
  origin: "first-use",
  verified: undefined,
  withdrawn: false,
  candidate: undefined,
  mismatch: false,
})

const samePin = (a: Pin, b: Pin): boolean => equalBytes(a.accountKey, b.accountKey)

/** Is it the identity in force, or the one that asks to be decided about? */
export const isShown = ({ pin, candidate }: Trust, one: Pin): boolean =>
  samePin(pin, one) || (candidate !== undefined && samePin(candidate, one))

/** Was the identity in force verified under this name? */
export const isVerified = (trust: Trust): boolean =>
  trust.verified !== undefined &&
  trust.verified.name === trust.name &&
  equalBytes(trust.verified.accountKey, trust.pin.accountKey)

/** A look-up or a handshake shows an identity under the name. The same one clears a change, another begins one. */
export const observe = (trust: Trust, pin: Pin): Trust =>
  samePin(trust.pin, pin) ? { ...trust, candidate: undefined } : { ...trust, candidate: pin }

/** The identity a person is shown: the one that asks to be decided about, else the one in force. */
export const shownPin = (trust: Trust): Pin => trust.candidate ?? trust.pin

/** @throws ERR_VERIFICATION_STALE unless `seen` (AIK, 32 bytes) is the identity shown now. */
const checkSeen = (trust: Trust, seen: Bytes): Pin => {
  const shown = shownPin(trust)
  if (equalBytes(shown.accountKey, seen)) return shown
  throw new SecureChatError("ERR_VERIFICATION_STALE", "the peer changed since this was shown", {
    hint: "Show the new safety number and compare again.",
  })
}

/** Take the changed identity without comparing: yellow. @throws ERR_VERIFICATION_STALE */
export const accept = (trust: Trust, seen: Bytes): Trust => {
  const pin = checkSeen(trust, seen)
  if (trust.candidate === undefined) return trust
  return { ...trust, pin, origin: "accepted", candidate: undefined, withdrawn: false }
}

/** The numbers were compared and match; this also accepts a change. @throws ERR_VERIFICATION_STALE */
export const verify = (trust: Trust, seen: Bytes, method: Verification["method"], atMs: number): Trust => {
  const pin = checkSeen(trust, seen)
  const verified = { accountKey: pin.accountKey, name: trust.name, method, atMs }
  return { ...trust, pin, verified, withdrawn: false, candidate: undefined, mismatch: false }
}

/** The numbers were compared and differ: red until reset or verified. @throws ERR_VERIFICATION_STALE */
export const reject = (trust: Trust, seen: Bytes): Trust => {
  checkSeen(trust, seen)
  return { ...trust, mismatch: true }
}

export const unverify = (trust: Trust): Trust => ({
  ...trust,
  withdrawn: isVerified(trust) || trust.withdrawn,
  verified: undefined,
})

/** A person starts over with this peer; the pinned identity stays, a mismatch is forgotten. */
export const forgetMismatch = (trust: Trust): Trust => ({ ...trust, mismatch: false, verified: undefined })

// ── persistence ──────────────────────────────────────────────────────────────────────────────────

const VERSION = 1
const name = /* @__PURE__ */ text(16, 1024)
const accountKey = /* @__PURE__ */ fixedBytes(KEY_BYTES)
const pin = /* @__PURE__ */ struct<Pin>({ accountId: fixedBytes(ACCOUNT_ID_BYTES), accountKey })

/** Bytes of a trust record, for the store. */
export const trustCodec: Codec<Trust> = /* @__PURE__ */ codec(
  after(
    VERSION,
    "trust record version",
    struct<Trust>({
      name,
      pin,
      origin: choice("first-use", "accepted"),
      verified: optional(
        struct<Verification>({ accountKey, name, method: choice("number", "qr"), atMs: u53 }),
      ),
      candidate: optional(pin),
      withdrawn: flag,
      mismatch: flag,
    }),
  ),
)
