/**
 * From a pair of hellos to an open session, on either side. A pair's smaller nonce leads: it sends the first
 * message, `channel-open`; the other answers with `channel-open-ack`. Key confirmation both ways replaces clock
 * checks. Several pairs may succeed; `session/tie-break.ts` settles which session sends. protocol.md §5, rules 2–4, 7
 */
import { compareBytes, equalBytes } from "../bytes/compare.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { deviceListHash } from "../identity/ids.ts"
import { type Pin, firstSeen, observe } from "../identity/trust.ts"
import { HELLO_BACKOFF_MIN_MS, MAX_PENDING_CHANNEL_SESSIONS } from "../limits.ts"
import type { Effect } from "../session/effect.ts"
import type { FirstMessageContext } from "../session/input.ts"
import { retire } from "../session/retire.ts"
import type { Link, Session } from "../session/state.ts"
import { sendingSession } from "../session/tie-break.ts"
import { seal, transition } from "../session/transition.ts"
import { formatAccountId } from "../wire/address.ts"
import type { Envelope } from "../wire/envelope.ts"
import type { HandshakeBlock } from "../wire/handshake.ts"
import { takeToken } from "./bucket.ts"
import { type OwnHello, commonSuite, freshOf, leads } from "./hello.ts"
import { answerUnknownPair, doubled, standingOf, tell } from "./offers.ts"
import { type Step, andThen } from "./pairing-input.ts"
import {
  type Env,
  HANDSHAKES,
  type Pairing,
  type Party,
  type PeerHello,
  ignore,
  noteOf,
  partyOf,
  sessionOf,
  withNote,
  withParty,
} from "./pairing-state.ts"
import { openingPayload, readOpening } from "./payloads.ts"

// ── sealing ──────────────────────────────────────────────────────────────────────────────────────

interface Sealed {
  readonly state: Pairing
  readonly party: Party
  readonly frame: Bytes
}

/** An opening or its acknowledgement on one given session, which need not be the one that sends. */
const sealOpening = (
  state: Pairing,
  party: Party,
  opening: { readonly kind: "channelOpen" | "channelOpenAck"; readonly session: Session },
  env: Env,
): Sealed => {
  const numbers = { ...state.numbers, pairSent: state.numbers.pairSent + 1 }
  const payload = openingPayload(opening.kind, { party, session: opening.session }, numbers, env)
  const input = { type: "send", own: env.setting.own, payload, commitKey: undefined } as const
  const [link, [made]] = seal(party.link, opening.session, input, env.deps)
  if (made?.type !== "transmit") throw new SecureChatError("ERR_INTERNAL", "nothing was sealed")
  return { state: { ...state, numbers }, party: { ...party, link }, frame: made.envelope }
}

// ── leading ──────────────────────────────────────────────────────────────────────────────────────

/** A hello of the peer for which our first message is due. */
export const nextToLead = (state: Pairing, env: Env): PeerHello | undefined => {
  const newest = state.own.at(-1)
  if (newest === undefined) return undefined
  return state.peers.find(
    (peer) =>
      !peer.settled && leads(newest.hello, peer.hello) && standingOf(state, peer.account, env) !== "stranger",
  )
}

const settle = (state: Pairing, done: (peer: PeerHello) => boolean): Pairing => ({
  ...state,
  peers: state.peers.map((peer) => (!peer.settled && done(peer) ? { ...peer, settled: true } : peer)),
})

/** First messages for every hello that waits for one, as far as the limit allows. */
export const leadPairs = (state: Pairing, env: Env): Step => {
  const peer = state.online ? nextToLead(state, env) : undefined
  const newest = state.own.at(-1)
  if (peer === undefined || newest === undefined) return [state, []]
  const initiations = takeToken(state.initiations, HANDSHAKES, env.deps.elapsedMs())
  if (initiations === undefined) return [state, []]
  const settled = settle({ ...state, initiations }, (other) => other === peer)
  return andThen(lead(settled, newest, peer, env), (next) => leadPairs(next, env))
}

/** Unanswered sessions beyond the newest few go. */
const boundedPending = (link: Link): Link => {
  const pending = link.sessions.filter((session) => session.phase === "unconfirmed")
  const surplus = new Set(pending.slice(0, Math.max(0, pending.length - MAX_PENDING_CHANNEL_SESSIONS)))
  return { ...link, sessions: link.sessions.filter((session) => !surplus.has(session as never)) }
}

const openSessions = ({ link }: Party): readonly Bytes[] =>
  link.sessions.filter((session) => session.phase === "established").map((session) => session.id)

const lead = (state: Pairing, own: OwnHello, peer: PeerHello, env: Env): Step => {
  const party = partyOf(state, peer.account)
  const standing = sendingSession(party.link)?.id
  const { context } = env.setting
  const source = {
    mode: "channel",
    initiatorNonce: own.hello.nonce,
    responderNonce: peer.hello.nonce,
    fresh: freshOf(own.hello, peer.hello),
  } as const
  const input = { type: "bundle", own: env.setting.own, bundle: peer.hello.bundle, context, source } as const
  let link: Link
  let made: Effect | undefined
  try {
    ;[link, [made]] = transition(party.link, input, env.deps)
  } catch (error) {
    if (!SecureChatError.is(error)) throw error
    return [ignore(state, "refused"), []]
  }
  const session = made?.type === "session" ? sessionOf(link, made.sessionId) : undefined
  if (session === undefined) throw new SecureChatError("ERR_INTERNAL", "no session was made")
  const noted = withNote({ ...party, link: boundedPending(link) }, session.id, { base: state.numbers.sent })
  const sealed = sealOpening(state, noted, { kind: "channelOpen", session }, env)
  const now = env.deps.elapsedMs()
  const again = doubled({ atMs: now, waitMs: HELLO_BACKOFF_MIN_MS }, now)
  const attempt = {
    account: peer.account,
    sessionId: session.id,
    peerOrder: peer.order,
    retires: [...(standing === undefined ? [] : [standing]), ...openSessions(party)],
    frame: sealed.frame,
    startedAtMs: now,
    again,
  }
  const next = withParty(sealed.state, sealed.party)
  return [{ ...next, attempts: [...next.attempts, attempt] }, [{ type: "transmit", frame: sealed.frame }]]
}

// ── answering ────────────────────────────────────────────────────────────────────────────────────

/** What a first message must agree with before any key operation. */
interface Pair {
  readonly own: OwnHello
  readonly peer: PeerHello
}

type Named =
  | { readonly type: "pairs"; readonly pairs: readonly Pair[] }
  | { readonly type: "unknown" }
  | { readonly type: "refused" }

/**
 * The pairs of hellos a block names. Certificate and list must be those of the initiator's hello, else a third
 * party answers under somebody else's hello (attack A21).
 */
const namedPairs = (state: Pairing, block: HandshakeBlock): Named => {
  const nonces = block.channelNonces
  if (nonces === undefined || compareBytes(nonces[0], nonces[1]) >= 0) return { type: "refused" }
  const own = state.own.find(({ hello }) => equalBytes(hello.nonce, nonces[1]))
  const peers = state.peers.filter(({ hello }) => equalBytes(hello.nonce, nonces[0]))
  if (own === undefined || peers.length === 0) return { type: "unknown" }
  const pairs = peers
    .filter(
      ({ hello }) =>
        equalBytes(hello.bundle.certificate.bytes, block.certificate.bytes) &&
        equalBytes(hello.bundle.list.bytes, block.list.bytes) &&
        commonSuite(hello, own.hello) === block.suite,
    )
    .map((peer) => ({ own, peer }))
  const keys = block.spkId === own.spk.statement.keyId && block.pqId === own.pq.statement.keyId
  return keys && pairs.length > 0 ? { type: "pairs", pairs } : { type: "refused" }
}

/** A first message of a session we do not know. */
export const answerFirst = (state: Pairing, envelope: Envelope, env: Env): Step => {
  const block = envelope.handshake
  if (block === undefined) return [ignore(state, "foreign"), []]
  const named = namedPairs(state, block)
  if (named.type === "unknown") return answerUnknownPair(state, formatAccountId(block.list.accountId), env)
  if (named.type === "refused") return [ignore(state, "refused"), []]
  let current = state
  for (const pair of named.pairs) {
    if (standingOf(current, pair.peer.account, env) === "stranger") continue
    const responses = takeToken(current.responses, HANDSHAKES, env.deps.elapsedMs())
    if (responses === undefined) return [ignore(current, "limited"), []]
    current = { ...current, responses }
    const answered = respond(current, pair, envelope, env)
    if (answered !== undefined) return answered
  }
  return [ignore(current, "refused"), []]
}

const contextOf = ({ own, peer }: Pair, block: HandshakeBlock, { setting }: Env): FirstMessageContext => ({
  keys: { spk: own.spk, opk: undefined, pq: own.pq },
  // The keys of a hello are gone with their first use, so nothing of it can be replayed.
  replayed: false,
  ownListHash:
    block.peerListVersion === setting.own.list.version ? deviceListHash(setting.own.list.body) : undefined,
  fresh: freshOf(peer.hello, own.hello),
  context: setting.context,
})

/** undefined: it does not authenticate, or is no opening; then no key is spent and nothing has changed. */
const openedBy = (
  party: Party,
  pair: Pair,
  envelope: Envelope,
  env: Env,
): { readonly link: Link; readonly session: Session } | undefined => {
  const { own } = env.setting
  const block = envelope.handshake
  if (block === undefined) return undefined
  try {
    const first = contextOf(pair, block, env)
    const [link, effects] = transition(party.link, { type: "receive", own, envelope, first }, env.deps)
    const opened = effects.find((effect) => effect.type === "opened")
    const session = sessionOf(link, envelope.sessionId)
    if (opened?.payload.kind !== "channelOpen" || session === undefined) return undefined
    readOpening(opened.payload, session, own)
    return { link, session }
  } catch (error) {
    if (!SecureChatError.is(error)) throw error
    return undefined
  }
}

const respond = (state: Pairing, pair: Pair, envelope: Envelope, env: Env): Step | undefined => {
  const party = partyOf(state, pair.peer.account)
  const begun = openedBy(party, pair, envelope, env)
  if (begun === undefined) return undefined
  const { session } = begun
  const noted = withNote({ ...party, link: begun.link }, session.id, { base: state.numbers.sent })
  const sealed = sealOpening(state, noted, { kind: "channelOpenAck", session }, env)
  const acked = withParty(sealed.state, withNote(sealed.party, session.id, { ack: sealed.frame }))
  // The signed prekey has moved into the ratchet; the rest is used up.
  const spent = { ...acked, own: acked.own.filter((hello) => hello !== pair.own) }
  const retires = openedBefore(noted, pair.peer.order)
  const opening = { account: party.account, session, peerOrder: pair.peer.order, retires }
  const open = opened(spent, opening, env)
  return [open[0], [{ type: "transmit", frame: sealed.frame }, ...open[1]]]
}

// ── opening ──────────────────────────────────────────────────────────────────────────────────────

export interface Opening {
  readonly account: Party["account"]
  readonly session: Session
  /** When the peer's hello of this pair was first seen. */
  readonly peerOrder: number
  /** Sessions that are receive-only from now on. */
  readonly retires: readonly Bytes[]
}

/**
 * Sessions that were open before the peer's hello came. Whatever its block names as replaced, it may have lost
 * them all: a page that reloaded may name an attempt we never saw. What is still sent on them opens.
 */
const openedBefore = (party: Party, order: number): readonly Bytes[] =>
  party.link.sessions
    .filter((session) => (noteOf(party, session.id).openedOrder ?? Infinity) < order)
    .map((session) => session.id)

const retireAll = (party: Party, sessionIds: readonly Bytes[], nowMs: number): Party => ({
  ...party,
  link: sessionIds.reduce((link, sessionId) => retire(link, sessionId, nowMs), party.link),
})

/** Something authentic came on a session for the first time. */
export const opened = (state: Pairing, opening: Opening, env: Env): Step => {
  const order = state.order + 1
  const { account, session } = opening
  const before = withNote(partyOf(state, account), session.id, { openedOrder: order })
  const party = retireAll(before, opening.retires, env.deps.nowMs())
  const settled = settle(
    {
      ...withParty(state, party),
      order,
      // Older first messages to the same peer would only make it answer pairs it has forgotten.
      attempts: state.attempts.filter(
        (attempt) => attempt.account !== account || attempt.peerOrder > opening.peerOrder,
      ),
    },
    (peer) => peer.account === account && peer.order <= opening.peerOrder,
  )
  const pin = { accountId: session.peer.accountId, accountKey: session.peer.accountKey }
  const { trust } = settled
  if (trust !== undefined && !equalBytes(trust.pin.accountKey, pin.accountKey))
    return [asCandidate(settled, account, env), []]
  return alone(pinned(settled, pin, env), account)
}

const asCandidate = (state: Pairing, account: Party["account"], { deps }: Env): Pairing =>
  state.candidate?.account === account && state.candidate.completed
    ? state
    : { ...state, candidate: { account, sinceMs: deps.elapsedMs(), completed: true } }

/** First use pins; the pinned account's opening clears a change of identity somebody else began. */
const pinned = (state: Pairing, pin: Pin, { setting }: Env): Pairing => ({
  ...state,
  trust:
    state.trust === undefined
      ? firstSeen(setting.name, pin)
      : state.trust.candidate === undefined
        ? state.trust
        : observe(state.trust, pin),
})

/** Two parties: whoever else is in the pipe is set aside from now on. */
export const alone = (state: Pairing, account: Party["account"]): Step => {
  const others = new Set([...state.peers, ...state.parties].map((other) => other.account))
  others.delete(account)
  const kept: Pairing = {
    ...state,
    peers: state.peers.filter((peer) => peer.account === account),
    parties: state.parties.filter((party) => party.account === account),
    attempts: state.attempts.filter((attempt) => attempt.account === account),
    candidate: undefined,
    hello: undefined,
  }
  return [...others].reduce<Step>((step, other) => andThen(step, (next) => tell(next, other)), [kept, []])
}
