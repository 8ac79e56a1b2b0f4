/** Ends of sessions: replaced, too old, never answered, archived too long. protocol.md §4.3.7, §6.7 */
import { equalBytes } from "../bytes/compare.ts"
import type { Bytes } from "../deps.ts"
import {
  ARCHIVED_SESSION_AGE_MS,
  MAX_ARCHIVED_SESSIONS,
  MAX_STANDING_SESSIONS,
  PENDING_SESSION_AGE_MS,
  SESSION_MAX_AGE_MS,
  SESSION_MAX_MESSAGES,
} from "../limits.ts"
import { evict } from "../ratchet/skipped.ts"
import { type FailureReason, type Link, type Session, phaseOf } from "./state.ts"

const retired = (session: Session, nowMs: number): Session => {
  if (session.phase === "retired") return session
  const { id, peer, ratchet, exporter, createdAtMs, lastReceivedAtMs, messages, reduced, blockHash } = session
  const base = { id, peer, ratchet, exporter, createdAtMs, lastReceivedAtMs, messages, reduced, blockHash }
  return { ...base, phase: "retired", retiredAtMs: nowMs }
}

/**
 * Oldest archived sessions beyond five go, of those the peer has answered on. An unanswered one stays its time: the
 * peer may stand on it without our knowing; how many there can be is bounded where they are made.
 */
const bounded = (sessions: readonly Session[]): readonly Session[] => {
  const archived = sessions.filter((session) => session.phase === "retired" && session.lastReceivedAtMs > 0)
  const surplus = new Set(archived.slice(0, Math.max(0, archived.length - MAX_ARCHIVED_SESSIONS)))
  return sessions.filter((session) => !surplus.has(session as never))
}

/** Makes the session of this sid receive-only; unknown ids change nothing. */
export const retire = (link: Link, sessionId: Bytes, nowMs: number): Link => ({
  ...link,
  sessions: bounded(
    link.sessions.map((session) => (equalBytes(session.id, sessionId) ? retired(session, nowMs) : session)),
  ),
})

/** A downgrade outlasts attempts and their refusals: only a bundle that meets the minimum ends it. protocol.md §9.3, 5 */
export const lasting = (link: Link): FailureReason | undefined =>
  link.failure === "downgrade" ? link.failure : undefined

/** The oldest sessions beyond eight stop sending: nothing else bounds a peer that replaces none of its own. */
export const boundStanding = (link: Link, nowMs: number): Link => {
  const standing = link.sessions.filter((session) => session.phase === "established")
  const surplus = standing.slice(0, Math.max(0, standing.length - MAX_STANDING_SESSIONS))
  return surplus.reduce((next, session) => retire(next, session.id, nowMs), link)
}

export const mayStillSend = (session: Session, nowMs: number): boolean =>
  session.messages < SESSION_MAX_MESSAGES && nowMs - session.createdAtMs < SESSION_MAX_AGE_MS

const goneAt = (session: Session, nowMs: number): boolean =>
  (session.phase === "retired" && nowMs - session.retiredAtMs > ARCHIVED_SESSION_AGE_MS) ||
  (session.phase === "unconfirmed" && nowMs - session.createdAtMs > PENDING_SESSION_AGE_MS)

/** Skipped keys age also while nobody speaks: they open what was lost, to whoever takes the device. */
const withoutOldKeys = (session: Session, nowMs: number): Session => {
  const [ratchet, gone] = evict(session.ratchet, nowMs)
  return gone === 0 ? session : { ...session, ratchet }
}

/** What time alone changes. A link whose last sending session ended by age is `session-expired`. */
export const expire = (link: Link, nowMs: number): Link => {
  const kept = link.sessions
    .filter((session) => !goneAt(session, nowMs))
    .map((session) => (mayStillSend(session, nowMs) ? session : retired(session, nowMs)))
    .map((session) => withoutOldKeys(session, nowMs))
  const unchanged =
    kept.length === link.sessions.length && kept.every((session, i) => session === link.sessions[i])
  if (unchanged) return link
  const next = { ...link, sessions: bounded(kept) }
  const ended = phaseOf(link) === "established" && phaseOf(next) === "idle"
  return ended ? { ...next, failure: "session-expired" } : next
}
