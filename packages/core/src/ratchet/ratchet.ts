/**
 * The Double Ratchet: seal and open messages. Pure: a candidate state comes out and the caller commits it;
 * a refused message leaves the caller's state as it was. protocol.md §6; Double Ratchet, revision 1.
 * Not its concern: what a payload holds, which session a message belongs to, storage.
 */
import { equalBytes } from "../bytes/compare.ts"
import type { Bytes, Deps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { openToken, sealToken } from "../fernet/token.ts"
import { MAX_FORWARD_JUMP, SESSION_MAX_MESSAGES } from "../limits.ts"
import { drawn } from "../primitives/draw.ts"
import { x25519, x25519KeyPair } from "#primitives"
import { KEY_BYTES } from "../wire/certificate.ts"
import { type Envelope, type EnvelopeHeader, encodeHeader } from "../wire/envelope.ts"
import { unopened } from "../wire/faults.ts"
import { advance, associatedData, messageFernetKey, otherRole } from "./chain.ts"
import {
  type Advertised,
  advertise,
  checkPeerKemKey,
  decapsulateStep,
  encapsulateStep,
  mayAdvertise,
} from "./kem-step.ts"
import { rootStep } from "./root.ts"
import { evict, findChain, findSkipped, wasEvicted, withChain, withoutSkipped } from "./skipped.ts"
import type { RatchetKeyPair, RatchetState, ReceivingChain, SendingChain, SkippedKey } from "./state.ts"
import type { Secret } from "../bytes/secret.ts"

const IV_BYTES = 16

// ── start ────────────────────────────────────────────────────────────────────────────────────────

const fresh = (role: RatchetState["role"], rootKey: Secret, associated: Bytes): RatchetState => ({
  role,
  associated,
  rootKey,
  own: undefined,
  remoteKey: undefined,
  sending: undefined,
  receiving: undefined,
  previousCount: 0,
  needSend: false,
  peerKemKey: undefined,
  ownKemSecret: undefined,
  turnsSinceKem: 0,
  lastKemAtMs: 0,
  peerTurns: 0,
  skipped: [],
  chains: [],
})

/** @param peerKey SPK_B. The first send makes the first chain. */
export const startInitiator = (rootKey: Secret, associated: Bytes, peerKey: Bytes): RatchetState => ({
  ...fresh("initiator", rootKey, associated),
  remoteKey: peerKey,
  needSend: true,
})

/** @param ownKey the signed prekey's pair: the first ratchet key, gone with the first step. */
export const startResponder = (rootKey: Secret, associated: Bytes, ownKey: RatchetKeyPair): RatchetState => ({
  ...fresh("responder", rootKey, associated),
  own: ownKey,
})

export const canSend = (state: RatchetState): boolean =>
  state.sending !== undefined || state.remoteKey !== undefined

// ── send ─────────────────────────────────────────────────────────────────────────────────────────

const agree = (own: Secret, theirs: Bytes): Bytes => {
  try {
    return x25519(own.expose(), theirs)
  } catch (cause) {
    throw unopened(cause)
  }
}

/** The sending half-step: fresh keys, only when a new receiving chain asks for an answer. */
const turn = (state: RatchetState, deps: Deps): RatchetState => {
  if (state.remoteKey === undefined) throw new SecureChatError("ERR_STATE", "nothing was received yet")
  const own = x25519KeyPair(drawn(deps, KEY_BYTES))
  const kem = encapsulateStep(state.peerKemKey, deps)
  const step = rootStep(state.rootKey, agree(own.secret, state.remoteKey), kem)
  const offer: Advertised | undefined = mayAdvertise(state, deps.nowMs()) ? advertise(deps) : undefined
  const sending: SendingChain = {
    chainKey: step.chainKey,
    signalKey: step.signalKey,
    count: 0,
    kemKey: offer?.publicKey,
    kemCiphertext: kem?.ciphertext,
    signalNext: 0,
    signalReserved: 0,
  }
  return {
    ...state,
    rootKey: step.rootKey,
    own,
    sending,
    previousCount: state.sending?.count ?? 0,
    needSend: false,
    peerKemKey: undefined,
    ownKemSecret: offer?.seed ?? state.ownKemSecret,
    turnsSinceKem: offer === undefined ? state.turnsSinceKem + 1 : 0,
    lastKemAtMs: offer === undefined ? state.lastKemAtMs : Math.max(1, deps.nowMs()),
  }
}

/** What the session adds to a message: its header fields beside the ratchet's, and the padded payload. */
export interface Outgoing {
  readonly sessionId: Bytes
  /** The handshake block, until the peer has answered. */
  readonly handshake: Bytes | undefined
  readonly commitment: Bytes | undefined
  readonly payload: Bytes
}

/**
 * Seal one message.
 * @returns the next state and the envelope's bytes; both are stored before the network sees the envelope.
 * @throws ERR_STATE when this side cannot send yet.
 */
export const encrypt = (
  state: RatchetState,
  message: Outgoing,
  deps: Deps,
): readonly [RatchetState, Bytes] => {
  const ready = state.needSend || state.sending === undefined ? turn(state, deps) : state
  const { sending, own } = ready
  if (sending === undefined || own === undefined) throw new SecureChatError("ERR_STATE", "no sending chain")
  const { messageKey, next } = advance(sending.chainKey)
  const header = encodeHeader({
    type: message.handshake === undefined ? "message" : "first",
    sessionId: message.sessionId,
    ratchetKey: own.publicKey,
    previousCount: ready.previousCount,
    count: sending.count,
    handshake: message.handshake,
    kemKey: sending.kemKey,
    kemCiphertext: sending.kemCiphertext,
    commitment: message.commitment,
  } satisfies EnvelopeHeader)
  const key = messageFernetKey(messageKey, associatedData(ready.associated, ready.role), header)
  // The IV stays random: after a state roll-back the same message key could encrypt twice.
  const envelope = sealToken(key, message.payload, deps.random(IV_BYTES), header)
  const after = { ...ready, sending: { ...sending, chainKey: next, count: sending.count + 1 } }
  return [evict(after, deps.nowMs())[0], envelope]
}

// ── receive ──────────────────────────────────────────────────────────────────────────────────────

const tooFar = (): SecureChatError => new SecureChatError("ERR_TOO_FAR", "counter beyond the limit")

/** Known before opening, without deriving: repeats and what is too old. */
const refuseKnown = (state: RatchetState, ratchetKey: Bytes, count: number): void => {
  const chain = findChain(state, ratchetKey)
  if (chain === undefined) return
  const { receiving } = state
  if (receiving !== undefined && equalBytes(receiving.ratchetKey, ratchetKey) && count >= receiving.count)
    return
  if (wasEvicted(chain, count))
    throw new SecureChatError("ERR_TOO_OLD", "the key of this message was dropped")
  throw new SecureChatError("ERR_DUPLICATE", "this message was taken before")
}

/** Advances a chain to `count` and keeps the keys in between. Bounded by the caller. */
const advanceTo = (
  chain: ReceivingChain,
  count: number,
  keep: (messageKey: Secret, count: number) => SkippedKey,
): { readonly chain: ReceivingChain; readonly kept: readonly SkippedKey[] } => {
  const kept: SkippedKey[] = []
  let chainKey = chain.chainKey
  for (let at = chain.count; at < count; at++) {
    const step = advance(chainKey)
    kept.push(keep(step.messageKey, at))
    chainKey = step.next
  }
  return { chain: { ...chain, chainKey, count: Math.max(count, chain.count) }, kept }
}

const keeper =
  (state: RatchetState, ratchetKey: Bytes, nowMs: number) =>
  (messageKey: Secret, count: number): SkippedKey => ({
    ratchetKey,
    count,
    messageKey,
    storedAtMs: nowMs,
    turn: state.peerTurns,
  })

type Candidate = {
  readonly state: RatchetState
  readonly messageKey: Secret
  readonly finish: () => RatchetState
}

/** A message of the current receiving chain. */
const inChain = (
  state: RatchetState,
  chain: ReceivingChain,
  envelope: Envelope,
  nowMs: number,
): Candidate => {
  // A peer that jumps on and on reaches the last u32 long before its session is old.
  if (envelope.count >= SESSION_MAX_MESSAGES) throw tooFar()
  if (envelope.count - chain.count > MAX_FORWARD_JUMP) throw tooFar()
  const reached = advanceTo(chain, envelope.count, keeper(state, chain.ratchetKey, nowMs))
  const { messageKey, next } = advance(reached.chain.chainKey)
  const receiving = { ...reached.chain, chainKey: next, count: envelope.count + 1 }
  const candidate = { ...state, receiving, skipped: [...state.skipped, ...reached.kept] }
  return { state: candidate, messageKey, finish: () => candidate }
}

/** The receiving half-step. `finish` derives what is outstanding of the old chain, only once the message opened. */
const newChain = (state: RatchetState, envelope: Envelope, nowMs: number): Candidate => {
  const old = state.receiving
  // The peer's new chain answers our current one: without one of ours in between there is none (strict ping-pong).
  if (state.own === undefined || (old !== undefined && state.needSend)) throw unopened()
  if (envelope.count > MAX_FORWARD_JUMP) throw tooFar()
  if (envelope.previousCount - (old?.count ?? 0) > MAX_FORWARD_JUMP) throw tooFar()
  const kem = decapsulateStep(state, envelope.kemCiphertext)
  const step = rootStep(state.rootKey, agree(state.own.secret, envelope.ratchetKey), kem)
  const begun: ReceivingChain = {
    ratchetKey: envelope.ratchetKey,
    chainKey: step.chainKey,
    signalKey: step.signalKey,
    count: 0,
    signalsSeen: [],
    signalFloor: 0,
  }
  const turned: RatchetState = {
    ...withChain(state, envelope.ratchetKey),
    rootKey: step.rootKey,
    remoteKey: envelope.ratchetKey,
    receiving: begun,
    needSend: true,
    peerTurns: state.peerTurns + 1,
    peerKemKey: envelope.kemKey,
    ownKemSecret: kem === undefined ? state.ownKemSecret : undefined,
  }
  const reached = inChain(turned, begun, envelope, nowMs)
  const finish = (): RatchetState => {
    if (envelope.kemKey !== undefined) checkPeerKemKey(envelope.kemKey)
    if (old === undefined || envelope.previousCount <= old.count) return reached.state
    const { kept } = advanceTo(old, envelope.previousCount, keeper(state, old.ratchetKey, nowMs))
    return {
      ...reached.state,
      skipped: [...state.skipped, ...kept, ...reached.state.skipped.slice(state.skipped.length)],
    }
  }
  return { state: reached.state, messageKey: reached.messageKey, finish }
}

const candidateFor = (state: RatchetState, envelope: Envelope, nowMs: number): Candidate => {
  const kept = findSkipped(state, envelope.ratchetKey, envelope.count)
  if (kept !== undefined) {
    const without = withoutSkipped(state, kept)
    return { state: without, messageKey: kept.messageKey, finish: () => without }
  }
  refuseKnown(state, envelope.ratchetKey, envelope.count)
  const chain = state.receiving
  if (chain !== undefined && equalBytes(chain.ratchetKey, envelope.ratchetKey))
    return inChain(state, chain, envelope, nowMs)
  return newChain(state, envelope, nowMs)
}

export interface Received {
  /** The padded payload, authentic. */
  readonly payload: Bytes
  /** Skipped keys dropped for number or age: their messages will not open any more. */
  readonly evicted: number
}

/**
 * Open one message, of type first or message.
 * @returns the candidate state, to be committed with what the message holds, and its payload.
 * @throws ERR_DUPLICATE, ERR_TOO_OLD, ERR_TOO_FAR before any derivation; ERR_AUTHENTICATION for everything else alike.
 */
export const decrypt = (
  state: RatchetState,
  envelope: Envelope,
  deps: Deps,
): readonly [RatchetState, Received] => {
  const nowMs = deps.nowMs()
  const [pruned, before] = evict(state, nowMs)
  const candidate = candidateFor(pruned, envelope, nowMs)
  const associated = associatedData(state.associated, otherRole(state.role))
  const payload = openToken(
    messageFernetKey(candidate.messageKey, associated, envelope.header),
    envelope.token,
  )
  const [after, evicted] = evict(candidate.finish(), nowMs)
  return [after, { payload, evicted: before + evicted }]
}
