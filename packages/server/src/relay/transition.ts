/**
 * The relay as one pure function: `(state, input, context) → [state, effects]`. No await, no socket, no
 * timer; whatever is refused leaves the rest of the state as it was. `runtime.ts` is the shell.
 */
import { SecureChatError } from "@securechat/core/errors"
import { type Frame, RELAY_CODE, readFrameHead } from "@securechat/core/wire"
import { onDecided } from "../auth/decision.ts"
import { onHello, onProof } from "../auth/login.ts"
import { onDrained, onMail, onMailRead, onResumed } from "../mailbox/delivery.ts"
import { onAppended, onLeave } from "../mailbox/submit.ts"
import { onHeard } from "../routing/elsewhere.ts"
import { arrive, depart, end, leaveRoute, refuseLogin } from "../routing/routes.ts"
import type { Effect } from "./effect.ts"
import { onAnswered, onUnanswered } from "./answers.ts"
import { decodeFrame } from "./frames.ts"
import type { Input } from "./input.ts"
import { onRequest } from "./requests.ts"
import type { Answered } from "./question.ts"
import type { Connection, Ready, RelayState } from "./state.ts"
import { onSweep, onTick } from "./sweep.ts"
import { values } from "./table.ts"
import { type RelayContext, Turn } from "./turn.ts"

const onOpened = (turn: Turn, input: Extract<Input, { type: "opened" }>): void => {
  const { type: _type, ...from } = input
  arrive(turn, { ...from, phase: "greeting", heardAtMs: turn.nowMs, earlyBytes: 0 })
  turn.do({ type: "alarm", id: input.id, what: "late", afterMs: turn.limits.beforeAuthMs })
}

/** The frame, or what is wrong with it. */
const decoded = (bytes: Uint8Array): Frame | "malformed" | "unsupported" => {
  try {
    return decodeFrame(bytes)
  } catch (error) {
    if (SecureChatError.is(error, "ERR_VERSION_UNSUPPORTED")) return "unsupported"
    if (SecureChatError.is(error, "ERR_DECODE")) return "malformed"
    throw error
  }
}

/** Before the login: hello, then proof, and nothing beside them. */
const onEarlyFrame = (turn: Turn, before: Connection, bytes: Uint8Array): void => {
  const connection = { ...before, earlyBytes: before.earlyBytes + bytes.length }
  if (connection.earlyBytes > turn.limits.beforeAuthBytes) {
    refuseLogin(turn, before.id, RELAY_CODE.tooLarge, "malformed")
    return
  }
  turn.put(connection)
  const frame = decoded(bytes)
  if (frame === "unsupported") refuseLogin(turn, before.id, RELAY_CODE.unsupported, "unsupported")
  else if (frame === "malformed") refuseLogin(turn, before.id, RELAY_CODE.malformed, "malformed")
  else if (connection.phase === "greeting" && frame.type === "hello") onHello(turn, connection, frame)
  else if (connection.phase === "challenged" && frame.type === "proof") onProof(turn, connection, frame)
  else if (frame.type === "bye") leaveEarly(turn, before.id)
  else refuseLogin(turn, before.id, RELAY_CODE.malformed, "malformed")
}

const leaveEarly = (turn: Turn, id: string): void => {
  depart(turn, id, true)
  turn.do({ type: "close", id, code: 1000 })
}

const onFrame = (turn: Turn, connection: Connection, bytes: Uint8Array): void => {
  if (connection.phase !== "ready") {
    onEarlyFrame(turn, connection, bytes)
    return
  }
  const frame = decoded(bytes)
  if (frame === "unsupported") {
    turn.put({ ...connection, heardAtMs: turn.nowMs })
    turn.nack(connection.id, readFrameHead(bytes).request, RELAY_CODE.unsupported)
  } else if (frame === "malformed") end(turn, connection.id, RELAY_CODE.malformed)
  else onRequest(turn, connection, frame)
}

/** Everybody leaves, one after the other; who has not logged in leaves at once. */
const onDrain = (turn: Turn, drainMs: number): void => {
  if (turn.state.draining) return
  turn.update({ draining: true })
  const all = values(turn.state.connections)
  for (const connection of all)
    if (connection.phase !== "ready") end(turn, connection.id, RELAY_CODE.draining)
  const ready = all.filter((connection) => connection.phase === "ready")
  ready.forEach((connection, index) => {
    const { id } = connection
    turn.send(id, { type: "drain", request: 0, closesInMs: drainMs, reconnectWithinMs: drainMs })
    const afterMs = Math.floor((drainMs * index) / ready.length)
    if (afterMs === 0) onLeave(turn, connection)
    else turn.do({ type: "alarm", id, what: "leave", afterMs })
  })
}

/** Inputs about the mailbox and the socket of a device that is ready. */
const onReadyInput = (turn: Turn, ready: Ready, input: Input): void => {
  switch (input.type) {
    case "mail":
      onMail(turn, ready, input)
      return
    case "mailRead":
      onMailRead(turn, ready, input)
      return
    case "drained":
      onDrained(turn, ready)
      return
    case "leave":
      onLeave(turn, ready)
      return
    default:
  }
}

const onConnectionInput = (turn: Turn, connection: Connection, input: Input): void => {
  if (input.type === "frame") onFrame(turn, connection, input.bytes)
  else if (input.type === "closed") depart(turn, connection.id)
  else if (input.type === "overflowed") end(turn, connection.id, RELAY_CODE.slow)
  else if (input.type === "answered") onAnswered(turn, connection, input.answered)
  else if (input.type === "unanswered") onUnanswered(turn, connection, input)
  else if (input.type === "decided") onDecided(turn, connection.id, input.decision)
  else if (input.type === "appended") onAppended(turn, input)
  else if (input.type === "resumed") {
    if (connection.phase === "opening") onResumed(turn, connection, input)
  } else if (input.type === "late") {
    if (connection.phase !== "ready") refuseLogin(turn, connection.id, RELAY_CODE.timeout, "timeout")
  } else if (connection.phase === "ready") onReadyInput(turn, connection, input)
}

/** Who has asked is gone. A route that was entered meanwhile leads nowhere. */
const onGone = (turn: Turn, { ask, question, answer }: Answered): void => {
  if (ask === "enter") leaveRoute(turn, question, answer.fence)
}

const step = (turn: Turn, input: Input): void => {
  if (input.type === "opened") onOpened(turn, input)
  else if (input.type === "tick") onTick(turn)
  else if (input.type === "sweep") onSweep(turn)
  else if (input.type === "heard") onHeard(turn, input.news)
  else if (input.type === "drain") onDrain(turn, input.drainMs)
  else {
    const connection = turn.connection(input.id)
    if (connection !== undefined) onConnectionInput(turn, connection, input)
    else if (input.type === "answered") onGone(turn, input.answered)
  }
}

/** One step. The state that goes in is never changed. */
export const transition = (
  state: RelayState,
  input: Input,
  context: RelayContext,
): readonly [RelayState, readonly Effect[]] => {
  const turn = new Turn(state, context)
  step(turn, input)
  return [turn.state, turn.effects]
}
