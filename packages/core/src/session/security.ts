/**
 * The traffic light, as a computed projection: facts in, one status out, nothing stored. Hard reds come first
 * and only their own exit clears them; then the transient reds; yellow and green only where a session stands.
 * protocol.md §9.3
 */
import { type Trust, isVerified } from "../identity/trust.ts"
import type { RedReason, SecurityAction, SecurityReason, SecurityStatus, YellowReason } from "./reasons.ts"
import type { AccountId } from "../wire/address.ts"
import { type Link, phaseOf } from "./state.ts"

export interface SecurityFacts {
  readonly link: Link
  /** undefined: nobody is pinned under this name yet. */
  readonly trust: Trust | undefined
  /** What own look-ups and handshakes proved about the peer's device list. */
  readonly devices: "proven" | "invalid" | "rollback" | "revoked"
  /** The account the status speaks about. */
  readonly subject: AccountId | undefined
  /** Without keys nothing else can be said. */
  readonly locked?: boolean | undefined
}

/** Reasons that pass by themselves: `send` may be tried again, and what is held leaves then. */
const TRANSIENT: ReadonlySet<SecurityReason> = new Set<SecurityReason>([
  "no-session",
  "handshaking",
  "session-expired",
  "locked",
])
export const isTransient = (reason: SecurityReason): boolean => TRANSIENT.has(reason)

const ACTION: Readonly<Partial<Record<SecurityReason, SecurityAction>>> = {
  unverified: "verify",
  "change-accepted": "verify",
  "verification-revoked": "verify",
  "no-session": "retry",
  "handshake-failed": "retry",
  "identity-changed": "accept",
  "verification-violation": "verify",
  "sas-mismatch": "reset",
  "device-list-invalid": "retry",
  "device-list-rollback": "retry",
  "peer-revoked": "retry",
  downgrade: "update",
  locked: "unlock",
}

/** A hard red stands until its own exit, whatever handshakes do meanwhile. */
const hardRed = (facts: SecurityFacts): RedReason | undefined => {
  const { trust, devices } = facts
  if (facts.locked === true) return "locked"
  if (trust?.mismatch === true) return "sas-mismatch"
  if (trust?.candidate !== undefined) return isVerified(trust) ? "verification-violation" : "identity-changed"
  if (devices === "revoked") return "peer-revoked"
  if (devices === "rollback") return "device-list-rollback"
  if (devices === "invalid") return "device-list-invalid"
  if (facts.link.failure === "downgrade") return "downgrade"
  return undefined
}

const sessionRed = (link: Link): RedReason | undefined => {
  const phase = phaseOf(link)
  if (phase === "established" || phase === "unconfirmed") return undefined
  if (phase === "requested") return "handshaking"
  return link.failure ?? "no-session"
}

const yellow = (trust: Trust | undefined): YellowReason => {
  if (trust?.withdrawn === true) return "verification-revoked"
  return trust?.origin === "accepted" ? "change-accepted" : "unverified"
}

/** Level, reason and at most one suggested action. Never green without a verification of the pinned key under this name. */
export const securityOf = (facts: SecurityFacts, since: Date): SecurityStatus => {
  const { subject, trust } = facts
  const base = subject === undefined ? { since } : { since, subject }
  const suggest = (reason: SecurityReason): { readonly action?: SecurityAction } => {
    const action = ACTION[reason]
    return action === undefined ? {} : { action }
  }
  const red = hardRed(facts) ?? sessionRed(facts.link)
  if (red !== undefined) return Object.freeze({ level: "red", reason: red, ...base, ...suggest(red) })
  if (trust !== undefined && isVerified(trust))
    return Object.freeze({ level: "green", reason: "verified", ...base })
  const reason = yellow(trust)
  return Object.freeze({ level: "yellow", reason, ...base, ...suggest(reason) })
}
