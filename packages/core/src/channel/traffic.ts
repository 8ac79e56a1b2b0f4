/** Messages on sessions: sealed on the one that sends, opened on whichever they name. protocol.md §5, §6.5 */
import { compareBytes, equalBytes } from "../bytes/compare.ts"
import { toBase64url } from "../bytes/text.ts"
import type { Seen } from "../content/meta.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { Effect } from "../session/effect.ts"
import type { Session } from "../session/state.ts"
import { retire } from "../session/retire.ts"
import { sendingSession } from "../session/tie-break.ts"
import { transition } from "../session/transition.ts"
import { type AccountId, formatAccountId, formatDeviceId } from "../wire/address.ts"
import type { Envelope } from "../wire/envelope.ts"
import { takeToken } from "./bucket.ts"
import { hearNumber, hearPairNumber } from "./numbers.ts"
import { answerFirst, opened } from "./openings.ts"
import { type PairingEffect, type Step, andThen } from "./pairing-input.ts"
import {
  ANSWERS,
  type Env,
  type Pairing,
  type Party,
  ignore,
  noteOf,
  openParty,
  partyOf,
  sessionOf,
  withNote,
  withParty,
} from "./pairing-state.ts"
import { messagePayload, readMessage, readOpening } from "./payloads.ts"

/** @throws ERR_NO_SESSION while the channel is not open; ERR_MESSAGE_TOO_LARGE. Nothing has changed then. */
export const sendMessage = (state: Pairing, body: string | Uint8Array, env: Env): Step => {
  const party = openParty(state)
  const session = party === undefined ? undefined : sendingSession(party.link)
  if (party === undefined || session === undefined)
    throw new SecureChatError("ERR_NO_SESSION", "the channel is not open")
  const numbers = { ...state.numbers, sent: state.numbers.sent + 1 }
  const { base, firstSent = numbers.sent } = noteOf(party, session.id)
  const { payload, messageId } = messagePayload({ body, base }, { party, session }, numbers, env)
  const input = { type: "send", own: env.setting.own, payload, commitKey: undefined } as const
  const [link, [made]] = transition(party.link, input, env.deps)
  if (made?.type !== "transmit") throw new SecureChatError("ERR_INTERNAL", "nothing was sealed")
  const sealed: PairingEffect = {
    type: "sealed",
    frame: made.envelope,
    id: toBase64url(messageId),
    device: formatDeviceId(session.peer.deviceId),
    contentBytes: payload.content.length,
  }
  const noted = withNote({ ...party, link }, session.id, { firstSent })
  return [withParty({ ...state, numbers }, noted), [sealed]]
}

/** A frame with an envelope: of a session we have, or the first of one. */
export const hearEnvelope = (state: Pairing, envelope: Envelope, frame: Uint8Array, env: Env): Step => {
  const party = state.parties.find(({ link }) => sessionOf(link, envelope.sessionId) !== undefined)
  if (party === undefined) return answerFirst(state, envelope, env)
  const input = { type: "receive", own: env.setting.own, envelope, first: undefined } as const
  try {
    const [link, effects] = transition(party.link, input, env.deps)
    const before = sessionOf(party.link, envelope.sessionId)
    const heard = { account: party.account, before, frame, effects }
    return received(withParty(state, { ...party, link }), envelope.sessionId, heard, env)
  } catch (error) {
    // It may be a forgery: nothing has changed, nothing is shown.
    if (!SecureChatError.is(error)) throw error
    const duplicate = error.code === "ERR_DUPLICATE"
    const counted = ignore(state, duplicate ? "duplicate" : "refused")
    return duplicate && envelope.type === "first"
      ? acknowledgeAgain(counted, party, envelope, env)
      : [counted, []]
  }
}

/** The peer did not get our acknowledgement: the stored one goes out again. */
const acknowledgeAgain = (state: Pairing, party: Party, envelope: Envelope, env: Env): Step => {
  const { ack } = noteOf(party, envelope.sessionId)
  if (ack === undefined) return [state, []]
  const answers = takeToken(state.answers, ANSWERS, env.deps.elapsedMs())
  return answers === undefined ? [state, []] : [{ ...state, answers }, [{ type: "transmit", frame: ack }]]
}

interface Heard {
  readonly account: AccountId
  /** The session as it was before. */
  readonly before: Session | undefined
  readonly frame: Uint8Array
  readonly effects: readonly Effect[]
}

const received = (state: Pairing, sessionId: Bytes, heard: Heard, env: Env): Step => {
  const session = sessionOf(partyOf(state, heard.account).link, sessionId)
  if (session === undefined) return [state, []]
  const confirmed = heard.before?.phase === "unconfirmed" && session.phase !== "unconfirmed"
  const open: Step = confirmed ? confirm(state, heard.account, session, env) : [state, []]
  return heard.effects.reduce<Step>(
    (step, effect) => andThen(step, (next) => dispose(next, { effect, session, frame: heard.frame }, env)),
    open,
  )
}

/** The peer answered our first message: an acknowledgement, or anything else it can only have sent with the keys. */
const confirm = (state: Pairing, account: AccountId, session: Session, env: Env): Step => {
  const attempt = state.attempts.find(({ sessionId }) => equalBytes(sessionId, session.id))
  const others = state.attempts.filter((other) => other !== attempt)
  // Late, after its repeats ended: it retires nothing, the tie-break settles which session sends.
  const { peerOrder, retires } = attempt ?? { peerOrder: 0, retires: [] }
  return opened({ ...state, attempts: others }, { account, session, peerOrder, retires }, env)
}

interface Disposal {
  readonly effect: Effect
  readonly session: Session
  readonly frame: Uint8Array
}

const dispose = (state: Pairing, disposal: Disposal, env: Env): Step => {
  const { effect } = disposal
  if (effect.type === "unreadable") return [state, [{ type: "unreadable", code: effect.code }]]
  if (effect.type !== "opened") return [state, []]
  try {
    return openedPayload(state, disposal, effect, env)
  } catch (error) {
    // Authentic and not to be understood: its key is spent, and it is told.
    if (!SecureChatError.is(error)) throw error
    return [state, [{ type: "unreadable", code: error.code }]]
  }
}

const openedPayload = (
  state: Pairing,
  { session, frame }: Disposal,
  effect: Effect & { readonly type: "opened" },
  env: Env,
): Step => {
  const { own } = env.setting
  const { kind } = effect.payload
  const party = partyOf(state, formatAccountId(session.peer.accountId))
  if (kind === "channelOpen" || kind === "channelOpenAck") {
    const { sequence } = readOpening(effect.payload, session, own)
    return [withParty(state, { ...party, heard: hearPairNumber(party.heard, sequence) }), []]
  }
  if (kind !== "message") throw new SecureChatError("ERR_DECODE", "a kind no channel has")
  const { meta, content } = readMessage(effect.payload, session, own)
  const [heard, missing] = hearNumber(party.heard, { ...content, sequence: meta.sequence })
  const message = {
    account: party.account,
    device: formatDeviceId(session.peer.deviceId),
    id: toBase64url(meta.messageId),
    body: content.body,
    sentAtMs: meta.sentAtMs,
    missing,
    frame,
    contentBytes: effect.payload.content.length,
  }
  const followed = followPeer({ ...party, heard }, { session, seen: meta.seen }, env)
  return [withParty(state, followed), [{ type: "arrived", message }]]
}

/**
 * The peer has messages of ours from the session we send on, and still sends on one with a larger sid: there ours
 * is retired, for reasons we did not see. Then it is retired here, too: both directions must meet on one session,
 * or neither ratchet ever turns. Where nothing is left to send on, hellos begin again.
 */
const followPeer = (
  party: Party,
  { session, seen }: { readonly session: Session; readonly seen: Seen },
  { deps }: Env,
): Party => {
  const sending = sendingSession(party.link)
  if (sending?.phase !== "established" || compareBytes(sending.id, session.id) >= 0) return party
  const { firstSent } = noteOf(party, sending.id)
  if (firstSent === undefined || seen.conversation < firstSent) return party
  return { ...party, link: retire(party.link, sending.id, deps.nowMs()) }
}
