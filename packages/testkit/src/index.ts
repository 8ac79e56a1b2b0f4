export { type Acceptor, type AcceptorOptions, acceptor } from "./acceptor.ts"
export { type Canary, canaryForms, canarySearch } from "./canary.ts"
export { type ManualClock, manualClock, turn } from "./clock.ts"
export { type FaultMoment, type FaultyStore, faultyStore } from "./faulty-store.ts"
export {
  type DeliveredRecord,
  type HistoryOptions,
  type HistoryRecord,
  type Invariant,
  type MessageRef,
  type SentRecord,
  type Violation,
  assertHistory,
  checkHistory,
} from "./history.ts"
export { type UnsafeSeeded, unsafeSeeded, unsafeSeededRandom } from "./random.ts"
export { type ProofChange, type RelayDevice, type RelayDeviceDeps, relayDevice } from "./relay-device.ts"
export type { Runner } from "./runner.ts"
export { type StoreSuiteOptions, storeSuite } from "./store-suite.ts"
export { type RecordedEnd, type Recorder, contextOf, recordedEnd, recorder } from "./transport-end.ts"
export type { Deaf, TransportCapabilities } from "./transport-pair.ts"
export { transportSuite } from "./transport-suite.ts"
