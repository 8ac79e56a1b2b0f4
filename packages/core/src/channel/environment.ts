/** What a channel takes from its platform; tests hand in their own. Not part of the public contract. */
import { type Deps, platformDeps } from "../deps.ts"
import { type Timers, platformTimers } from "../runtime/timers.ts"

export interface ChannelEnvironment {
  readonly deps: Deps
  readonly timers: Timers
  /** A clock that never jumps, in milliseconds of any origin. */
  readonly elapsedMs: () => number
}

/** Reads the platform when called, never on import. */
export const platformEnvironment: ChannelEnvironment = {
  deps: platformDeps,
  timers: platformTimers,
  elapsedMs: () => performance.now(),
}
