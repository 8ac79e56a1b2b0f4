/**
 * Receiving, in the order of protocol.md §6.5: by sid, or through the handshake for a first message; refusals
 * known before opening; then the ratchet on a candidate; then payload and commitment. What fails before the
 * token opened throws and changes nothing, since it may be a forgery; what fails after comes from the authentic
 * peer: its key is spent and a placeholder is asked for.
 */
import { equalBytes, isZero } from "../bytes/compare.ts"
import type { Bytes, Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { type Responded, type ResponderKeys, firstMessageHash, respond } from "../handshake/responder.ts"
import type { Identity } from "../identity/keys.ts"
import { sha256 } from "#primitives"
import { type Received, decrypt, startResponder } from "../ratchet/ratchet.ts"
import { openSignal } from "../ratchet/signal.ts"
import type { Envelope } from "../wire/envelope.ts"
import { unsupported } from "../wire/faults.ts"
import type { HandshakeBlock } from "../wire/handshake.ts"
import type { Effect } from "./effect.ts"
import type { Input } from "./input.ts"
import { checkCommitment, decodePayload, frankingOf } from "./payload.ts"
import { boundStanding, lasting, retire } from "./retire.ts"
import type { Link, Session } from "./state.ts"

type Step = readonly [Link, readonly Effect[]]
type ReceiveInput = Input & { readonly type: "receive" }
type Franked = Envelope & { readonly commitment: Bytes }

/** Sids a peer's handshakes named as replaced and that have not arrived: bounded. */
const MAX_REPLACED = 8

const noSession = (cause: "no-session" | "prekey-unknown"): SecureChatError =>
  new SecureChatError("ERR_NO_SESSION", "no session for this message", { details: { cause } })

export const receive = (link: Link, input: ReceiveInput, deps: Deps): Step => {
  const { envelope } = input
  const session = link.sessions.find((candidate) => equalBytes(candidate.id, envelope.sessionId))
  if (envelope.type === "signal") return receiveSignal(link, session, envelope)
  const franked = { ...input, envelope: requireFranked(envelope) }
  if (session !== undefined) return receiveOn(link, session, franked, deps)
  if (envelope.handshake === undefined) throw noSession("no-session")
  return receiveFirst(link, envelope.handshake, franked, deps)
}

/** Types 1 and 2 always carry C_f outside the unfranked profile: known before any key is used (attack A22). */
const requireFranked = (envelope: Envelope): Franked => {
  const { commitment } = envelope
  if (commitment !== undefined) return { ...envelope, commitment }
  throw unsupported("message without its commitment", "flags")
}

const withSession = (link: Link, next: Session): Link => ({
  ...link,
  sessions: link.sessions.map((session) => (equalBytes(session.id, next.id) ? next : session)),
})

const receiveSignal = (link: Link, session: Session | undefined, envelope: Envelope): Step => {
  if (session === undefined) throw noSession("no-session")
  const [ratchet, opened] = openSignal(session.ratchet, envelope)
  const payload = decodePayload(opened.payload, false)
  return [withSession(link, { ...session, ratchet }), [{ type: "signalled", payload, store: opened.store }]]
}

/**
 * Received on it: an unanswered session of ours is established now, and drops its block. Also one that was given up
 * unanswered: the peer stands on it, knows of no later one yet, and both have to meet somewhere (model, seed 50).
 */
const afterReceipt = (session: Session, nowMs: number): Session => {
  const { id, peer, ratchet, exporter, createdAtMs, reduced, blockHash } = session
  const counted = { messages: session.messages + 1, lastReceivedAtMs: nowMs }
  if (session.phase === "retired" && session.lastReceivedAtMs > 0) return { ...session, ...counted }
  return { id, peer, ratchet, exporter, createdAtMs, reduced, blockHash, ...counted, phase: "established" }
}

type FrankedInput = ReceiveInput & { readonly envelope: Franked }

const receiveOn = (link: Link, session: Session, input: FrankedInput, deps: Deps): Step => {
  const { envelope, own } = input
  // A known sid with another block: a replay dressed up. Identical repeats are ordinary (protocol.md §4.2).
  if (envelope.handshake !== undefined && !equalBytes(sha256(envelope.handshake.bytes), session.blockHash))
    throw new SecureChatError("ERR_DUPLICATE", "another first message for a known session")
  const [ratchet, received] = decrypt(session.ratchet, envelope, deps)
  const next = afterReceipt({ ...session, ratchet }, deps.nowMs())
  return [withSession(link, next), dispose(next, own, envelope, received)]
}

/** Every authentic message ends in exactly one disposition: opened, or unreadable with its code. */
const dispose = (
  session: Session,
  own: Identity,
  envelope: Franked,
  received: Received,
): readonly Effect[] => {
  const { id: sessionId, peer } = session
  const evicted: readonly Effect[] =
    received.evicted > 0 ? [{ type: "evicted", count: received.evicted }] : []
  try {
    return [...evicted, openedEffect(session, own, envelope, received.payload)]
  } catch (error) {
    if (!SecureChatError.is(error)) throw error
    return [...evicted, { type: "unreadable", sessionId, peer, code: error.code }]
  }
}

const openedEffect = (session: Session, own: Identity, envelope: Franked, padded: Bytes): Effect => {
  const { commitment } = envelope
  const payload = decodePayload(padded, true)
  checkCommitment(payload, frankingOf(own, session.peer, "peer"), commitment)
  return {
    type: "opened",
    sessionId: session.id,
    peer: session.peer,
    payload,
    commitment,
    ratchetKey: envelope.ratchetKey,
    count: envelope.count,
  }
}

// ── first message ────────────────────────────────────────────────────────────────────────────────

const responderSession = (
  made: Responded,
  block: HandshakeBlock,
  { spk }: ResponderKeys,
  nowMs: number,
): Session => {
  const ownKey = { secret: spk.secret, publicKey: spk.statement.publicKey }
  return {
    phase: "established",
    id: made.secrets.sessionId,
    peer: made.peer,
    ratchet: startResponder(made.secrets.rootKey, made.secrets.transcript, ownKey),
    exporter: made.secrets.exporter,
    createdAtMs: nowMs,
    lastReceivedAtMs: nowMs,
    messages: 0,
    reduced: made.reduced,
    blockHash: sha256(block.bytes),
  }
}

/** Cheap refusals first, then the handshake, then the token; the caller stores and spends in one batch. */
const receiveFirst = (link: Link, block: HandshakeBlock, input: FrankedInput, deps: Deps): Step => {
  const { first, own, envelope } = input
  if (first?.replayed === true) throw new SecureChatError("ERR_DUPLICATE", "first message seen before")
  if (first?.keys === undefined) throw noSession("prekey-unknown")
  const { keys, ownListHash } = first
  if (ownListHash === undefined)
    throw new SecureChatError("ERR_HANDSHAKE_FAILED", "unknown version of our device list")
  const made = respond({ own, block, keys, context: first.context, fresh: first.fresh, ownListHash })
  if (!equalBytes(made.secrets.sessionId, envelope.sessionId))
    throw new SecureChatError("ERR_HANDSHAKE_FAILED", "the handshake does not lead to this session")
  const begun = responderSession(made, block, keys, deps.nowMs())
  const [ratchet, received] = decrypt(begun.ratchet, envelope, deps)
  const session = { ...begun, ratchet, messages: 1 }
  const spend: Effect = {
    type: "spend",
    spkId: block.spkId,
    opkId: block.opkId,
    pqId: block.oneTimeKem ? block.pqId : 0,
    firstMessageHash: firstMessageHash(block),
  }
  const born: Effect = { type: "session", sessionId: session.id, peer: session.peer, by: "peer" }
  return [
    adopt(link, session, block, deps.nowMs()),
    [spend, born, ...dispose(session, own, envelope, received)],
  ]
}

/** The new session joins; the one it names is retired, now or when it arrives; so is itself if it was named before. */
const adopt = (link: Link, session: Session, block: HandshakeBlock, nowMs: number): Link => {
  const begun = { ...link, sessions: [...link.sessions, session], failure: lasting(link) }
  const joined = boundStanding(begun, nowMs)
  const late = link.replaced.some((sessionId) => equalBytes(sessionId, session.id))
  const placed = late ? retire(joined, session.id, nowMs) : joined
  if (isZero(block.replaces)) return placed
  const known = placed.sessions.some((candidate) => equalBytes(candidate.id, block.replaces))
  if (known) return retire(placed, block.replaces, nowMs)
  return { ...placed, replaced: [...placed.replaced, block.replaces].slice(-MAX_REPLACED) }
}
