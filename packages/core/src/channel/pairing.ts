/**
 * The machine of a channel: `(state, input, env) → [state, effects]`. It says hello until a peer has answered,
 * agrees on keys with it, and carries messages once both know that they have the same. Not its concern: the pipe,
 * the store, what a person is shown (`channel.ts`). protocol.md §5
 */
import { type Pin, type Trust, forgetMismatch, observe } from "../identity/trust.ts"
import {
  FIRST_MESSAGE_REPEAT_MS,
  FOREIGN_PEER_GRACE_MS,
  HELLO_BACKOFF_MIN_MS,
  LIVE_KEY_AGE_MS,
} from "../limits.ts"
import { sendingSession } from "../session/tie-break.ts"
import { transition } from "../session/transition.ts"
import { tokenAtMs } from "./bucket.ts"
import { dropOldHellos, doubled, hearHello, sendHello } from "./offers.ts"
import { alone, leadPairs, nextToLead } from "./openings.ts"
import { type PairingInput, type Step, andThen } from "./pairing-input.ts"
import {
  type Attempt,
  type Env,
  HANDSHAKES,
  type Pairing,
  ignore,
  openParty,
  partyOf,
  pinnedAccount,
} from "./pairing-state.ts"
import { readFrame } from "./room.ts"
import { hearEnvelope, sendMessage } from "./traffic.ts"

/** @throws what `send` does; every other input is taken, whatever it holds. The caller's state stays as it was. */
export const pair = (state: Pairing, input: PairingInput, env: Env): Step =>
  andThen(
    andThen([passTime(state, env), []], (next) => take(next, input, env)),
    (next) => whatIsDue(next, env),
  )

const take = (state: Pairing, input: PairingInput, env: Env): Step => {
  switch (input.type) {
    case "online":
      // A hello goes out at once, whatever its back-off had reached.
      return [{ ...state, online: true, hello: undefined }, []]
    case "offline":
      return [{ ...state, online: false }, []]
    case "frame":
      return hear(state, input.frame, env)
    case "tick":
      return [state, []]
    case "send":
      return sendMessage(state, input.body, env)
    case "trust":
      return decided(state, input.trust)
    case "reset":
      return [startOver(state), []]
  }
}

const hear = (state: Pairing, bytes: Uint8Array, env: Env): Step => {
  const frame = readFrame(bytes, state, env)
  switch (frame.type) {
    case "ignored":
      return [ignore(state, frame.why), []]
    case "hello":
      return hearHello(state, frame.hello, env)
    case "envelope":
      return hearEnvelope(state, frame.envelope, bytes, env)
  }
}

/** Accepting or verifying a changed identity makes it the peer: its session, if it has one, is the channel now. */
const decided = (state: Pairing, trust: Trust): Step => {
  const next = { ...state, trust }
  const account = pinnedAccount(trust)
  return account !== undefined && openParty(next) !== undefined ? alone(next, account) : [next, []]
}

const startOver = (state: Pairing): Pairing => ({
  ...state,
  own: [],
  peers: [],
  parties: [],
  attempts: [],
  candidate: undefined,
  hello: undefined,
  trust: state.trust === undefined ? undefined : forgetMismatch(state.trust),
})

// ── time ─────────────────────────────────────────────────────────────────────────────────────────

/** What time alone ends. */
const passTime = (state: Pairing, env: Env): Pairing => {
  const now = env.deps.elapsedMs()
  const aged = dropOldHellos(state, now)
  const attempts = aged.attempts.filter((attempt) => now - attempt.startedAtMs < FIRST_MESSAGE_REPEAT_MS)
  const parties = aged.parties.map((party) => ({
    ...party,
    link: transition(party.link, { type: "tick" }, env.deps)[0],
  }))
  return foreignGrace({ ...aged, attempts, parties }, now)
}

/**
 * Another account under a pinned name: red once it has completed a handshake and the pinned one has not opened
 * meanwhile. One that does not complete makes room for the next.
 */
const foreignGrace = (state: Pairing, now: number): Pairing => {
  const { candidate, trust } = state
  if (candidate === undefined || trust === undefined) return state
  const due = now >= candidate.sinceMs + graceMs(candidate.completed)
  if (!due) return state
  if (!candidate.completed) return forgetCandidate(state, candidate.account)
  const pin = pinOf(state, candidate.account)
  return pin === undefined
    ? forgetCandidate(state, candidate.account)
    : { ...state, trust: changed(trust, pin) }
}

const changed = (trust: Trust, pin: Pin): Trust =>
  trust.candidate === undefined ? observe(trust, pin) : trust

const graceMs = (completed: boolean): number => (completed ? FOREIGN_PEER_GRACE_MS : LIVE_KEY_AGE_MS)

const pinOf = (state: Pairing, account: Attempt["account"]): Pin | undefined => {
  const peer = sendingSession(partyOf(state, account).link)?.peer
  return peer === undefined ? undefined : { accountId: peer.accountId, accountKey: peer.accountKey }
}

const forgetCandidate = (state: Pairing, account: Attempt["account"]): Pairing => ({
  ...state,
  candidate: undefined,
  peers: state.peers.filter((peer) => peer.account !== account),
  parties: state.parties.filter((party) => party.account !== account),
  attempts: state.attempts.filter((attempt) => attempt.account !== account),
})

/** What must leave now: hellos while nobody is there, first messages, and their repeats. */
const whatIsDue = (state: Pairing, env: Env): Step => {
  if (!state.online) return [state, []]
  return andThen(
    andThen(repeatHello(state, env), (next) => leadPairs(next, env)),
    (next) => repeatAttempts(next, env),
  )
}

/** Until the channel is open, not only until a hello is seen: on a lossy pipe the answer may be what was lost. */
const repeatHello = (state: Pairing, env: Env): Step => {
  if (openParty(state) !== undefined)
    return [state.hello === undefined ? state : { ...state, hello: undefined }, []]
  const now = env.deps.elapsedMs()
  const due = state.hello ?? { atMs: now, waitMs: HELLO_BACKOFF_MIN_MS }
  if (due.atMs > now) return [state, []]
  return sendHello({ ...state, hello: doubled(due, now) }, env)
}

const repeatAttempts = (state: Pairing, { deps }: Env): Step => {
  const now = deps.elapsedMs()
  const due = state.attempts.filter((attempt) => attempt.again.atMs <= now)
  if (due.length === 0) return [state, []]
  const attempts = state.attempts.map((attempt) =>
    due.includes(attempt) ? { ...attempt, again: doubled(attempt.again, now) } : attempt,
  )
  return [{ ...state, attempts }, due.map(({ frame }) => ({ type: "transmit", frame }) as const)]
}

/** When `tick` has something to do, on the monotonic clock; undefined: never by itself. */
export const nextAtMs = (state: Pairing, env: Env): number | undefined => {
  const { candidate, trust } = state
  const waiting =
    candidate !== undefined && !(candidate.completed && trust?.candidate !== undefined)
      ? [candidate.sinceMs + graceMs(candidate.completed)]
      : []
  const ends = [
    ...state.own.map((own) => own.madeAtMs + LIVE_KEY_AGE_MS),
    ...state.peers.map((peer) => peer.seenAtMs + LIVE_KEY_AGE_MS),
    ...state.attempts.map((attempt) => attempt.startedAtMs + FIRST_MESSAGE_REPEAT_MS),
    ...waiting,
  ]
  const sends = state.online
    ? [
        ...state.attempts.map((attempt) => attempt.again.atMs),
        ...(state.hello === undefined ? [] : [state.hello.atMs]),
        ...(nextToLead(state, env) === undefined ? [] : [tokenAtMs(state.initiations, HANDSHAKES)]),
      ]
    : []
  const all = [...ends, ...sends]
  return all.length === 0 ? undefined : Math.min(...all)
}
