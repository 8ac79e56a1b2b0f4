/**
 * Time by hand: nothing passes until `advance` says so. It fits the `nowMs` and `timers` options of the
 * library. Not its concern: real input and output; `turn` waits for that.
 */

export interface ManualClock {
  readonly nowMs: () => number
  readonly timers: { after(ms: number, work: () => void): () => void }
  /** Timers that would still fire: a closed object must leave none. */
  readonly pending: number
  /** Lets `ms` pass, firing timers in order and giving pending promises their turn after each. */
  advance(ms: number): Promise<void>
  /** Sets the time and fires nothing: a wall clock that jumps, forwards or back. Timers keep their distance. */
  jump(toMs: number): void
  /** When the next timer is due. */
  readonly nextAtMs: number | undefined
}

interface Timer {
  at: number
  readonly order: number
  readonly work: () => void
}

/** Turns of the promise queue after a timer: enough for the longest chain of awaits in the core. */
const TURNS = 50

const settle = async (): Promise<void> => {
  for (let i = 0; i < TURNS; i++) await Promise.resolve()
}

/** One turn of the event loop: real sockets had their chance. A message, not a timer: nothing is waited for. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })

export const manualClock = (startMs = 1_700_000_000_000): ManualClock => {
  let now = startMs
  let order = 0
  const timers = new Set<Timer>()
  const next = (until: number): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) {
      if (timer.at > until) continue
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer
    }
    return first
  }
  return {
    nowMs: () => now,
    timers: {
      after: (ms, work) => {
        const timer = { at: now + Math.max(0, ms), order: order++, work }
        timers.add(timer)
        return () => {
          timers.delete(timer)
        }
      },
    },
    get pending() {
      return timers.size
    },
    get nextAtMs() {
      return next(Infinity)?.at
    },
    jump: (toMs) => {
      for (const timer of timers) timer.at += toMs - now
      now = toMs
    },
    advance: async (ms) => {
      if (!(ms >= 0)) throw new Error(`a clock cannot advance by ${ms} ms`)
      const until = now + ms
      await settle()
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        timers.delete(timer)
        now = Math.max(now, timer.at)
        timer.work()
        await settle()
      }
      now = until
    },
  }
}
