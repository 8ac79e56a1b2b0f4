import { CHANNEL_FAULTS } from "./channel-faults.ts"
import { CLIENT_FAULTS } from "./client-faults.ts"
import { CORE_FAULTS } from "./core-faults.ts"
import type { Fault } from "./fault.ts"
import { STORE_FAULTS } from "./store-faults.ts"

export const FAULTS: readonly Fault[] = [...CORE_FAULTS, ...CHANNEL_FAULTS, ...STORE_FAULTS, ...CLIENT_FAULTS]
