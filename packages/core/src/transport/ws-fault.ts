/** The close code that `ws` sends for an error of its own; it keeps the number to itself (doc/ws.md, "Error codes"). No import: only its errors are read. */

const CODES: Readonly<Record<string, number>> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
}

/** A server or proxy that is overloaded or restarting, not one that speaks something else. */
const PASSING = /^Unexpected server response: (408|429|5\d\d)$/

/**
 * 1002 also for a handshake that failed because the far end is no WebSocket server of ours: wrong
 * status, wrong subprotocol, no HTTP. Undefined for the network's own errors.
 */
export const wsFaultCode = (error: Error & { readonly code?: string }): number | undefined => {
  const { code, message } = error
  if (code === undefined) return PASSING.test(message) ? undefined : 1002
  return CODES[code] ?? (/^(WS_ERR|HPE)_/.test(code) ? 1002 : undefined)
}
