/** Time and randomness of the shell, given so that tests can hold the clock. */
import { randomBytes } from "node:crypto"

export interface RelayDeps {
  /** `length` fresh, uniform, unpredictable bytes. */
  readonly random: (length: number) => Uint8Array<ArrayBuffer>
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
  readonly timers: {
    /** Calls `work` once, after `ms`; returns its cancellation. */
    after(ms: number, work: () => void): () => void
  }
}

export const platformDeps: RelayDeps = {
  random: (length) => new Uint8Array(randomBytes(length)),
  nowMs: () => Date.now(),
  timers: {
    after: (ms, work) => {
      const timer = setTimeout(work, ms)
      return () => {
        clearTimeout(timer)
      }
    },
  },
}
