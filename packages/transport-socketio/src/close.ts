/** What the end of a connection means. Socket.IO has no close codes: a relay's last frame is its `bye`. relay.md §3 */
import type { CloseInfo } from "@securechat/core/transport"
import { FRAME_TYPE, closeCodeOf, retryAdvice } from "@securechat/core/wire"

export const PROTOCOL_ERROR = 1002
/** Never sent: there was no goodbye. */
export const ABNORMAL = 1006
export const TOO_BIG = 1009

/** How we ended it, because of what the far end did or failed to do. */
export const faultInfo = (code: number, reason: string): CloseInfo => ({
  clean: false,
  code,
  reason,
  retry: "backoff",
})

/** The code of a `bye` frame: type u8, request u32, code u16. */
export const byeCodeOf = (frame: Uint8Array): number | undefined =>
  frame.length === 7 && frame[0] === FRAME_TYPE.bye ? ((frame[5] ?? 0) << 8) | (frame[6] ?? 0) : undefined

/** An end with a goodbye. `bye`: the code of the last frame, where it was one. */
export const goodbyeInfo = (bye: number | undefined): CloseInfo => {
  if (bye === undefined) return { clean: true, retry: "backoff" }
  const code = closeCodeOf(bye)
  return { clean: true, code, retry: retryAdvice(code) }
}
