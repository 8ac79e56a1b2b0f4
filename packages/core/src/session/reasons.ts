/**
 * The closed sets behind red, yellow and green, and the shape apps see. Which reason holds is computed
 * by `security.ts` from state and never stored. protocol.md §9.3
 */
import type { AccountId } from "../wire/address.ts"

export type GreenReason = "verified"
export type YellowReason =
  /** Pinned on first use, never compared. */
  | "unverified"
  /** The identity changed, the user accepted it, not compared again. */
  | "change-accepted"
  /** The user withdrew it. */
  | "verification-revoked"
export type RedReason =
  | "no-session"
  | "handshaking"
  | "handshake-failed"
  | "session-expired"
  | "identity-changed"
  | "verification-violation"
  | "sas-mismatch"
  | "device-list-invalid"
  | "device-list-rollback"
  | "peer-revoked"
  | "downgrade"
  /** The store's keys were dropped from memory. */
  | "locked"
export type SecurityReason = GreenReason | YellowReason | RedReason
export type SecurityAction = "verify" | "accept" | "retry" | "unlock" | "reset" | "update"
export type SecurityLevel = "red" | "yellow" | "green"

interface SecurityBase {
  /** At most one suggestion. Absent: nothing to do, or it resolves by itself. */
  readonly action?: SecurityAction
  /** The account that sets the level. */
  readonly subject?: AccountId
  readonly since: Date
}
/** Computed from state, never stored. Plain and frozen. */
export type SecurityStatus =
  | (SecurityBase & { readonly level: "green"; readonly reason: GreenReason })
  | (SecurityBase & { readonly level: "yellow"; readonly reason: YellowReason })
  | (SecurityBase & { readonly level: "red"; readonly reason: RedReason })
