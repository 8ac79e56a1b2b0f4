/** Persistence of a direct conversation's counters and cursors (`conversation/state.ts`). */
import type { CborValue } from "../content/cbor.ts"
import { aMap, bytesOf, flag, fromMap, listOf, maybe, toMap, tuple, u53 } from "../content/schema.ts"
import type { DeviceProgress, DirectState } from "../conversation/state.ts"
import type { Taken } from "../conversation/dedupe.ts"
import type { Bytes } from "../deps.ts"
import { type RecordCodec, orCorrupt, recordOf } from "./records.ts"

const KEYS = {
  received: 1,
  receivedHead: 2,
  pairReceived: 3,
  pairSent: 4,
  delivered: 5,
  read: 6,
  readUpTo: 7,
  receiptDue: 8,
} as const
const taken = tuple<[number, readonly number[]]>(u53, listOf(u53))
const SHAPE = {
  received: taken,
  receivedHead: maybe(bytesOf(32)),
  pairReceived: taken,
  pairSent: u53,
  delivered: u53,
  read: u53,
  readUpTo: u53,
  receiptDue: flag,
}

const fromTaken = (value: Taken): CborValue => [value.upTo, value.ahead]
const toTaken = ([upTo, ahead]: readonly [number, readonly number[]]): Taken => ({ upTo, ahead })

const fromProgress = (value: DeviceProgress): CborValue =>
  toMap({ ...value, received: fromTaken(value.received), pairReceived: fromTaken(value.pairReceived) }, KEYS)
const toProgress = (map: CborValue): DeviceProgress => {
  const fields = fromMap(map, KEYS, SHAPE)
  return {
    ...fields,
    received: toTaken(fields.received),
    receivedHead: fields.receivedHead as Bytes | undefined,
    pairReceived: toTaken(fields.pairReceived),
  }
}

interface FlatDirect {
  readonly sent: number
  readonly sentHead: Bytes
  readonly devices: CborValue
}
const flatDirect = /* @__PURE__ */ recordOf<FlatDirect>("a conversation's progress", {
  sent: u53,
  sentHead: bytesOf(32),
  devices: aMap,
})

export const directCodec: RecordCodec<DirectState> = {
  encode: (state) =>
    flatDirect.encode({
      sent: state.sent,
      sentHead: state.sentHead,
      devices: new Map([...state.devices].map(([id, progress]) => [id, fromProgress(progress)])),
    }),
  decode: (bytes) => {
    const flat = flatDirect.decode(bytes)
    const devices = flat.devices as ReadonlyMap<string, CborValue>
    return orCorrupt("a conversation's progress", () => ({
      sent: flat.sent,
      sentHead: flat.sentHead,
      devices: new Map([...devices].map(([id, map]) => [id, toProgress(map)])),
    }))
  },
}
