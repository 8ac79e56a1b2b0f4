/**
 * What a channel knows while it looks for its peer and after it found it: plain readonly data. Everything a
 * person is shown is computed from it. protocol.md §5
 *
 *   started ──hello──► pairs of hellos ──channel-open / ack──► open ──new hello of the same account──┐
 *      ▲                                                        ▲  │                                 │
 *      └── reset, session expired ─────────────────────────────────┘  (the old session goes on) ◄────┘
 *
 * Open is computed (`openParty`), never stored: the pinned account has a session on which something came.
 */
import { equalBytes } from "../bytes/compare.ts"
import { toHex } from "../bytes/text.ts"
import type { Bytes, Deps } from "../deps.ts"
import type { Identity } from "../identity/keys.ts"
import type { Trust } from "../identity/trust.ts"
import {
  CHANNEL_HANDSHAKE_BURST,
  CHANNEL_HANDSHAKE_REFILL_MS,
  HELLO_ANSWER_BURST,
  HELLO_ANSWER_REFILL_MS,
  MAX_CHANNEL_PARTIES,
} from "../limits.ts"
import { type Link, type Session, emptyLink } from "../session/state.ts"
import { sendingSession } from "../session/tie-break.ts"
import { type AccountId, formatAccountId } from "../wire/address.ts"
import type { Hello } from "../wire/channel.ts"
import { type Bucket, type Rate, fullBucket } from "./bucket.ts"
import type { OwnHello } from "./hello.ts"
import { type HeardNumbers, NOTHING_HEARD, type Numbers, newNumbers } from "./numbers.ts"
import type { ChannelRole } from "./types.ts"

/** What does not change while a channel runs. */
interface Setting {
  readonly own: Identity
  readonly role: ChannelRole
  /** Bound into the keys, at most 255 bytes. */
  readonly context: Bytes
  readonly contextHash: Bytes
  /** The name the peer is pinned and verified under. */
  readonly name: string
  /** The only account to pair with; nobody can accept another one. */
  readonly only: AccountId | undefined
}

/** Beside randomness and the informative clock: one that never jumps, in milliseconds of any origin. */
export interface PairingDeps extends Deps {
  readonly elapsedMs: () => number
}
export interface Env {
  readonly setting: Setting
  readonly deps: PairingDeps
}

/** A hello of somebody else, its signatures checked. */
export interface PeerHello {
  readonly hello: Hello
  readonly account: AccountId
  /** Place in the order of everything that happened. */
  readonly order: number
  readonly seenAtMs: number
  /** No first message of ours is due for it: sent, or its pair has opened. */
  readonly settled: boolean
}

/** Beside a session: what the machine below does not know. */
export interface SessionNote {
  /** When it opened, in the order of everything that happened; undefined: not yet. */
  readonly openedOrder: number | undefined
  /** Own messages sent before it began. */
  readonly base: number
  /** Number of the first own message on it; undefined: none. */
  readonly firstSent: number | undefined
  /** The acknowledgement as it was sent, of a session the peer began. */
  readonly ack: Bytes | undefined
}

/** One account in the pipe and the sessions with it. One device each for now. */
export interface Party {
  readonly account: AccountId
  readonly link: Link
  readonly heard: HeardNumbers
  /** By session id in hex. */
  readonly notes: ReadonlyMap<string, SessionNote>
}

/** Our first message for one pair of hellos, repeated as it is until something authentic comes back. */
export interface Attempt {
  readonly account: AccountId
  readonly sessionId: Bytes
  /** Of the peer hello it answers. */
  readonly peerOrder: number
  /** Sessions it retires once it is open: those that were open, or under way, when it began. */
  readonly retires: readonly Bytes[]
  readonly frame: Bytes
  readonly startedAtMs: number
  readonly again: Repeat
}
export interface Repeat {
  readonly atMs: number
  readonly waitMs: number
}

/** Another account than the pinned one that may hand-shake: one at a time. */
interface Candidate {
  readonly account: AccountId
  readonly sinceMs: number
  /** It has completed a handshake; nothing of it is shown before a person decides. */
  readonly completed: boolean
}

/** Why a frame was left alone. None of these is an error in a broadcast room. */
export type Ignored =
  | "foreign"
  | "echo"
  | "context"
  | "own-account"
  | "third-party"
  | "duplicate"
  | "refused"
  | "limited"
  | "unknown-pair"
  | "unsupported"

export interface Pairing {
  readonly online: boolean
  /** Newest last. */
  readonly own: readonly OwnHello[]
  readonly peers: readonly PeerHello[]
  readonly parties: readonly Party[]
  readonly attempts: readonly Attempt[]
  readonly trust: Trust | undefined
  readonly candidate: Candidate | undefined
  /** The next hello; undefined: none is due. */
  readonly hello: Repeat | undefined
  readonly answers: Bucket
  readonly initiations: Bucket
  readonly responses: Bucket
  readonly numbers: Numbers
  readonly order: number
  /** Accounts the app was told about. */
  readonly told: readonly AccountId[]
  readonly ignored: Readonly<Partial<Record<Ignored, number>>>
}

export const ANSWERS: Rate = { burst: HELLO_ANSWER_BURST, refillMs: HELLO_ANSWER_REFILL_MS }
export const HANDSHAKES: Rate = { burst: CHANNEL_HANDSHAKE_BURST, refillMs: CHANNEL_HANDSHAKE_REFILL_MS }

export const newPairing = (trust: Trust | undefined, deps: PairingDeps): Pairing => {
  const now = deps.elapsedMs()
  return {
    online: false,
    own: [],
    peers: [],
    parties: [],
    attempts: [],
    trust,
    candidate: undefined,
    hello: undefined,
    answers: fullBucket(ANSWERS, now),
    initiations: fullBucket(HANDSHAKES, now),
    responses: fullBucket(HANDSHAKES, now),
    numbers: newNumbers(deps),
    order: 0,
    told: [],
    ignored: {},
  }
}

const sidKey = (sessionId: Bytes): string => toHex(sessionId)

export const pinnedAccount = (trust: Trust | undefined): AccountId | undefined =>
  trust === undefined ? undefined : formatAccountId(trust.pin.accountId)

const newParty = (account: AccountId): Party => ({
  account,
  link: emptyLink,
  heard: NOTHING_HEARD,
  notes: new Map(),
})

export const partyOf = (state: Pairing, account: AccountId): Party =>
  state.parties.find((party) => party.account === account) ?? newParty(account)

/** Accounts cost nothing: in a room where nobody has opened yet the oldest goes. */
export const withParty = (state: Pairing, party: Party): Pairing => ({
  ...state,
  parties: [...state.parties.filter(({ account }) => account !== party.account), party].slice(
    -MAX_CHANNEL_PARTIES,
  ),
})

const NEW_SESSION: SessionNote = { openedOrder: undefined, base: 0, firstSent: undefined, ack: undefined }

export const noteOf = (party: Party, sessionId: Bytes): SessionNote =>
  party.notes.get(sidKey(sessionId)) ?? NEW_SESSION

export const withNote = (party: Party, sessionId: Bytes, change: Partial<SessionNote>): Party => {
  const note = { ...noteOf(party, sessionId), ...change }
  const live = new Set(party.link.sessions.map((session) => sidKey(session.id)))
  const kept = [...party.notes].filter(([id]) => live.has(id))
  return { ...party, notes: new Map(kept).set(sidKey(sessionId), note) }
}

export const sessionOf = (link: Link, sessionId: Bytes): Session | undefined =>
  link.sessions.find((session) => equalBytes(session.id, sessionId))

/** The pinned peer, once something authentic came on a session with it: only then content may be sent. */
export const openParty = (state: Pairing): Party | undefined => {
  const account = pinnedAccount(state.trust)
  const party = state.parties.find((candidate) => candidate.account === account)
  return party !== undefined && sendingSession(party.link)?.phase === "established" ? party : undefined
}

export const ignore = (state: Pairing, why: Ignored): Pairing => ({
  ...state,
  ignored: { ...state.ignored, [why]: (state.ignored[why] ?? 0) + 1 },
})
