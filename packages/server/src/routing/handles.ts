/**
 * Handles: names that point at accounts. The first claim wins; what is found is a claim of the relay
 * until people verify. There is no search and no listing. relay.md §5
 */
import { SecureChatError } from "@securechat/core/errors"
import { verifyHandle } from "@securechat/core/identity"
import { type FrameOf, type HandleRecord, RELAY_CODE, handleRecordCodec } from "@securechat/core/wire"
import type { AnswerTo, QuestionOf } from "../relay/question.ts"
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

/** Signed by the account, and the one its app allows. */
const isAllowed = ({ login, grant }: Ready, record: HandleRecord): boolean =>
  verifyHandle(record, login.accountKey) && (!grant.byHook || grant.handle === record.handle)

export const onHandleSet = ({ turn, connection, frame }: Asked<FrameOf<"handleSet">>): void => {
  const { id, login } = connection
  const { request } = frame
  if (!turn.affords(connection, request, "handle", login.account)) return
  const record = decoded(frame.record)
  if (record === undefined) turn.nack(id, request, RELAY_CODE.malformed)
  else if (!isAllowed(connection, record)) turn.nack(id, request, RELAY_CODE.refused)
  else {
    const { handle, version, bytes } = record
    const claim = { handle, account: login.account, version, record: bytes }
    turn.ask(id, { ask: "setHandle", request, claim }, [{ bucket: "handle", owner: login.account, cost: 1 }])
  }
}

/** Who holds it, and why not, looks the same from outside. */
export const onHandleKept = (
  turn: Turn,
  connection: Ready,
  { request, claim }: QuestionOf<"setHandle">,
  answer: AnswerTo<"setHandle">,
): void => {
  const { id, login } = connection
  if (answer !== "set") {
    turn.nack(id, request, RELAY_CODE[answer])
    return
  }
  turn.put({ ...connection, login: { ...login, handle: login.handle ?? claim.handle } })
  const presence = get(turn.state.presence, login.account)
  if (presence !== undefined)
    turn.update({ presence: set(turn.state.presence, login.account, { ...presence, named: true }) })
  turn.send(id, { type: "ok", request, body: new Uint8Array(0) })
}

export const onHandleGet = ({ turn, connection, frame }: Asked<FrameOf<"handleGet">>): void => {
  const { id, login } = connection
  const { request, handle } = frame
  if (!turn.affords(connection, request, "lookup", login.account)) return
  turn.ask(id, { ask: "handle", request, handle }, [{ bucket: "lookup", owner: login.account, cost: 1 }])
}

export const onHandleFound = (
  turn: Turn,
  { id }: Ready,
  { request }: QuestionOf<"handle">,
  answer: AnswerTo<"handle">,
): void => {
  if (answer === "unknown") turn.nack(id, request, RELAY_CODE.refused)
  else turn.send(id, { type: "ok", request, body: answer })
}
