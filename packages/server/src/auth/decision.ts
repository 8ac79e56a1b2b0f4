/**
 * What follows the app's word: a login goes on to its mailbox, a new token prolongs a connection, a
 * refusal ends it. relay.md §4
 */
import { RELAY_CODE } from "@securechat/core/wire"
import type { Deciding, Grant, Login, Opening, Ready, RelayState } from "../relay/state.ts"
import { get, set } from "../relay/table.ts"
import { cursorText } from "../relay/text.ts"
import type { Turn } from "../relay/turn.ts"
import { end, refuseLogin, settle } from "../routing/routes.ts"
import type { RelayDecision } from "./authorize.ts"

/** Binds the app's name to the account; false where another account holds it. The first binding stays. */
const bind = (turn: Turn, login: Login, handle: string | undefined): boolean => {
  if (handle === undefined) return true
  const holder = get(turn.state.bindings, handle)
  if (holder !== undefined && holder !== login.account) return false
  turn.update({ bindings: set(turn.state.bindings, handle, login.account) })
  return true
}

/** Has the account's newest list revoked this device? */
export const isRevoked = (state: RelayState, { account, device }: Login): boolean =>
  get(state.accounts, account)?.revoked.includes(device) === true

type Allowed = Extract<RelayDecision, { readonly allow: true }>

const grantOf = (turn: Turn, allowed: Allowed): Grant => ({
  byHook: turn.context.hook,
  asked: false,
  ...(allowed.handle === undefined ? {} : { handle: allowed.handle }),
  ...(allowed.expiresAt === undefined ? {} : { expiresAtMs: allowed.expiresAt.getTime() }),
})

/** 0: allowed and bound. Every refusal but `expired` looks like any other. */
const refusalOf = (turn: Turn, login: Login, decision: RelayDecision | undefined): number => {
  if (decision === undefined) return RELAY_CODE.refused
  if (!decision.allow) return decision.reason === "expired" ? RELAY_CODE.expired : RELAY_CODE.refused
  if (decision.expiresAt !== undefined && decision.expiresAt.getTime() <= turn.nowMs)
    return RELAY_CODE.expired
  return bind(turn, login, decision.handle) ? 0 : RELAY_CODE.refused
}

/** The app has decided about a login. */
export const admitLogin = (turn: Turn, deciding: Deciding, decision: RelayDecision | undefined): void => {
  const { id, login, request, cursor } = deciding
  const refusal = refusalOf(turn, login, decision)
  if (refusal !== 0 || decision?.allow !== true) {
    refuseLogin(turn, id, refusal, refusal === RELAY_CODE.expired ? "expired" : "hook")
    return
  }
  // The hook has seconds: the account may have revoked the device meanwhile.
  if (isRevoked(turn.state, login)) {
    refuseLogin(turn, id, RELAY_CODE.revoked, "revoked")
    return
  }
  const { phase: _phase, cursor: _cursor, ...rest } = deciding
  const opening: Opening = { ...rest, phase: "opening", request, grant: grantOf(turn, decision) }
  if (!settle(turn, deciding, login)) {
    refuseLogin(turn, id, RELAY_CODE.limited, "limited")
    return
  }
  turn.put(opening)
  turn.do({ type: "resume", id, device: login.device, cursor: cursorText(cursor) })
}

/** The app has decided about a new token of a connection that is ready. */
const renew = (turn: Turn, ready: Ready, decision: RelayDecision | undefined): void => {
  const { tokenRequest, ...rest } = ready
  if (tokenRequest === undefined) return
  const refusal = refusalOf(turn, ready.login, decision)
  if (refusal !== 0 || decision?.allow !== true) {
    refuseLogin(turn, ready.id, refusal, "expired")
    return
  }
  turn.put({ ...rest, grant: grantOf(turn, decision) })
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
