/** Sentences that depend on a status or an error: exhaustive, so that a new reason or code fails to compile. */
import type { ErrorInfo, SecurityStatus } from "@securechat/core"

/** What the status means for the person in front of the screen. */
export const securitySentence = (status: SecurityStatus, peer: string): string => {
  switch (status.reason) {
    case "verified":
      return `Encrypted. You compared keys with ${peer}.`
    case "unverified":
      return `Encrypted. Compare keys to be sure it is ${peer}.`
    case "change-accepted":
      return `Encrypted. ${peer}’s key changed and you accepted it. Compare again.`
    case "verification-revoked":
      return "Encrypted. The verification was withdrawn, or your own identity is new."
    case "no-session":
      return `No keys for ${peer} yet.`
    case "handshaking":
      return "Agreeing on keys …"
    case "handshake-failed":
      return "Keys could not be agreed."
    case "session-expired":
      return "Keys are too old; making new ones …"
    case "identity-changed":
      return `${peer}’s key changed: a new phone or reinstall, or someone in between.`
    case "verification-violation":
      return `${peer}’s verified key changed. Compare before you go on.`
    case "sas-mismatch":
      return "The codes did not match. Do not use this chat."
    case "device-list-invalid":
    case "device-list-rollback":
      return `${peer}’s device list does not check out.`
    case "peer-revoked":
      return `None of ${peer}’s devices is valid any more.`
    case "downgrade":
      return "An older, weaker protocol was offered and refused."
    case "locked":
      return "Your keys are locked."
  }
}

/** What red means for what is being written, beside the sentence that says why. */
export const blockedSentence = (status: SecurityStatus, peer: string): string => {
  switch (status.reason) {
    case "no-session":
    case "handshaking":
    case "handshake-failed":
    case "session-expired":
      return "Nothing is sent before there are keys. What you type stays here."
    case "identity-changed":
    case "verification-violation":
      return `Nothing is sent until you decide. What ${peer} sends now waits for you, too.`
    case "sas-mismatch":
      return `Nothing is sent any more. Meet ${peer}, or start over and compare again.`
    default:
      return "Nothing is sent while this lasts. What you type stays here."
  }
}

const SENTENCES: Partial<Record<ErrorInfo["code"], string>> = {
  ERR_NOT_SECURE: "Not sent: the light is red. Deal with its reason first; your text is still here.",
  ERR_VERIFICATION_STALE: "The key changed while you were looking. Compare the new number.",
  ERR_IDENTITY_MISMATCH: "Another identity answered. Compare keys before you go on.",
  ERR_HANDSHAKE_FAILED: "Keys could not be agreed. Try again; if it stays like this, compare keys.",
  ERR_HANDLE_TAKEN:
    "A window that was open a moment ago still holds this handle. It is free again within a minute.",
  ERR_USER_NOT_FOUND: "The relay knows nobody by this handle yet. Open the other window.",
  ERR_NO_PREKEYS: "The other side has no keys waiting at the relay. It has to come online first.",
  ERR_TRANSPORT_UNREACHABLE: "The relay cannot be reached. It is tried again by itself.",
  ERR_TRANSPORT_CLOSED: "The connection was lost. It is made again by itself.",
  ERR_TRANSPORT_PROTOCOL: "What answers here is not a relay. Check the address of this page.",
  ERR_AUTH_REJECTED: "The relay refused the sign-in. Reload the page to begin with a fresh identity.",
  ERR_RATE_LIMITED: "The relay asks for patience. What you wrote leaves a little later by itself.",
  ERR_QUOTA_EXCEEDED: "The relay’s space for this chat is full. Let the other side come online.",
  ERR_QUEUE_FULL: "Too many messages wait already. Go online, then send this one again.",
  ERR_MESSAGE_TOO_LARGE: "This message is too long. At most 64 KiB fit; send it in parts.",
  ERR_VERSION_UNSUPPORTED: "The relay or the other side is newer than this page. Reload it.",
  ERR_RUNTIME_UNSUPPORTED: "This browser lacks something SecureChat needs. Use a current one.",
  ERR_CLOSED: "This chat was closed. Reload the page to begin again.",
}

/** What happened and what to do, for an error the person can see. Details hold ids and sizes only; none are shown. */
export const errorSentence = (error: ErrorInfo): string =>
  SENTENCES[error.code] ??
  error.hint ??
  `Something went wrong (${error.code}). Reload the page to begin again.`
