/**
 * Hellos: made, judged, and hashed in pairs. A hello offers a live bundle, bound to its own nonce and good
 * for one handshake, so a channel needs no directory. protocol.md §5. Not its concern: when one is sent.
 */
import { concat } from "../bytes/concat.ts"
import { compareBytes } from "../bytes/compare.ts"
import type { Bytes, Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { Identity } from "../identity/keys.ts"
import { type OwnPrekey, checkBundle, generatePrekey } from "../identity/prekeys.ts"
import { LABELS, labelled } from "../primitives/labels.ts"
import { sha256 } from "#primitives"
import { lengthPrefixedAll } from "../wire/address.ts"
import { type Hello, makeHello } from "../wire/channel.ts"
import { NONCE_BYTES } from "../wire/handshake.ts"
import { SUITE_1 } from "../wire/tags.ts"
import type { ChannelRole } from "./types.ts"

/** An own hello and the private keys it offers: dropped when a session used them, else after 60 s. */
export interface OwnHello {
  readonly hello: Hello
  readonly spk: OwnPrekey
  readonly pq: OwnPrekey
  /** On the monotonic clock. */
  readonly madeAtMs: number
}

/** Suites this version speaks, by preference. */
const OWN_SUITES: readonly number[] = [SUITE_1]

/** `H(L("securechat/v1/context", context))`: other conversations in one pipe are told apart without naming them. */
export const contextHashOf = (context: Bytes): Bytes => sha256(labelled(LABELS.context, context))

/** Binds whole frames into the keys, so that a stripped offer changes them. 32 bytes. */
export const freshOf = (initiator: Hello, responder: Hello): Bytes =>
  sha256(labelled(LABELS.helloPair, lengthPrefixedAll(initiator.bytes, responder.bytes)))

/** The initiator's first preference that the responder offers; undefined: none in common. */
export const commonSuite = (initiator: Hello, responder: Hello): number | undefined =>
  initiator.suites.find((suite) => responder.suites.includes(suite))

/** Does `own` lead the pair? The owner of the smaller nonce does. */
export const leads = (own: Hello, peer: Hello): boolean => compareBytes(own.nonce, peer.nonce) < 0

/** Leading bytes that decide a role: a chance of 2⁻⁶⁴ to lose it against a random nonce, 192 random bits left. */
const ROLE_BYTES = 8
const LEADING: Readonly<Record<ChannelRole, Bytes>> = {
  auto: new Uint8Array(0),
  initiator: new Uint8Array(ROLE_BYTES),
  responder: new Uint8Array(ROLE_BYTES).fill(0xff),
}

/** A fresh hello with fresh keys. */
export const makeOwnHello = (
  own: Identity,
  offer: { readonly role: ChannelRole; readonly contextHash: Bytes; readonly elapsedMs: number },
  deps: Deps,
): OwnHello => {
  const lead = LEADING[offer.role]
  const nonce = concat(lead, deps.random(NONCE_BYTES - lead.length))
  const spk = generatePrekey(own, "spk", nonce, deps)
  const pq = generatePrekey(own, "pqopk", nonce, deps)
  const { certificate, list } = own
  const bundle = { certificate, list, spk: spk.statement, opk: undefined, pq: pq.statement }
  const hello = makeHello({ nonce, contextHash: offer.contextHash, suites: OWN_SUITES, bundle })
  return { hello, spk, pq, madeAtMs: offer.elapsedMs }
}

/**
 * Six signatures, and that the keys were made for this hello. Dates are not looked at: nonces prove freshness,
 * so wrong clocks do no harm.
 * @throws ERR_HANDSHAKE_FAILED, ERR_VERSION_UNSUPPORTED
 */
export const checkHello = (hello: Hello): void => {
  const { bundle, nonce } = hello
  if (bundle.opk !== undefined || bundle.pq.kind !== "pqopk")
    throw new SecureChatError("ERR_HANDSHAKE_FAILED", "a hello offers one-time keys of its own only", {
      details: { cause: "cert" },
    })
  checkBundle(bundle, { binding: nonce, nowMs: 0 })
}
