/**
 * `publish`: a device's certificate, its account's list (by compare-and-swap) and its prekeys, checked
 * and taken together or not at all. relay.md §3, §6
 */
import { checkDeviceList, deviceListHash, listsDevice } from "@securechat/core/identity"
import { SecureChatError } from "@securechat/core/errors"
import {
  type DeviceList,
  type FrameOf,
  RELAY_CODE,
  certificateCodec,
  deviceListCodec,
  formatDeviceId,
  stockCodec,
} from "@securechat/core/wire"
import { type Account, type DeviceRecord, type ListRecord, type Login, isOnline } from "../relay/state.ts"
import { get, set } from "../relay/table.ts"
import { toText } from "../relay/text.ts"
import type { Asked, Turn } from "../relay/turn.ts"
import { type CheckedSet, checkSet, mergeSet } from "./prekeys.ts"
import { end } from "./routes.ts"

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

interface Checked {
  readonly list: DeviceList
  readonly set: CheckedSet
}

/** @throws ERR_DECODE where bytes are wrong, ERR_HANDSHAKE_FAILED where signatures, owners or dates are. */
const check = ({ turn, connection, frame }: Asked<FrameOf<"publish">>): Checked => {
  const { login } = connection
  const list = deviceListCodec.decode(frame.list)
  const certificate = certificateCodec.decode(frame.certificate)
  checkDeviceList(list, login.accountKey)
  if (!same(frame.certificate, login.certificate) || !listsDevice(list, certificate))
    throw new SecureChatError("ERR_HANDSHAKE_FAILED", "a device publishes itself, as its list names it")
  return { list, set: checkSet(frame, certificate, turn.nowMs) }
}

const listRecord = (list: DeviceList): ListRecord => ({
  version: list.version,
  hash: toText(deviceListHash(list.body)),
  bytes: list.bytes,
})

/** The chain with this list: as it is, or one longer. Undefined: the list is not on top of the one on record. */
const continued = (lists: readonly ListRecord[], list: DeviceList): readonly ListRecord[] | undefined => {
  const newest = lists.at(-1)
  const next = listRecord(list)
  // A relay that keeps nothing meets a chain in the middle: the client checks it, and pins it.
  if (newest === undefined || newest.hash === next.hash) return newest === undefined ? [next] : lists
  const follows = next.version === newest.version + 1 && toText(list.previousHash) === newest.hash
  return follows ? [...lists, next] : undefined
}

const idsOf = (entries: readonly { readonly deviceId: Uint8Array }[]): readonly string[] =>
  entries.map((entry) => formatDeviceId(entry.deviceId))

const without = (
  devices: Readonly<Record<string, DeviceRecord>>,
  revoked: readonly string[],
): Readonly<Record<string, DeviceRecord>> =>
  Object.fromEntries(Object.entries(devices).filter(([device]) => !revoked.includes(device)))

/** The connection of this account's device: a list may name any id, and ids are no secret. */
const routeOf = (turn: Turn, account: string, device: string): string | undefined => {
  const route = get(turn.state.routes, device)
  const connection = route === undefined ? undefined : turn.connection(route)
  const own = connection !== undefined && isOnline(connection) && connection.login.account === account
  return own ? route : undefined
}

/** Revoked devices lose mail, keys and connection, if they published or logged in for this very account. */
const dropRevoked = (turn: Turn, login: Login, revoked: readonly string[], before?: Account): void => {
  for (const device of revoked) {
    if (before?.revoked.includes(device) === true) continue
    if (before?.devices[device] !== undefined) turn.do({ type: "dropMail", device })
    const route = routeOf(turn, login.account, device)
    if (route !== undefined) end(turn, route, RELAY_CODE.revoked)
  }
}

const take = (asked: Asked<FrameOf<"publish">>, { list, set: keys }: Checked): number => {
  const { turn, connection, frame } = asked
  const { login } = connection
  const { limits, nowMs } = turn
  const before = get(turn.state.accounts, login.account)
  if (before === undefined && turn.state.accounts.size >= limits.accounts) return RELAY_CODE.full
  const lists = continued(before?.lists ?? [], list)
  if (lists === undefined) return RELAY_CODE.refused
  if (lists.length > limits.listVersions) return RELAY_CODE.full
  const publication = { id: toText(frame.publication), certificate: login.certificate, set: keys, nowMs }
  const record = mergeSet(before?.devices[login.device], publication, limits)
  if (record === "conflict") return RELAY_CODE.refused
  if (record === "full") return RELAY_CODE.full
  const revoked = idsOf(list.revoked)
  const account: Account = {
    accountKey: login.accountKey,
    lists,
    listed: idsOf(list.devices),
    revoked,
    devices: without({ ...before?.devices, [login.device]: record }, revoked),
    seenAtMs: nowMs,
  }
  turn.update({ accounts: set(turn.state.accounts, login.account, account) })
  dropRevoked(turn, login, revoked, before)
  return 0
}

const attempt = (asked: Asked<FrameOf<"publish">>): number => {
  try {
    return take(asked, check(asked))
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
  const refusal = attempt(asked)
  if (refusal !== 0) {
    turn.nack(id, frame.request, refusal)
    return
  }
  const record = get(turn.state.accounts, login.account)?.devices[login.device]
  if (record !== undefined)
    turn.send(id, { type: "ok", request: frame.request, body: stockCodec.encode(stockOf(record)) })
}

/** What the owner is told of its stock. */
export const stockOf = (
  record: DeviceRecord,
): { oneTimeLeft: number; kemLeft: number; lastResortUses: number } => ({
  oneTimeLeft: record.oneTime.length,
  kemLeft: record.oneTimeKem.length,
  lastResortUses: record.lastResortUses,
})
