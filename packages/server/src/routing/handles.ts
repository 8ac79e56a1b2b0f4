/**
 * Handles: names that point at accounts. The first claim wins; what is found is a claim of the relay
 * until people verify. There is no search and no listing. relay.md §5
 */
import { SecureChatError } from "@securechat/core/errors"
import { verifyHandle } from "@securechat/core/identity"
import { type FrameOf, type HandleRecord, RELAY_CODE, handleRecordCodec } from "@securechat/core/wire"
import type { Ready } from "../relay/state.ts"
import { get, set } from "../relay/table.ts"
import type { Asked, Turn } from "../relay/turn.ts"

const decoded = (bytes: Uint8Array): HandleRecord | undefined => {
  try {
    return handleRecordCodec.decode(bytes)
  } catch (error) {
    if (SecureChatError.is(error, "ERR_DECODE")) return undefined
    throw error
  }
}

/** 0: taken, or held already. Who holds it, and why not, looks the same from outside. */
const refusalOf = (turn: Turn, { login, grant }: Ready, record: HandleRecord): number => {
  if (!verifyHandle(record, login.accountKey)) return RELAY_CODE.refused
  if (grant.byHook && grant.handle !== record.handle) return RELAY_CODE.refused
  const bound = get(turn.state.bindings, record.handle)
  if (bound !== undefined && bound !== login.account) return RELAY_CODE.refused
  const entry = get(turn.state.handles, record.handle)
  if (entry !== undefined) {
    if (entry.account !== login.account || record.version < entry.version) return RELAY_CODE.refused
    return 0
  }
  const held = get(turn.state.presence, login.account)?.handles.length ?? 0
  return held >= turn.limits.handlesPerAccount ? RELAY_CODE.full : 0
}

const keep = (turn: Turn, { login }: Ready, record: HandleRecord): void => {
  const entry = { account: login.account, version: record.version, record: record.bytes }
  turn.update({ handles: set(turn.state.handles, record.handle, entry) })
  const presence = get(turn.state.presence, login.account)
  if (presence === undefined || presence.handles.includes(record.handle)) return
  const handles = [...presence.handles, record.handle]
  turn.update({ presence: set(turn.state.presence, login.account, { ...presence, handles }) })
}

export const onHandleSet = ({ turn, connection, frame }: Asked<FrameOf<"handleSet">>): void => {
  const { id, login } = connection
  if (!turn.affords(connection, frame.request, "handle", login.account)) return
  const record = decoded(frame.record)
  const refusal = record === undefined ? RELAY_CODE.malformed : refusalOf(turn, connection, record)
  if (record === undefined || refusal !== 0) {
    turn.nack(id, frame.request, refusal)
    return
  }
  keep(turn, connection, record)
  turn.send(id, { type: "ok", request: frame.request, body: new Uint8Array(0) })
}

export const onHandleGet = ({ turn, connection, frame }: Asked<FrameOf<"handleGet">>): void => {
  const { id, login } = connection
  if (!turn.affords(connection, frame.request, "lookup", login.account)) return
  const entry = get(turn.state.handles, frame.handle)
  if (entry === undefined) turn.nack(id, frame.request, RELAY_CODE.refused)
  else turn.send(id, { type: "ok", request: frame.request, body: entry.record })
}
