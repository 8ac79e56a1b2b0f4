/** `devices` and `claim`: what somebody who wants to write to an account is given. relay.md §3, §6 */
import { ONE_TIME_KEM_LOW_WATER, ONE_TIME_LOW_WATER } from "@securechat/core/limits"
import {
  type Bytes,
  type ClaimedDevice,
  type FrameOf,
  RELAY_CODE,
  bundleBytes,
  claimAnswerCodec,
  devicesAnswerCodec,
  formatAccountId,
  formatDeviceId,
} from "@securechat/core/wire"
import type { Account, DeviceRecord, ListRecord } from "../relay/state.ts"
import { get, set } from "../relay/table.ts"
import type { Asked, Turn } from "../relay/turn.ts"
import { takeKeys } from "./prekeys.ts"
import { stockOf } from "./publish.ts"

/** What a frame's head, counts and length fields take at most. */
const ANSWER_OVERHEAD_BYTES = 64

/** As many lists as fit, oldest first. */
const fitting = (lists: readonly ListRecord[], roomBytes: number): readonly Bytes[] => {
  let room = roomBytes
  const taken: Bytes[] = []
  for (const { bytes } of lists) {
    room -= bytes.length + 2
    if (room < 0) break
    taken.push(bytes)
  }
  return taken
}

export const onDevices = ({ turn, connection, frame }: Asked<FrameOf<"devices">>): void => {
  const { id, login } = connection
  if (!turn.affords(connection, frame.request, "lookup", login.account)) return
  const account = get(turn.state.accounts, formatAccountId(frame.accountId))
  if (account === undefined) {
    turn.nack(id, frame.request, RELAY_CODE.refused)
    return
  }
  const newer = account.lists.filter((list) => list.version > frame.knownVersion)
  const known = account.listed.map((device) => account.devices[device]?.certificate)
  const certificates = newer.length === 0 ? [] : known.filter((certificate) => certificate !== undefined)
  const used = certificates.reduce((sum, bytes) => sum + bytes.length + 2, ANSWER_OVERHEAD_BYTES)
  const lists = fitting(newer, turn.limits.frameBytes - used)
  turn.send(id, {
    type: "ok",
    request: frame.request,
    body: devicesAnswerCodec.encode({ lists, certificates }),
  })
}

/** Tells a connected owner, and begins to count anew. */
const notifyOwner = (turn: Turn, device: string, record: DeviceRecord): DeviceRecord => {
  const route = get(turn.state.routes, device)
  if (route === undefined || turn.connection(route)?.phase !== "ready") return record
  turn.send(route, { type: "stock", request: 0, ...stockOf(record) })
  return { ...record, lastResortUses: 0 }
}

const isLow = (record: DeviceRecord): boolean =>
  record.oneTime.length < ONE_TIME_LOW_WATER || record.oneTimeKem.length < ONE_TIME_KEM_LOW_WATER

/** One bundle out of an account; empty where the device's signed keys have expired. */
const claimOne = (turn: Turn, accountName: string, deviceId: Bytes): ClaimedDevice => {
  const none = { deviceId, bundle: new Uint8Array(0) }
  const account = get(turn.state.accounts, accountName)
  const device = formatDeviceId(deviceId)
  const record = account?.devices[device]
  const list = account?.lists.at(-1)?.bytes
  if (account === undefined || record === undefined || list === undefined) return none
  const [left, keys] = takeKeys(record, turn.nowMs)
  if (keys === undefined) return none
  if (keys.lastResort) turn.count("last_resort_uses")
  const kept = isLow(left) ? notifyOwner(turn, device, left) : left
  const next: Account = { ...account, devices: { ...account.devices, [device]: kept } }
  turn.update({ accounts: set(turn.state.accounts, accountName, next) })
  const { signedPrekey, oneTime, kem } = keys
  return {
    deviceId,
    bundle: bundleBytes({ certificate: record.certificate, list, signedPrekey, oneTime, kem }),
  }
}

/** Both buckets of a claim, all devices of it or none; 0, or how long to wait. */
const spendClaim = ({ turn, connection, frame }: Asked<FrameOf<"claim">>): number => {
  const { account } = connection.login
  const before = turn.state
  const waits = [turn.spend("claim", account, frame.deviceIds.length)]
  for (const deviceId of frame.deviceIds)
    waits.push(turn.spend("claimTarget", `${account}>${formatDeviceId(deviceId)}`))
  const waitMs = Math.max(...waits)
  if (waitMs > 0) turn.state = before
  return waitMs
}

export const onClaim = (asked: Asked<FrameOf<"claim">>): void => {
  const { turn, connection, frame } = asked
  const { id } = connection
  const accountName = formatAccountId(frame.accountId)
  const account = get(turn.state.accounts, accountName)
  // A look-up of its own bucket first: asking for what does not exist must cost something too.
  if (!turn.affords(connection, frame.request, "lookup", connection.login.account)) return
  const unknown = frame.deviceIds.some((deviceId) => account?.devices[formatDeviceId(deviceId)] === undefined)
  if (unknown) {
    turn.nack(id, frame.request, RELAY_CODE.refused)
    return
  }
  const waitMs = spendClaim(asked)
  if (waitMs > 0) {
    turn.nack(id, frame.request, RELAY_CODE.limited, waitMs)
    return
  }
  const devices = frame.deviceIds.map((deviceId) => claimOne(turn, accountName, deviceId))
  turn.send(id, { type: "ok", request: frame.request, body: claimAnswerCodec.encode({ devices }) })
}
