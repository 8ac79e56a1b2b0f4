/** Messages in a closed loop: in each conversation a next one leaves when one has arrived. And the clock that counts them. */
import type { Server } from "./process.ts"

export interface ClosedLoop {
  /** To be called with each message that arrived. */
  arrived(conversation: number): void
  /** Sends for so long and waits for what is under way; how many arrived. */
  run(forMs: number): Promise<number>
}

/** @param sends one a conversation; may be filled after the call. */
export function closedLoop(sends: readonly (() => void)[], window: number): ClosedLoop {
  let underWay = 0
  let count = 0
  let endMs = 0
  let done: () => void = () => undefined
  const next = (conversation: number): void => {
    underWay += 1
    sends[conversation]?.()
  }
  return {
    arrived: (conversation) => {
      underWay -= 1
      count += 1
      if (performance.now() < endMs) next(conversation)
      else if (underWay === 0) done()
    },
    run: async (forMs) => {
      count = 0
      underWay = 0
      endMs = performance.now() + forMs
      const ended = new Promise<void>((resolve) => (done = resolve))
      for (let i = 0; i < sends.length * window; i++) next(i % sends.length)
      await ended
      return count
    },
  }
}

/** Processor time of this process and of its server, over all their threads; with `BENCH_CLOCK=wall` the clock. */
export const chatClock = (server: Server): (() => number) => {
  if (process.env["BENCH_CLOCK"] === "wall") return () => performance.now()
  return () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000 + server.cpuMs()
  }
}
