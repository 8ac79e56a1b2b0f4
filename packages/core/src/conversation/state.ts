/**
 * What a direct conversation with one account knows besides its messages: counters and cursors, as plain
 * data. Everything an app sees of progress (status, unread) is computed from it. protocol.md §6.4, §10.1
 */
import type { Bytes } from "../deps.ts"
import { NOTHING_TAKEN, type Taken } from "./dedupe.ts"

/** Towards and from one device of the peer. */
export interface DeviceProgress {
  /** Numbers of the peer's messages to the conversation. */
  readonly received: Taken
  /** Head of the peer's chain at `received.upTo`; undefined where it could not be followed. */
  readonly receivedHead: Bytes | undefined
  /** The highest number the peer says it has used, and the first 16 bytes of its chain's head there. */
  readonly known: number
  readonly knownHead: Bytes | undefined
  /** Numbers of what the peer sent to this device alone (receipts). */
  readonly pairReceived: Taken
  /** Last number given to what was sent to that device alone. */
  readonly pairSent: number
  /** Own conversation messages the peer has, and has read: everything up to here. */
  readonly delivered: number
  readonly read: number
  /** The peer's messages read here: everything up to this number. */
  readonly readUpTo: number
  /** The peer has not been told all of the above yet. */
  readonly receiptDue: boolean
}

export interface DirectState {
  /** Last number given to an own message. */
  readonly sent: number
  /** Head of the own chain after it (h of protocol.md §10). */
  readonly sentHead: Bytes
  /** By device id. */
  readonly devices: ReadonlyMap<string, DeviceProgress>
}

const NEW_DEVICE: DeviceProgress = {
  received: NOTHING_TAKEN,
  receivedHead: undefined,
  known: 0,
  knownHead: undefined,
  pairReceived: NOTHING_TAKEN,
  pairSent: 0,
  delivered: 0,
  read: 0,
  readUpTo: 0,
  receiptDue: false,
}

/** @param logStart h_0 of the own chain, 32 bytes. */
export const emptyDirect = (logStart: Bytes): DirectState => ({
  sent: 0,
  sentHead: logStart,
  devices: new Map(),
})

export const progressOf = (state: DirectState, deviceId: string): DeviceProgress =>
  state.devices.get(deviceId) ?? NEW_DEVICE

export const withProgress = (
  state: DirectState,
  deviceId: string,
  change: Partial<DeviceProgress>,
): DirectState => ({
  ...state,
  devices: new Map(state.devices).set(deviceId, { ...progressOf(state, deviceId), ...change }),
})
