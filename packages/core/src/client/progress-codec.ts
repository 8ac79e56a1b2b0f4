/** Persistence of a direct conversation's counters and cursors (`conversation/state.ts`). */
import type { CborValue } from "../content/cbor.ts"
import { aMap, bytesOf, flag, listOf, maybe, tuple, u53 } from "../content/schema.ts"
import type { DeviceProgress, DirectState } from "../conversation/state.ts"
import type { Taken } from "../conversation/dedupe.ts"
import type { Bytes } from "../deps.ts"
import { type RecordCodec, mapOf, recordOf } from "./records.ts"

type FlatTaken = readonly [number, readonly number[]]
const taken = tuple<[number, readonly number[]]>(u53, listOf(u53))

type FlatProgress = Omit<DeviceProgress, "received" | "pairReceived"> & {
  readonly received: FlatTaken
  readonly pairReceived: FlatTaken
}
const flatProgress = /* @__PURE__ */ mapOf<FlatProgress>({
  received: taken,
  receivedHead: maybe(bytesOf(32)),
  pairReceived: taken,
  pairSent: u53,
  delivered: u53,
  read: u53,
  readUpTo: u53,
  receiptDue: flag,
  known: u53,
  knownHead: maybe(bytesOf(16)),
})

const fromTaken = (value: Taken): FlatTaken => [value.upTo, value.ahead]
const toTaken = ([upTo, ahead]: FlatTaken): Taken => ({ upTo, ahead })

const fromProgress = (value: DeviceProgress): CborValue =>
  flatProgress.toMap({
    ...value,
    received: fromTaken(value.received),
    pairReceived: fromTaken(value.pairReceived),
  })
const toProgress = (map: CborValue): DeviceProgress => {
  const fields = flatProgress.fromMap(map)
  return {
    ...fields,
    ...{ receivedHead: fields.receivedHead, knownHead: fields.knownHead },
    received: toTaken(fields.received),
    pairReceived: toTaken(fields.pairReceived),
  }
}

interface FlatDirect {
  readonly sent: number
  readonly sentHead: Bytes
  readonly devices: ReadonlyMap<CborValue, CborValue>
}

const mapDevices = <A, B>(devices: ReadonlyMap<unknown, A>, change: (value: A) => B): Map<string, B> =>
  new Map([...devices].map(([id, value]) => [id as string, change(value)]))

export const directCodec: RecordCodec<DirectState> = /* @__PURE__ */ recordOf<DirectState, FlatDirect>(
  { sent: u53, sentHead: bytesOf(32), devices: aMap },
  (state) => ({ ...state, devices: mapDevices(state.devices, fromProgress) }),
  (flat) => ({ ...flat, devices: mapDevices(flat.devices, toProgress) }),
)
