export { type FaultMoment, type FaultyStore, faultyStore } from "./faulty-store.ts"
export type { Runner } from "./runner.ts"
export { type StoreSuiteOptions, storeSuite } from "./store-suite.ts"
