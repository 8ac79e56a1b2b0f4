/**
 * Which session sends, when both sides started at once: of those not retired, the smallest sid on which
 * something was received; only if there is none, the own pending one. Converges without flip-flop, also when
 * one first message can never be opened. protocol.md §4.3.7
 */
import { compareBytes } from "../bytes/compare.ts"
import type { Link, Session } from "./state.ts"

const bySessionId = (a: Session, b: Session): number => compareBytes(a.id, b.id)

export const sendingSession = (link: Link): Session | undefined => {
  const established = link.sessions.filter((session) => session.phase === "established")
  if (established.length > 0) return established.toSorted(bySessionId)[0]
  return link.sessions.findLast((session) => session.phase === "unconfirmed")
}
