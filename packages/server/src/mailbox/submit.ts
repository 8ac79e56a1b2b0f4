/** From `submit` to `accepted`, which goes out only after the append resolved. relay.md §3, §7 */
import { type FrameOf, RELAY_CODE } from "@securechat/core/wire"
import { encodeRecord } from "../relay/frames.ts"
import type { Input } from "../relay/input.ts"
import type { AnswerTo, QuestionOf } from "../relay/question.ts"
import { type Ready, recipientKey } from "../relay/state.ts"
import { get, set } from "../relay/table.ts"
import { type Place, placeTexts, toText } from "../relay/text.ts"
import type { Asked, Turn } from "../relay/turn.ts"
import { end } from "../routing/routes.ts"

/** How long a recipient that was found is taken for granted. */
const RECIPIENT_MS = 60_000

const placeOf = ({ accountId, deviceId }: FrameOf<"submit">): Place => placeTexts(accountId, deviceId)

const isKnown = (turn: Turn, { key }: Place): boolean => (get(turn.state.recipients, key) ?? 0) > turn.nowMs

/** The bytes of a frame are views of what was read; what waits has its own. */
const kept = (frame: FrameOf<"submit">): FrameOf<"submit"> => {
  const { envelopeId, accountId, deviceId, body } = frame
  return {
    ...frame,
    envelopeId: envelopeId.slice(),
    accountId: accountId.slice(),
    deviceId: deviceId.slice(),
    body: body.slice(),
  }
}

/** 0: it may go on; else the code that answers it. Unknown recipients cost the sender's own bucket. */
const refusalOf = ({ turn, connection, frame }: Asked<FrameOf<"submit">>): number => {
  if (turn.state.draining) return RELAY_CODE.draining
  if (frame.body.length > turn.limits.bodyBytes) return RELAY_CODE.tooLarge
  return connection.openRequests >= turn.limits.openRequests ? RELAY_CODE.limited : 0
}

const append = ({ turn, connection, frame }: Asked<FrameOf<"submit">>, { device }: Place): void => {
  const { login, id } = connection
  const { envelopeId, body, expiresMs } = frame
  const latestMs = turn.nowMs + turn.limits.messageTtlMs
  turn.do({
    type: "append",
    id,
    request: frame.request,
    device,
    // Of this device only: nobody can make another sender's envelope look repeated.
    dedupId: `${login.device}${toText(envelopeId)}`,
    expiresAtMs: expiresMs === 0 ? latestMs : Math.min(expiresMs, latestMs),
    record: encodeRecord({
      envelopeId,
      fromAccountId: login.accountId,
      fromDeviceId: login.deviceId,
      acceptedAtMs: turn.nowMs,
      body,
    }),
  })
}

export const onSubmit = (asked: Asked<FrameOf<"submit">>): void => {
  const { turn, connection, frame } = asked
  const { id, login } = connection
  turn.count("submits")
  if (!turn.affords(connection, frame.request, "deviceSubmit", login.device)) {
    turn.put(connection)
    return
  }
  const refusal = refusalOf(asked)
  if (refusal !== 0) {
    turn.put(connection)
    turn.nack(id, frame.request, refusal, refusal === RELAY_CODE.limited ? 1_000 : 0)
    return
  }
  const openRequests = connection.openRequests + 1
  const place = placeOf(frame)
  if (connection.held.length === 0 && isKnown(turn, place)) {
    turn.put({ ...connection, openRequests })
    if (!toKnown(asked, place)) close(turn, id)
    return
  }
  // Behind one that waits, or waiting itself: what a device sends stays in its order.
  turn.put({ ...connection, openRequests, held: [...connection.held, kept(frame)] })
  if (connection.held.length === 0) askRecipient(turn, id, frame)
}

const askRecipient = (turn: Turn, id: string, frame: FrameOf<"submit">): void => {
  const { account, device } = placeOf(frame)
  turn.ask(id, { ask: "recipient", account, device })
}

/** Stored, where the bucket of this sender and recipient allows it; false: answered already. */
const toKnown = (asked: Asked<FrameOf<"submit">>, place: Place): boolean => {
  const { turn, connection, frame } = asked
  const pair = `${connection.login.account}>${place.account}`
  const affordable = turn.affords(connection, frame.request, "submit", pair)
  if (affordable) append(asked, place)
  return affordable
}

/** One request of this connection has been answered. */
const close = (turn: Turn, id: string): void => {
  const connection = turn.connection(id)
  if (connection?.phase !== "ready") return
  turn.put({ ...connection, openRequests: connection.openRequests - 1 })
  leaveWhenDone(turn, id)
}

/** The first of those that wait, whose recipient is known or not, and all behind it that need not ask. */
export const onRecipient = (
  turn: Turn,
  before: Ready,
  { account, device }: QuestionOf<"recipient">,
  known: AnswerTo<"recipient"> | undefined,
): void => {
  const { id } = before
  const exists = known?.certificate !== undefined && !known.revoked
  const key = recipientKey(account, device)
  if (exists) turn.update({ recipients: set(turn.state.recipients, key, turn.nowMs + RECIPIENT_MS) })
  let connection: Ready = before
  for (const [index, frame] of before.held.entries()) {
    if (index > 0 && !isKnown(turn, placeOf(frame))) {
      turn.put({ ...connection, held: before.held.slice(index) })
      askRecipient(turn, id, frame)
      return
    }
    connection = { ...connection, held: before.held.slice(index + 1) }
    turn.put(connection)
    const refused = index === 0 && !exists
    if (refused)
      turn.nack(
        id,
        frame.request,
        known === undefined ? RELAY_CODE.unavailable : RELAY_CODE.refused,
        known === undefined ? 1_000 : 0,
      )
    if (!refused && toKnown({ turn, connection, frame }, placeOf(frame))) continue
    close(turn, id)
    const after = turn.connection(id)
    if (after?.phase !== "ready") return
    connection = after
  }
}

/** The mailbox has answered. */
export const onAppended = (turn: Turn, input: Extract<Input, { type: "appended" }>): void => {
  const { id, request, envelopeId, result } = input
  if (turn.connection(id)?.phase !== "ready") return
  if (result === "full") turn.nack(id, request, RELAY_CODE.full, turn.limits.fullRetryMs)
  else if (result === "failed") turn.nack(id, request, RELAY_CODE.unavailable, 1_000)
  else turn.send(id, { type: "accepted", request, envelopeId, repeated: result === "duplicate" })
  close(turn, id)
}

/** A draining relay lets a connection go when its open appends are confirmed. */
const leaveWhenDone = (turn: Turn, id: string): void => {
  const connection = turn.connection(id)
  if (connection?.phase === "ready" && connection.leaving && connection.openRequests === 0)
    end(turn, id, RELAY_CODE.draining)
}

export const onLeave = (turn: Turn, connection: Ready): void => {
  turn.put({ ...connection, leaving: true })
  leaveWhenDone(turn, connection.id)
}
