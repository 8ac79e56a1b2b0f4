/**
 * `publish`: a device's certificate, its account's list (by compare-and-swap) and its prekeys, checked
 * here and taken by the directory together or not at all. relay.md §3, §6
 */
import { checkDeviceList, deviceListHash, listsDevice } from "@securechat/core/identity"
import { SecureChatError } from "@securechat/core/errors"
import {
  type FrameOf,
  RELAY_CODE,
  certificateCodec,
  deviceListCodec,
  formatDeviceId,
  stockCodec,
} from "@securechat/core/wire"
import type { Publication } from "../directory/directory.ts"
import type { AnswerTo, QuestionOf } from "../relay/question.ts"
import { type Login, type Ready, isOnline, recipientKey } from "../relay/state.ts"
import { get, remove } from "../relay/table.ts"
import { toText } from "../relay/text.ts"
import type { Asked, Turn } from "../relay/turn.ts"
import { checkSet } from "./prekeys.ts"
import { end } from "./routes.ts"

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const idsOf = (entries: readonly { readonly deviceId: Uint8Array }[]): readonly string[] =>
  entries.map((entry) => formatDeviceId(entry.deviceId))

/** @throws ERR_DECODE where bytes are wrong, ERR_HANDSHAKE_FAILED where signatures, owners or dates are. */
const check = ({ turn, connection, frame }: Asked<FrameOf<"publish">>): Publication => {
  const { login } = connection
  const { nowMs } = turn
  const list = deviceListCodec.decode(frame.list)
  const certificate = certificateCodec.decode(frame.certificate)
  checkDeviceList(list, login.accountKey)
  if (!same(frame.certificate, login.certificate) || !listsDevice(list, certificate))
    throw new SecureChatError("ERR_HANDSHAKE_FAILED", "a device publishes itself, as its list names it")
  return {
    account: login.account,
    device: login.device,
    id: toText(frame.publication),
    accountKey: login.accountKey,
    certificate: login.certificate,
    list: { version: list.version, hash: toText(deviceListHash(list.body)), bytes: list.bytes },
    previousHash: toText(list.previousHash),
    listed: idsOf(list.devices),
    revoked: idsOf(list.revoked),
    set: checkSet(frame, certificate, nowMs),
    nowMs,
  }
}

/** The publication, or the code that answers it. */
const checked = (asked: Asked<FrameOf<"publish">>): Publication | number => {
  try {
    return check(asked)
  } catch (error) {
    if (SecureChatError.is(error, "ERR_DECODE")) return RELAY_CODE.malformed
    if (SecureChatError.is(error, "ERR_HANDSHAKE_FAILED")) return RELAY_CODE.refused
    throw error
  }
}

export const onPublish = (asked: Asked<FrameOf<"publish">>): void => {
  const { turn, connection, frame } = asked
  const { id, login } = connection
  if (!turn.affords(connection, frame.request, "publish", login.account)) return
  const publication = checked(asked)
  if (typeof publication === "number") turn.nack(id, frame.request, publication)
  else
    turn.ask(id, { ask: "publish", request: frame.request, publication }, [
      { bucket: "publish", owner: login.account, cost: 1 },
    ])
}

/** The connection of this account's device: a list may name any id, and ids are no secret. */
const routeOf = (turn: Turn, account: string, device: string): string | undefined => {
  const route = get(turn.state.routes, device)
  const connection = route === undefined ? undefined : turn.connection(route)
  const own = connection !== undefined && isOnline(connection) && connection.login.account === account
  return own ? route : undefined
}

/** Revoked devices lose mail and connection, if they published or logged in for this very account. */
const dropRevoked = (
  turn: Turn,
  login: Login,
  answer: { revoked: readonly string[]; dropped: readonly string[] },
): void => {
  for (const device of answer.dropped) turn.do({ type: "dropMail", device })
  for (const device of answer.revoked) {
    turn.update({ recipients: remove(turn.state.recipients, recipientKey(login.account, device)) })
    const route = routeOf(turn, login.account, device)
    if (route !== undefined) end(turn, route, RELAY_CODE.revoked)
  }
}

export const onPublished = (
  turn: Turn,
  { id, login }: Ready,
  { request }: QuestionOf<"publish">,
  answer: AnswerTo<"publish">,
): void => {
  if (typeof answer === "string") {
    turn.nack(id, request, RELAY_CODE[answer])
    return
  }
  turn.send(id, { type: "ok", request, body: stockCodec.encode(answer.stock) })
  dropRevoked(turn, login, answer)
}
