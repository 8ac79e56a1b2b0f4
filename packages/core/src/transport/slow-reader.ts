/**
 * Has a reader stopped to take what it is sent? The buffer's cap bounds the memory, this bounds the
 * time: frames wait, and not one was taken for too long. relay.md §9
 */
import { type Timers, neverMind } from "./timers.ts"

export interface SlowReaderOptions {
  readonly timers: Timers
  /** Of the same clock as the timers. */
  readonly nowMs: () => number
  readonly slowMs: number
  readonly slow: () => void
}

export interface SlowReader {
  /** A frame went into the buffer. */
  queued(): void
  /** So many have left it. */
  taken(frames?: number): void
  stop(): void
}

/** One timer for as long as something is sent, not one per frame: when it is due it looks back at what was taken. */
class Watched implements SlowReader {
  readonly #options: SlowReaderOptions
  #waiting = 0
  /** Since when nothing was taken. */
  #sinceMs = 0
  #cancel = neverMind

  constructor(options: SlowReaderOptions) {
    this.#options = options
  }

  queued(): void {
    if (this.#waiting++ > 0) return
    this.#sinceMs = this.#options.nowMs()
    if (this.#cancel === neverMind) this.#lookIn(this.#options.slowMs)
  }

  taken(frames = 1): void {
    this.#waiting -= frames
    this.#sinceMs = this.#options.nowMs()
  }

  stop(): void {
    this.#cancel()
    this.#cancel = neverMind
    this.#waiting = 0
  }

  #lookIn(ms: number): void {
    this.#cancel = this.#options.timers.after(ms, this.#look)
  }

  readonly #look = (): void => {
    this.#cancel = neverMind
    if (this.#waiting === 0) return
    const { nowMs, slowMs, slow } = this.#options
    const leftMs = this.#sinceMs + slowMs - nowMs()
    if (leftMs > 0) this.#lookIn(leftMs)
    else slow()
  }
}

export const slowReader = (options: SlowReaderOptions): SlowReader => new Watched(options)
