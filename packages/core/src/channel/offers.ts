/**
 * Hellos coming and going: whom one answers, how often, and with which hello. protocol.md §5, rules 1, 4, 5, 7
 * Not its concern: the handshake a pair of hellos leads to (`openings.ts`).
 */
import { equalBytes } from "../bytes/compare.ts"
import { SecureChatError } from "../errors.ts"
import { accountIdOfKey } from "../identity/ids.ts"
import {
  HELLO_BACKOFF_MAX_MS,
  HELLO_MAX_AGE_MS,
  LIVE_KEY_AGE_MS,
  MAX_OWN_HELLOS,
  MAX_PEER_HELLOS,
  MAX_PEER_HELLOS_PER_ACCOUNT,
  MAX_THIRD_PARTIES,
} from "../limits.ts"
import { type AccountId, formatAccountId } from "../wire/address.ts"
import type { Hello } from "../wire/channel.ts"
import { takeToken } from "./bucket.ts"
import { type OwnHello, checkHello, commonSuite, makeOwnHello } from "./hello.ts"
import type { Step } from "./pairing-input.ts"
import {
  ANSWERS,
  type Env,
  type Pairing,
  type PeerHello,
  type Repeat,
  ignore,
  openParty,
  pinnedAccount,
} from "./pairing-state.ts"

/** Who an account is to this channel now. A stranger is set aside before any signature is checked. */
export type Standing = "peer" | "candidate" | "stranger"

export const standingOf = (state: Pairing, account: AccountId, { setting }: Env): Standing => {
  if (setting.only !== undefined) return account === setting.only ? "peer" : "stranger"
  const pinned = pinnedAccount(state.trust)
  if (pinned === undefined || account === pinned) return "peer"
  if (openParty(state) !== undefined) return "stranger"
  return state.candidate === undefined || state.candidate.account === account ? "candidate" : "stranger"
}

/** Tells of an account once, and of so many at most. */
export const tell = (state: Pairing, account: AccountId): Step => {
  if (state.told.includes(account) || state.told.length >= MAX_THIRD_PARTIES) return [state, []]
  return [{ ...state, told: [...state.told, account] }, [{ type: "third-party", account }]]
}

/** The newest own hello that may still be sent, made afresh where there is none. */
const currentHello = (state: Pairing, { setting, deps }: Env): readonly [Pairing, OwnHello] => {
  const elapsedMs = deps.elapsedMs()
  const newest = state.own.at(-1)
  if (newest !== undefined && elapsedMs - newest.madeAtMs <= HELLO_MAX_AGE_MS) return [state, newest]
  const { role, contextHash } = setting
  const made = makeOwnHello(setting.own, { role, contextHash, elapsedMs }, deps)
  return [{ ...state, own: [...state.own, made].slice(-MAX_OWN_HELLOS) }, made]
}

export const sendHello = (state: Pairing, env: Env): Step => {
  if (!state.online) return [state, []]
  const [next, own] = currentHello(state, env)
  return [next, [{ type: "transmit", frame: own.hello.bytes }]]
}

/** After a wait: the next is twice as long, at most 30 s. */
export const doubled = (repeat: Repeat, nowMs: number): Repeat => ({
  atMs: nowMs + repeat.waitMs,
  waitMs: Math.min(2 * repeat.waitMs, HELLO_BACKOFF_MAX_MS),
})

/** Two per account, four in all, the oldest goes. */
const withPeer = (state: Pairing, peer: PeerHello): Pairing => {
  const same = state.peers.filter(({ account }) => account === peer.account)
  const surplus = same.slice(0, Math.max(0, same.length + 1 - MAX_PEER_HELLOS_PER_ACCOUNT))
  const kept = state.peers.filter((other) => !surplus.includes(other))
  return { ...state, peers: [...kept, peer].slice(-MAX_PEER_HELLOS) }
}

const withCandidate = (state: Pairing, account: AccountId, nowMs: number): Pairing =>
  state.candidate === undefined
    ? { ...state, candidate: { account, sinceMs: nowMs, completed: false } }
    : state

/** Both ways: which of the two leads is not settled yet. */
const speaksOurs = (own: OwnHello, hello: Hello): boolean =>
  commonSuite(own.hello, hello) !== undefined && commonSuite(hello, own.hello) !== undefined

/** Costs nothing but a comparison until an answer is allowed: a flood is neither checked nor answered. */
export const hearHello = (state: Pairing, hello: Hello, env: Env): Step => {
  if (state.peers.some((peer) => equalBytes(peer.hello.bytes, hello.bytes)))
    return [ignore(state, "duplicate"), []]
  const account = formatAccountId(accountIdOfKey(hello.bundle.certificate.accountKey))
  const standing = standingOf(state, account, env)
  if (standing === "stranger") return tell(ignore(state, "third-party"), account)
  const now = env.deps.elapsedMs()
  const answers = takeToken(state.answers, ANSWERS, now)
  if (answers === undefined) return [ignore(state, "limited"), []]
  return answer({ ...state, answers }, { hello, account, standing }, env)
}

interface Caller {
  readonly hello: Hello
  readonly account: AccountId
  readonly standing: Standing
}

const answer = (state: Pairing, { hello, account, standing }: Caller, env: Env): Step => {
  try {
    checkHello(hello)
  } catch (error) {
    if (!SecureChatError.is(error)) throw error
    return [ignore(state, "refused"), []]
  }
  const [ready, own] = currentHello(state, env)
  if (!speaksOurs(own, hello)) return [ignore(state, "unsupported"), []]
  const now = env.deps.elapsedMs()
  const order = ready.order + 1
  const noted = withPeer({ ...ready, order }, { hello, account, order, seenAtMs: now, settled: false })
  return sendHello(standing === "candidate" ? withCandidate(noted, account, now) : noted, env)
}

/** Somebody answers a pair we do not know: what it lacks is a hello of ours. */
export const answerUnknownPair = (state: Pairing, account: AccountId, env: Env): Step => {
  const counted = ignore(state, "unknown-pair")
  if (standingOf(state, account, env) === "stranger") return tell(counted, account)
  const answers = takeToken(state.answers, ANSWERS, env.deps.elapsedMs())
  return answers === undefined ? [counted, []] : sendHello({ ...counted, answers }, env)
}

/** Private keys nobody used, and hellos whose keys must be gone by now. */
export const dropOldHellos = (state: Pairing, nowMs: number): Pairing => ({
  ...state,
  own: state.own.filter((own) => nowMs - own.madeAtMs < LIVE_KEY_AGE_MS),
  peers: state.peers.filter((peer) => nowMs - peer.seenAtMs < LIVE_KEY_AGE_MS),
})
