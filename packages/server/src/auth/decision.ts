/**
 * What follows the app's word: a login goes on to its mailbox, a new token prolongs a connection, a
 * refusal ends it. relay.md §4
 */
import { RELAY_CODE } from "@securechat/core/wire"
import type { AnswerTo } from "../relay/question.ts"
import type { Deciding, Entering, Grant, Ready } from "../relay/state.ts"
import { cursorText } from "../relay/text.ts"
import type { Turn } from "../relay/turn.ts"
import { end, leaveRoute, refuseLogin, settle } from "../routing/routes.ts"
import type { RelayDecision } from "./authorize.ts"

type Allowed = Extract<RelayDecision, { readonly allow: true }>

const grantOf = (turn: Turn, allowed: Allowed): Grant => ({
  byHook: turn.context.hook,
  asked: false,
  ...(allowed.handle === undefined ? {} : { handle: allowed.handle }),
  ...(allowed.expiresAt === undefined ? {} : { expiresAtMs: allowed.expiresAt.getTime() }),
})

/** 0: allowed. Every refusal but `expired` looks like any other. */
const refusalOf = (turn: Turn, decision: RelayDecision | undefined): number => {
  if (decision === undefined) return RELAY_CODE.refused
  if (!decision.allow) return decision.reason === "expired" ? RELAY_CODE.expired : RELAY_CODE.refused
  const isOver = decision.expiresAt !== undefined && decision.expiresAt.getTime() <= turn.nowMs
  return isOver ? RELAY_CODE.expired : 0
}

/** The app has decided about a login. */
export const admitLogin = (turn: Turn, deciding: Deciding, decision: RelayDecision | undefined): void => {
  const { id, login } = deciding
  const refusal = refusalOf(turn, decision)
  if (refusal !== 0 || decision?.allow !== true) {
    refuseLogin(turn, id, refusal, refusal === RELAY_CODE.expired ? "expired" : "hook")
    return
  }
  turn.put({ ...deciding, phase: "entering", grant: grantOf(turn, decision) })
  // Revocation is asked about again: the hook has seconds, and the account may have used them.
  const { account, device } = login
  turn.ask(id, { ask: "enter", account, device, handle: decision.handle })
}

/** The directory has taken the device in, or knows better. */
export const onEntered = (
  turn: Turn,
  entering: Entering,
  { revoked, bound, fence }: AnswerTo<"enter">,
): void => {
  const { id, login, cursor, ...rest } = entering
  if (revoked) {
    refuseLogin(turn, id, RELAY_CODE.revoked, "revoked")
    return
  }
  if (!bound) {
    refuseLogin(turn, id, RELAY_CODE.refused, "hook")
    return
  }
  if (!settle(turn, entering, login)) {
    leaveRoute(turn, login, fence)
    refuseLogin(turn, id, RELAY_CODE.limited, "limited")
    return
  }
  turn.put({ ...rest, id, login, fence, phase: "opening" })
  turn.do({ type: "resume", id, device: login.device, cursor: cursorText(cursor) })
}

/** The app has decided about a new token of a connection that is ready. */
const renew = (turn: Turn, ready: Ready, decision: RelayDecision | undefined): void => {
  if (ready.tokenRequest === undefined) return
  const refusal = refusalOf(turn, decision)
  if (refusal !== 0 || decision?.allow !== true) {
    refuseLogin(turn, ready.id, refusal, "expired")
    return
  }
  turn.put({ ...ready, renewal: grantOf(turn, decision) })
  const { handle } = decision
  if (handle === undefined) onBound(turn, { ...ready, renewal: grantOf(turn, decision) }, true)
  else turn.ask(ready.id, { ask: "bind", handle, account: ready.login.account })
}

/** The app's name of a new token is this account's, or another's. */
export const onBound = (turn: Turn, ready: Ready, bound: boolean): void => {
  const { tokenRequest, renewal, ...rest } = ready
  if (tokenRequest === undefined || renewal === undefined) return
  if (!bound) {
    refuseLogin(turn, ready.id, RELAY_CODE.refused, "expired")
    return
  }
  turn.put({ ...rest, grant: renewal })
  turn.send(ready.id, { type: "ok", request: tokenRequest, body: new Uint8Array(0) })
}

export const onDecided = (turn: Turn, id: string, decision: RelayDecision | undefined): void => {
  const connection = turn.connection(id)
  if (connection?.phase === "deciding") admitLogin(turn, connection, decision)
  else if (connection?.phase === "ready") renew(turn, connection, decision)
}

/** Asks for a new token in time, and ends a connection whose token is over. */
export const checkExpiry = (turn: Turn, ready: Ready): void => {
  const { expiresAtMs, asked } = ready.grant
  if (expiresAtMs === undefined) return
  if (expiresAtMs <= turn.nowMs) {
    end(turn, ready.id, RELAY_CODE.expired)
    return
  }
  if (asked || expiresAtMs - turn.limits.tokenLeadMs > turn.nowMs) return
  turn.put({ ...ready, grant: { ...ready.grant, asked: true } })
  turn.send(ready.id, { type: "token", request: 0, token: new Uint8Array(0) })
}
