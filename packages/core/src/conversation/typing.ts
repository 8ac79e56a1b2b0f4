/** Typing: when the own state is worth a signal, and how long the peer's one lasts. */
import { TYPING_THROTTLE_MS } from "../limits.ts"

/** Own typing towards one conversation. */
export interface OwnTyping {
  readonly active: boolean
  /** When a signal last left; undefined: never. */
  readonly signalledAtMs: number | undefined
}

export const NOT_TYPING: OwnTyping = { active: false, signalledAtMs: undefined }

/** Without a keystroke for this long, typing has stopped. */
export const TYPING_STOP_MS = 5_000

/**
 * A keystroke or its end. A start is signalled at most every three seconds, an end only after a start.
 *
 * @returns the next state, and whether a signal goes out.
 */
export const reduceTyping = (
  state: OwnTyping,
  active: boolean,
  nowMs: number,
): readonly [OwnTyping, signal: boolean] => {
  if (!active) return [{ active: false, signalledAtMs: undefined }, state.active]
  const recent = state.signalledAtMs !== undefined && nowMs - state.signalledAtMs < TYPING_THROTTLE_MS
  if (state.active && recent) return [state, false]
  return [{ active: true, signalledAtMs: nowMs }, true]
}
