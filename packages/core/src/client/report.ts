/** Failures that no call can return, as `error` events. */
import { SecureChatError } from "../errors.ts"
import type { Logger } from "../transport/transport.ts"

export const reporter =
  (log: Logger, hooks: { emit(type: "error", error: SecureChatError): void }, isOpen: () => boolean) =>
  (error: unknown): void => {
    if (!isOpen()) return
    const known = SecureChatError.is(error)
      ? error
      : new SecureChatError("ERR_INTERNAL", "an unexpected failure", { cause: error })
    // Who asked was told already; a connection that comes and goes has its own event.
    if (SecureChatError.is(known, "ERR_TRANSPORT_CLOSED", "ERR_CLOSED")) return
    log.warn(known.message, { code: known.code })
    hooks.emit("error", known)
  }
