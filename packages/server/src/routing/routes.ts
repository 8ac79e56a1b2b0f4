/**
 * Who is connected where: one connection per device, the newest wins; counts per address and account;
 * and what becomes of a handle when the last device of its account is gone. relay.md §3, §5
 */
import { RELAY_CODE } from "@securechat/core/wire"
import { type Connection, type Login, type Presence, isOnline } from "../relay/state.ts"
import { type Table, get, remove, set } from "../relay/table.ts"
import type { Turn } from "../relay/turn.ts"

const adjusted = (table: Table<number>, key: string, by: number): Table<number> => {
  const next = (get(table, key) ?? 0) + by
  return next <= 0 ? remove(table, key) : set(table, key, next)
}

/** One more connection of this address, not logged in. */
export const arrive = (turn: Turn, connection: Connection): void => {
  const { addresses, pending, pendingTotal } = turn.state
  turn.update({
    addresses: adjusted(addresses, connection.address, 1),
    pending: adjusted(pending, connection.address, 1),
    pendingTotal: pendingTotal + 1,
  })
  turn.put(connection)
}

const noLongerPending = (turn: Turn, connection: Connection): void => {
  const { pending, pendingTotal } = turn.state
  turn.update({ pending: adjusted(pending, connection.address, -1), pendingTotal: pendingTotal - 1 })
}

/**
 * The device is here now; an older connection of it gets `replaced`. The caller puts the connection.
 * False: the account has as many devices connected as it may.
 */
export const settle = (turn: Turn, connection: Connection, login: Login): boolean => {
  const presence = get(turn.state.presence, login.account)
  const others = (presence?.devices ?? []).filter((device) => device !== login.device)
  if (others.length >= turn.limits.connectionsPerAccount) return false
  const older = get(turn.state.routes, login.device)
  noLongerPending(turn, connection)
  turn.update({
    routes: set(turn.state.routes, login.device, connection.id),
    presence: set(turn.state.presence, login.account, {
      devices: [...others, login.device],
      named: presence?.named ?? login.handle !== undefined,
      seenAtMs: turn.nowMs,
    }),
  })
  if (older !== undefined) end(turn, older, RELAY_CODE.replaced)
  return true
}

/** Nobody of this account is here any more; its handles are free again where they are not kept. */
export const forgetPresence = (turn: Turn, account: string, { named }: Presence): void => {
  turn.update({ presence: remove(turn.state.presence, account) })
  if (named && !turn.context.keepsHandles) turn.do({ type: "freeHandles", account })
}

const leavePresence = (turn: Turn, login: Login, saidBye: boolean): void => {
  const presence = get(turn.state.presence, login.account)
  if (presence === undefined) return
  const devices = presence.devices.filter((device) => device !== login.device)
  if (devices.length > 0) {
    turn.update({ presence: set(turn.state.presence, login.account, { ...presence, devices }) })
    return
  }
  if (saidBye || turn.context.keepsHandles || !presence.named) {
    forgetPresence(turn, login.account, presence)
    return
  }
  const freeAtMs = turn.nowMs + turn.limits.handleGraceMs
  turn.update({ presence: set(turn.state.presence, login.account, { ...presence, devices, freeAtMs }) })
}

/** Other relays need not look for it here any more. */
export const leaveRoute = (turn: Turn, { device }: Pick<Login, "device">, fence: number): void => {
  if (turn.context.shared === true) turn.do({ type: "left", device, fence })
}

/** Forgets a connection; what the shell does with its socket is said elsewhere. */
export const depart = (turn: Turn, id: string, saidBye = false): void => {
  const connection = turn.connection(id)
  if (connection === undefined) return
  turn.update({
    connections: remove(turn.state.connections, id),
    addresses: adjusted(turn.state.addresses, connection.address, -1),
  })
  if (!isOnline(connection)) {
    noLongerPending(turn, connection)
    return
  }
  const { login, fence } = connection
  leaveRoute(turn, login, fence)
  // A newer connection of the same device owns the route already when it replaced this one.
  if (get(turn.state.routes, login.device) !== id) return
  turn.update({ routes: remove(turn.state.routes, login.device) })
  leavePresence(turn, login, saidBye)
}

/** A bye with this code, and the connection is gone. */
export const end = (turn: Turn, id: string, code: number): void => {
  turn.hangUp(id, code)
  depart(turn, id)
}

/** Ends a login that failed; `how` is for metrics and log only: on the wire there is the code. */
export const refuseLogin = (turn: Turn, id: string, code: number, how: string): void => {
  turn.count("logins", { result: how })
  turn.log("info", "login refused", { connection: id, code: how })
  end(turn, id, code)
}
