/** What the end of a connection means: close codes of RFC 6455 §7.4.1, and of the relay as 4000 + code (relay.md §3). */
import type { CloseInfo } from "@securechat/core/transport"
import { retryAdvice } from "@securechat/core/wire"

export const GOING_AWAY = 1001
export const UNSUPPORTED_DATA = 1003
/** Never sent: what a platform reports when there was no closing handshake. */
export const ABNORMAL = 1006
export const TOO_BIG = 1009

/** How a far end closed. `now` only where it ended cleanly and asked for us back: going away, drained. */
export const closeInfo = (code: number, reason: string): CloseInfo => {
  const clean = code !== ABNORMAL
  const retry = code === GOING_AWAY ? "now" : retryAdvice(code)
  return { clean, code, retry, ...(reason === "" ? {} : { reason }) }
}

/** How we ended it, because of what the far end did or failed to do. */
export const faultInfo = (code: number, reason: string): CloseInfo => ({
  clean: false,
  code,
  reason,
  retry: "backoff",
})

interface Closable {
  close(code?: number, reason?: string): void
}

/**
 * Begins a closing handshake with this code where it may be sent. Browsers let scripts send 1000 and
 * 3000–4999 only, and a reason of at most 123 bytes; a connection that must end ends all the same.
 */
export const beginClose = (socket: Closable, code: number | undefined, reason: string | undefined): void => {
  try {
    socket.close(code, reason)
  } catch {
    socket.close()
  }
}
