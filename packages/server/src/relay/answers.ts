/** What the directory says, handed to whoever asked. A connection that has gone on meanwhile hears nothing. */
import { RELAY_CODE } from "@securechat/core/wire"
import { onBound, onEntered } from "../auth/decision.ts"
import { onRecognised } from "../auth/login.ts"
import { onRecipient } from "../mailbox/submit.ts"
import { onHandleFound, onHandleKept } from "../routing/handles.ts"
import { onClaimed, onDevicesFound } from "../routing/lookup.ts"
import { onPublished } from "../routing/publish.ts"
import { end, refuseLogin } from "../routing/routes.ts"
import type { Input } from "./input.ts"
import type { Answered } from "./question.ts"
import type { Connection, Ready } from "./state.ts"
import type { Turn } from "./turn.ts"

/** What a client is told to wait when nobody can answer. */
const RETRY_MS = 1_000

const toReady = (turn: Turn, ready: Ready, answered: Answered): void => {
  if (answered.ask === "recipient") onRecipient(turn, ready, answered.question, answered.answer)
  else if (answered.ask === "bind") onBound(turn, ready, answered.answer)
  else if (answered.ask === "publish") onPublished(turn, ready, answered.question, answered.answer)
  else if (answered.ask === "devices") onDevicesFound(turn, ready, answered.question, answered.answer)
  else if (answered.ask === "claim") onClaimed(turn, ready, answered.question, answered.answer)
  else if (answered.ask === "setHandle") onHandleKept(turn, ready, answered.question, answered.answer)
  else if (answered.ask === "handle") onHandleFound(turn, ready, answered.question, answered.answer)
}

export const onAnswered = (turn: Turn, connection: Connection, answered: Answered): void => {
  if (connection.phase === "ready") toReady(turn, connection, answered)
  else if (answered.ask === "login" && connection.phase === "proving")
    onRecognised(turn, connection, answered.question, answered.answer)
  else if (answered.ask === "enter" && connection.phase === "entering")
    onEntered(turn, connection, answered.answer)
}

/** Logins and everything that gives something away fail closed. relay.md §9 */
export const onUnanswered = (
  turn: Turn,
  connection: Connection,
  { question, retryAfterMs }: Extract<Input, { type: "unanswered" }>,
): void => {
  const code = retryAfterMs === undefined ? RELAY_CODE.unavailable : RELAY_CODE.limited
  if ("request" in question) turn.nack(connection.id, question.request, code, retryAfterMs ?? RETRY_MS)
  else if (connection.phase !== "ready")
    refuseLogin(turn, connection.id, code, retryAfterMs === undefined ? "unavailable" : "limited")
  else if (question.ask === "recipient") onRecipient(turn, connection, question, undefined)
  else end(turn, connection.id, code)
}
