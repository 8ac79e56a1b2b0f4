/** From `submit` to `accepted`, which goes out only after the append resolved. relay.md §3, §7 */
import { type FrameOf, RELAY_CODE, formatAccountId, formatDeviceId } from "@securechat/core/wire"
import type { Input } from "../relay/input.ts"
import type { Ready, RelayState } from "../relay/state.ts"
import { get } from "../relay/table.ts"
import { toText } from "../relay/text.ts"
import type { Asked, Turn } from "../relay/turn.ts"
import { end } from "../routing/routes.ts"
import { encodeRecord } from "./record.ts"

/** Is this a device that has published here? */
const isKnown = (state: RelayState, account: string, device: string): boolean =>
  get(state.accounts, account)?.devices[device] !== undefined

/** 0: it may be stored; else the code that answers it. Unknown recipients cost the sender's own bucket. */
const refusalOf = ({ turn, connection, frame }: Asked<FrameOf<"submit">>): number => {
  if (turn.state.draining) return RELAY_CODE.draining
  if (frame.body.length > turn.limits.bodyBytes) return RELAY_CODE.tooLarge
  const known = isKnown(turn.state, formatAccountId(frame.accountId), formatDeviceId(frame.deviceId))
  if (!known) return RELAY_CODE.refused
  return connection.openRequests >= turn.limits.openRequests ? RELAY_CODE.limited : 0
}

const append = ({ turn, connection, frame }: Asked<FrameOf<"submit">>): void => {
  const { login, id } = connection
  const { envelopeId, body, expiresMs } = frame
  const latestMs = turn.nowMs + turn.limits.messageTtlMs
  turn.put({ ...connection, openRequests: connection.openRequests + 1 })
  turn.do({
    type: "append",
    id,
    request: frame.request,
    envelopeId,
    device: formatDeviceId(frame.deviceId),
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
  if (!turn.affords(connection, frame.request, "deviceSubmit", login.device)) return
  const refusal = refusalOf(asked)
  if (refusal !== 0) {
    turn.nack(id, frame.request, refusal, refusal === RELAY_CODE.limited ? 1_000 : 0)
    return
  }
  const pair = `${login.account}>${formatAccountId(frame.accountId)}`
  if (turn.affords(connection, frame.request, "submit", pair)) append(asked)
}

/** The mailbox has answered. */
export const onAppended = (turn: Turn, input: Extract<Input, { type: "appended" }>): void => {
  const { id, request, envelopeId, result } = input
  const connection = turn.connection(id)
  if (connection?.phase !== "ready") return
  turn.put({ ...connection, openRequests: connection.openRequests - 1 })
  if (result === "full") turn.nack(id, request, RELAY_CODE.full, turn.limits.fullRetryMs)
  else if (result === "failed") turn.nack(id, request, RELAY_CODE.unavailable, 1_000)
  else turn.send(id, { type: "accepted", request, envelopeId, repeated: result === "duplicate" })
  leaveWhenDone(turn, id)
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
