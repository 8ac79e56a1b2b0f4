/** Refusals that several levels have in common: the sentence is for people, `details.cause` for programs. */
import { SecureChatError } from "../errors.ts"

const caused = (from: unknown): ErrorOptions => (from === undefined ? {} : { cause: from })

/** ERR_HANDSHAKE_FAILED. @param from what was caught. */
export const handshakeFailed = (what: string, cause = "cert", from?: unknown): SecureChatError =>
  new SecureChatError("ERR_HANDSHAKE_FAILED", what, { ...caused(from), details: { cause } })

/** ERR_VERSION_UNSUPPORTED */
export const unsupported = (what: string, cause: "version" | "flags" | "downgrade"): SecureChatError =>
  new SecureChatError("ERR_VERSION_UNSUPPORTED", what, { details: { cause } })

/** ERR_AUTHENTICATION of a message: one sentence, whichever check failed. */
export const unopened = (from?: unknown): SecureChatError =>
  new SecureChatError("ERR_AUTHENTICATION", "message does not open", caused(from))
