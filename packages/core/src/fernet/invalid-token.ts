/** The one failure of the public Fernet classes. */
import { SecureChatError } from "../errors.ts"

/**
 * Malformed, wrong key, altered or expired: which of them is not said, since a caller who passed it on
 * would be a padding oracle. It carries no `cause` for the same reason.
 */
export class InvalidToken extends SecureChatError {
  override readonly name = "InvalidToken"
  declare readonly code: "ERR_INVALID_TOKEN"

  constructor() {
    super("ERR_INVALID_TOKEN", "invalid token")
  }
}
