/**
 * The time of a simulated world. Nothing passes but what `pass` lets pass, and nothing goes on before all work that
 * was begun has come to rest: then one number replays a run. Every device reads it through a clock of its own.
 */
import type { UnsafeSeeded } from "@securechat/testkit"

/** All promises have had their turn: an immediate runs when no microtask is left, and nothing here waits for more. */
export const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface Timer {
  readonly atMs: number
  readonly work: () => void
}

export interface WorldTime {
  readonly nowMs: number
  /** Work waiting for its time. */
  readonly pending: number
  after(ms: number, work: () => void): () => void
  pass(ms: number): Promise<void>
}

export const worldTime = (startMs: number): WorldTime => {
  let nowMs = startMs
  const timers = new Set<Timer>()
  /** The earliest; of equals the one that was set first, since a set keeps its order. */
  const next = (untilMs: number): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers)
      if (timer.atMs <= untilMs && (first === undefined || timer.atMs < first.atMs)) first = timer
    return first
  }
  return {
    get nowMs() {
      return nowMs
    },
    get pending() {
      return timers.size
    },
    after: (ms, work) => {
      const timer = { atMs: nowMs + Math.max(0, ms), work }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    pass: async (ms) => {
      const untilMs = nowMs + ms
      await idle()
      for (let timer = next(untilMs); timer !== undefined; timer = next(untilMs)) {
        timers.delete(timer)
        nowMs = Math.max(nowMs, timer.atMs)
        timer.work()
        await idle()
      }
      nowMs = untilMs
    },
  }
}

const HOUR_MS = 3_600_000

/** What a computer believes the time is: it may be wrong, jump, and stand still. Timers do not follow it. */
export class DeviceClock {
  readonly #time: WorldTime
  #skewMs = 0
  #stoodAtMs: number | undefined

  constructor(time: WorldTime) {
    this.#time = time
  }
  readonly nowMs = (): number => this.#stoodAtMs ?? Math.floor(this.#time.nowMs + this.#skewMs)

  jump(random: UnsafeSeeded): void {
    this.#skewMs += Math.floor((random.fraction() - 0.5) * 2 * 20 * HOUR_MS)
  }
  stand(): void {
    this.#stoodAtMs ??= this.nowMs()
  }
  /** Set right. */
  heal(): void {
    this.#skewMs = 0
    this.#stoodAtMs = undefined
  }
}
