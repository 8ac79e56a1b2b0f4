/** Waiting, so that tests bring their own time. */
export interface Timers {
  /** Calls `work` once, after `ms`; returns its cancellation. */
  after(ms: number, work: () => void): () => void
}

export const platformTimers: Timers = {
  after: (ms, work) => {
    const handle = setTimeout(work, ms)
    return () => {
      clearTimeout(handle)
    }
  },
}

export const neverMind = (): void => undefined
