/**
 * Has a reader stopped to take what it is sent? The buffer's cap bounds the memory, this bounds the
 * time: frames wait, and not one was taken for too long. relay.md §9
 */
import { type Timers, neverMind } from "./timers.ts"

export interface SlowReaderOptions {
  readonly timers: Timers
  readonly slowMs: number
  readonly slow: () => void
}

export interface SlowReader {
  /** A frame went into the buffer. */
  queued(): void
  /** A frame left it. */
  taken(): void
  stop(): void
}

export const slowReader = ({ timers, slowMs, slow }: SlowReaderOptions): SlowReader => {
  let waiting = 0
  let cancel = neverMind
  const watch = (): void => {
    cancel()
    cancel = waiting > 0 ? timers.after(slowMs, slow) : neverMind
  }
  return {
    queued: () => {
      waiting++
      if (waiting === 1) watch()
    },
    taken: () => {
      waiting--
      watch()
    },
    stop: () => {
      cancel()
      cancel = neverMind
      waiting = 0
    },
  }
}
