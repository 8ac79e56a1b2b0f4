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
import type { ClaimedKeys, Stock } from "../directory/directory.ts"
import type { AnswerTo, QuestionOf, Spending } from "../relay/question.ts"
import type { Ready } from "../relay/state.ts"
import { get } from "../relay/table.ts"
import type { Asked, Turn } from "../relay/turn.ts"

/** What a frame's head, counts and length fields take at most. */
const ANSWER_OVERHEAD_BYTES = 64

/** As many lists as fit, oldest first. */
const fitting = (lists: readonly Bytes[], roomBytes: number): readonly Bytes[] => {
  let room = roomBytes
  const taken: Bytes[] = []
  for (const bytes of lists) {
    room -= bytes.length + 2
    if (room < 0) break
    taken.push(bytes)
  }
  return taken
}

export const onDevices = ({ turn, connection, frame }: Asked<FrameOf<"devices">>): void => {
  const { id, login } = connection
  const { request, knownVersion } = frame
  if (!turn.affords(connection, request, "lookup", login.account)) return
  const account = formatAccountId(frame.accountId)
  turn.ask(id, { ask: "devices", request, account, knownVersion }, [
    { bucket: "lookup", owner: login.account, cost: 1 },
  ])
}

export const onDevicesFound = (
  turn: Turn,
  { id }: Ready,
  { request }: QuestionOf<"devices">,
  answer: AnswerTo<"devices">,
): void => {
  if (answer === "unknown") {
    turn.nack(id, request, RELAY_CODE.refused)
    return
  }
  const { certificates } = answer
  const used = certificates.reduce((sum, bytes) => sum + bytes.length + 2, ANSWER_OVERHEAD_BYTES)
  const lists = fitting(answer.lists, turn.limits.frameBytes - used)
  turn.send(id, { type: "ok", request, body: devicesAnswerCodec.encode({ lists, certificates }) })
}

const isLow = ({ oneTimeLeft, kemLeft }: Stock): boolean =>
  oneTimeLeft < ONE_TIME_LOW_WATER || kemLeft < ONE_TIME_KEM_LOW_WATER

/** Tells a connected owner; its last-resort uses are counted anew then. */
const notifyOwner = (turn: Turn, account: string, device: string, stock: Stock): void => {
  const route = get(turn.state.routes, device)
  if (route === undefined) {
    turn.tell({ about: "stock", device, account, stock })
    return
  }
  const owner = turn.connection(route)
  if (owner?.phase !== "ready" || owner.login.account !== account) return
  turn.send(owner.id, { type: "stock", request: 0, ...stock })
  turn.do({ type: "told", account, device })
}

/** What a claim takes, from all devices of it or none. */
const costsOf = (account: string, deviceIds: readonly Bytes[]): readonly Spending[] => [
  { bucket: "lookup", owner: account, cost: 1 },
  { bucket: "claim", owner: account, cost: deviceIds.length },
  ...deviceIds.map((deviceId): Spending => ({
    bucket: "claimTarget",
    owner: `${account}>${formatDeviceId(deviceId)}`,
    cost: 1,
  })),
]

/** Asking for what does not exist costs as much: there is nothing to be found out for less. */
export const onClaim = ({ turn, connection, frame }: Asked<FrameOf<"claim">>): void => {
  const { id, login } = connection
  const { request, deviceIds } = frame
  const spend = costsOf(login.account, deviceIds)
  const waitMs = turn.spendAll(spend)
  if (waitMs > 0) {
    turn.nack(id, request, RELAY_CODE.limited, waitMs)
    return
  }
  turn.ask(id, { ask: "claim", request, account: formatAccountId(frame.accountId), deviceIds }, spend)
}

/** Empty where the device's signed keys have expired. */
const bundleOf = (deviceId: Bytes, keys: ClaimedKeys | "none"): ClaimedDevice => ({
  deviceId,
  bundle: keys === "none" ? new Uint8Array(0) : bundleBytes(keys),
})

export const onClaimed = (
  turn: Turn,
  { id }: Ready,
  { request, account, deviceIds }: QuestionOf<"claim">,
  answer: AnswerTo<"claim">,
): void => {
  if (answer === "unknown") {
    turn.nack(id, request, RELAY_CODE.refused)
    return
  }
  const devices = deviceIds.map((deviceId, index) => {
    const keys = answer[index] ?? "none"
    if (keys !== "none" && keys.lastResort) turn.count("last_resort_uses")
    if (keys !== "none" && isLow(keys.stock)) notifyOwner(turn, account, formatDeviceId(deviceId), keys.stock)
    return bundleOf(deviceId, keys)
  })
  turn.send(id, { type: "ok", request, body: claimAnswerCodec.encode({ devices }) })
}
