/** What a relay's code means for the call it answers. relay.md §3 */
import { type ErrorCode, SecureChatError, type SecureChatErrorOptions } from "../errors.ts"
import { type RelayCodeName, relayCodeName } from "../wire/close-codes.ts"
import type { FrameName } from "../wire/frame-types.ts"

const GENERAL: Readonly<Record<RelayCodeName, ErrorCode>> = {
  malformed: "ERR_TRANSPORT_PROTOCOL",
  unsupported: "ERR_VERSION_UNSUPPORTED",
  refused: "ERR_AUTH_REJECTED",
  timeout: "ERR_TIMEOUT",
  limited: "ERR_RATE_LIMITED",
  full: "ERR_QUOTA_EXCEEDED",
  tooLarge: "ERR_FRAME_TOO_LARGE",
  replaced: "ERR_TRANSPORT_CLOSED",
  slow: "ERR_TRANSPORT_CLOSED",
  unavailable: "ERR_TRANSPORT_CLOSED",
  draining: "ERR_TRANSPORT_CLOSED",
  revoked: "ERR_DEVICE_REVOKED",
  expired: "ERR_AUTH_EXPIRED",
}
/** One code stands for unknown and for forbidden: what was asked says which it is. */
const REFUSED: Readonly<Partial<Record<FrameName, ErrorCode>>> = {
  handleGet: "ERR_USER_NOT_FOUND",
  handleSet: "ERR_HANDLE_TAKEN",
  devices: "ERR_USER_NOT_FOUND",
  claim: "ERR_NO_PREKEYS",
  submit: "ERR_USER_NOT_FOUND",
}

/**
 * @param asked the request it answers; `hello` for a bye during sign-in, undefined for one later.
 */
export const relayError = (code: number, asked: FrameName | undefined, retryAfterMs = 0): SecureChatError => {
  const name = relayCodeName(code)
  const special = name === "refused" && asked !== undefined ? REFUSED[asked] : undefined
  const meaning = special ?? (name === undefined ? "ERR_TRANSPORT_PROTOCOL" : GENERAL[name])
  const options: SecureChatErrorOptions = {
    details: { code },
    retryAfterMs: retryAfterMs > 0 ? retryAfterMs : undefined,
  }
  return new SecureChatError(
    meaning,
    `the relay answered '${name ?? code}' to ${asked ?? "the connection"}`,
    options,
  )
}
