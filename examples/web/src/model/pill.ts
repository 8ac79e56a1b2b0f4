/** What the pill draws for a status: icon and word. It computes nothing about security. */
import type { SecurityStatus } from "@securechat/core"
import { strings } from "../strings.ts"

export type PillIcon = "lock-check" | "lock" | "lock-open"

export const pillIcon = (status: SecurityStatus): PillIcon =>
  (({ green: "lock-check", yellow: "lock", red: "lock-open" }) as const)[status.level]

export const pillWord = (status: SecurityStatus): string => {
  const words = strings.pill
  switch (status.reason) {
    case "verified":
      return words.verified
    case "unverified":
    case "change-accepted":
    case "verification-revoked":
      return words.unverified
    case "no-session":
    case "handshaking":
    case "session-expired":
    case "handshake-failed":
      return words[status.reason]
    case "identity-changed":
    case "verification-violation":
      return words.changed
    case "sas-mismatch":
    case "device-list-invalid":
    case "device-list-rollback":
    case "peer-revoked":
    case "downgrade":
      return words.refused
    case "locked":
      return words.locked
  }
}
