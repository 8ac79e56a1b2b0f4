/**
 * The session machine: `(link, input, deps) → [link, effects]`. A refused input throws and leaves the link as
 * it was. Not its concern: trust (whether one may send), content, storage, time-outs of the network.
 * protocol.md §4.3, §6.5
 */
import { equalBytes } from "../bytes/compare.ts"
import { secret } from "../bytes/secret.ts"
import type { Bytes, Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { type Initiated, initiate } from "../handshake/initiator.ts"
import { MAX_UNANSWERED_SESSIONS } from "../limits.ts"
import { sha256 } from "#primitives"
import { encrypt, startInitiator } from "../ratchet/ratchet.ts"
import { sealSignal } from "../ratchet/signal.ts"
import { SESSION_ID_BYTES } from "../wire/address.ts"
import type { Effect } from "./effect.ts"
import type { Input } from "./input.ts"
import { commitmentOf, encodePayload, frankingOf, isSignalKind } from "./payload.ts"
import { receive } from "./receive.ts"
import { expire, lasting, mayStillSend, retire } from "./retire.ts"
import { type Link, type Session, emptyLink, phaseOf } from "./state.ts"
import { sendingSession } from "./tie-break.ts"

export type Step = readonly [Link, readonly Effect[]]

const NO_SESSION_ID = new Uint8Array(SESSION_ID_BYTES)

/** @throws ERR_STATE for an input its phase has no edge for, and what the steps below say. */
export const transition = (link: Link, input: Input, deps: Deps): Step => {
  switch (input.type) {
    case "start":
      return start(link, deps)
    case "bundle":
      return bundle(link, input, deps)
    case "refused":
      return refused(link, input)
    case "send":
      return send(link, input, deps)
    case "signal":
      return signal(link, input, deps)
    case "receive":
      return receive(link, input, deps)
    case "tick":
      return [expire(link, deps.nowMs()), []]
    case "reset":
      return [emptyLink, []]
  }
}

/** Also with a session standing: a background re-key keeps sending on the old one until the new one is there. */
const start = (link: Link, deps: Deps): Step => {
  if (phaseOf(link) === "requested") return [link, []]
  return [{ ...link, requestedAtMs: deps.nowMs(), failure: lasting(link) }, [{ type: "claim" }]]
}

const refused = (link: Link, input: Input & { type: "refused" }): Step => [
  { ...link, requestedAtMs: undefined, failure: lasting(link) ?? input.reason },
  [],
]

const sessionOf = (made: Initiated, nowMs: number): Session => ({
  phase: "unconfirmed",
  id: made.secrets.sessionId,
  peer: made.peer,
  ratchet: startInitiator(made.secrets.rootKey, made.secrets.transcript, made.peerRatchetKey),
  exporter: made.secrets.exporter,
  createdAtMs: nowMs,
  lastReceivedAtMs: 0,
  messages: 0,
  reduced: made.reduced,
  blockHash: sha256(made.block),
  block: made.block,
})

/**
 * The session a new handshake names as replaced: where the peer may still send. Of own beginnings that were never
 * answered the peer may know none, and would stay on what came before them, for ever (model, seed 50).
 */
const replacedBy = (link: Link, standing: Session | undefined): Bytes => {
  const known = link.sessions.findLast((session) => session.lastReceivedAtMs > 0)
  const named = standing?.phase === "unconfirmed" ? (known ?? standing) : standing
  return named?.id ?? NO_SESSION_ID
}

/** One more beginning without an answer to the last ones helps nobody, and each must be kept for a late answer. */
const checkUnanswered = (link: Link): void => {
  const unanswered = link.sessions.filter((session) => session.lastReceivedAtMs === 0)
  if (unanswered.length >= MAX_UNANSWERED_SESSIONS)
    throw new SecureChatError("ERR_LIMIT", "too many beginnings without an answer", {
      hint: "The peer has to come online first.",
    })
}

/**
 * Our handshake: it retires the session that sends now. A channel's waits until the new one is open, and has bounds
 * of its own.
 * @throws ERR_LIMIT after four beginnings without an answer, and what `initiate` says.
 */
const bundle = (link: Link, input: Input & { type: "bundle" }, deps: Deps): Step => {
  if (input.source.mode === "stored") checkUnanswered(link)
  const standing = sendingSession(link)
  const made = initiate({ ...input, replaces: replacedBy(link, standing) }, deps)
  const session = sessionOf(made, deps.nowMs())
  const keep = standing === undefined || input.source.mode === "channel"
  const before = keep ? link : retire(link, standing.id, deps.nowMs())
  const next = {
    ...before,
    sessions: [...before.sessions, session],
    requestedAtMs: undefined,
    failure: undefined,
  }
  return [next, [{ type: "session", sessionId: session.id, peer: session.peer, by: "us" }]]
}

const replaceSession = (link: Link, next: Session): Link => ({
  ...link,
  sessions: link.sessions.map((session) => (equalBytes(session.id, next.id) ? next : session)),
})

/** Seal a payload on the session that sends. @throws ERR_NO_SESSION, ERR_STATE for a signal's kind, ERR_MESSAGE_TOO_LARGE */
const send = (link: Link, input: Input & { type: "send" }, deps: Deps): Step => {
  if (isSignalKind(input.payload.kind))
    throw new SecureChatError("ERR_STATE", "a signal's kind sent as a message")
  const session = sendingSession(link)
  if (session === undefined || !mayStillSend(session, deps.nowMs()))
    throw new SecureChatError("ERR_NO_SESSION", "no session to send on", { details: { cause: "no-session" } })
  return seal(link, session, input, deps)
}

/** Seal on a given session: a channel opens a session on which it does not send yet. */
export const seal = (link: Link, session: Session, input: Input & { type: "send" }, deps: Deps): Step => {
  const commitKey = input.commitKey ?? secret(deps.random(32))
  const commitment = commitmentOf(commitKey, frankingOf(input.own, session.peer, "us"), input.payload)
  const outgoing = {
    sessionId: session.id,
    handshake: session.phase === "unconfirmed" ? session.block : undefined,
    commitment,
    payload: encodePayload(input.payload, commitKey),
  }
  const [ratchet, envelope] = encrypt(session.ratchet, outgoing, deps)
  const next = replaceSession(link, { ...session, ratchet, messages: session.messages + 1 })
  return [next, [{ type: "transmit", envelope, sessionId: session.id, commitKey, commitment }]]
}

/** @throws ERR_STATE for another kind, or before there is a chain: the caller drops the signal. */
const signal = (link: Link, input: Input & { type: "signal" }, deps: Deps): Step => {
  if (!isSignalKind(input.payload.kind))
    throw new SecureChatError("ERR_STATE", "a message's kind sent as a signal")
  const session = sendingSession(link)
  if (session === undefined) throw new SecureChatError("ERR_STATE", "no session for a signal")
  const payload = encodePayload(input.payload, undefined)
  const [ratchet, sealed] = sealSignal(session.ratchet, session.id, payload, deps)
  return [replaceSession(link, { ...session, ratchet }), [{ type: "transmit-signal", ...sealed }]]
}
