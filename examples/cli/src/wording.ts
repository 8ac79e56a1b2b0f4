/** Words for the level, its reason and the connection. Pure; a `switch` without `default` keeps them complete. */
import type {
  ConnectionState,
  SecurityAction,
  SecurityLevel,
  SecurityReason,
  SecurityStatus,
} from "@securechat/core"

/** What stands beside the dot: never color alone. */
export const levelWord = (level: SecurityLevel): "RED" | "YELLOW" | "GREEN" => {
  switch (level) {
    case "red":
      return "RED"
    case "yellow":
      return "YELLOW"
    case "green":
      return "GREEN"
  }
}

/** The reason in two or three words, for the status line. */
export const reasonWord = (reason: SecurityReason): string => {
  switch (reason) {
    case "verified":
      return "verified"
    case "unverified":
      return "not verified"
    case "change-accepted":
      return "key changed, not verified"
    case "verification-revoked":
      return "verification withdrawn"
    case "no-session":
      return "no keys"
    case "handshaking":
      return "agreeing on keys"
    case "session-expired":
      return "keys too old"
    case "identity-changed":
    case "verification-violation":
      return "key changed"
    case "handshake-failed":
    case "sas-mismatch":
    case "device-list-invalid":
    case "device-list-rollback":
    case "peer-revoked":
    case "downgrade":
      return "refused"
    case "locked":
      return "locked"
  }
}

/** The reason as a sentence. `who` is a name already safe to draw. */
export const reasonSentence = (reason: SecurityReason, who: string): string => {
  switch (reason) {
    case "verified":
      return `Encrypted. You compared keys with ${who}.`
    case "unverified":
      return `Encrypted. Compare keys with ${who} to be sure who it is.`
    case "change-accepted":
      return `Encrypted. The key of ${who} changed and you accepted it. Compare again.`
    case "verification-revoked":
      return "Encrypted. The verification was withdrawn, or your own identity is new."
    case "no-session":
      return `No keys for ${who} yet.`
    case "handshaking":
      return "Agreeing on keys …"
    case "session-expired":
      return "Keys are too old; making new ones …"
    case "identity-changed":
      return `The key of ${who} changed: a new phone or reinstall, or someone in between.`
    case "verification-violation":
      return `The verified key of ${who} changed. Compare before you go on.`
    case "handshake-failed":
      return "Keys could not be agreed."
    case "sas-mismatch":
      return "The codes did not match. Do not use this chat."
    case "device-list-invalid":
    case "device-list-rollback":
      return `The device list of ${who} does not check out.`
    case "peer-revoked":
      return `None of the devices of ${who} is valid any more.`
    case "downgrade":
      return "An older, weaker protocol was offered and refused."
    case "locked":
      return "Your keys are locked."
  }
}

const HINTS: Readonly<Record<SecurityAction, string>> = {
  verify: "/verify",
  accept: "/accept, or better /verify",
  reset: "/reset",
  retry: "/to NAME tries again",
  unlock: "start again and give the passphrase",
  update: "one of you needs a newer version",
}
/** The command that carries out the suggested action; empty where there is none. */
export const actionHint = ({ action }: SecurityStatus): string => (action === undefined ? "" : HINTS[action])

export const connectionWord = (state: ConnectionState): string => {
  switch (state) {
    case "idle":
      return "not connected"
    case "connecting":
      return "connecting"
    case "online":
      return "online"
    case "reconnecting":
      return "connection lost, trying again"
    case "offline":
      return "offline"
    case "closed":
      return "closed"
  }
}
