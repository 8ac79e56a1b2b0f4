/** A token bucket: so many at once, then one per interval. For work a stranger can cause. protocol.md §4.3.8 */

export interface GateLimits {
  readonly burst: number
  readonly refillMs: number
}

/** Senders remembered: past it the oldest is forgotten, which only favours it. */
const MAX_SENDERS = 1_024

export class Gate {
  readonly #limits: GateLimits
  readonly #buckets = new Map<string, { readonly left: number; readonly atMs: number }>()

  constructor(limits: GateLimits) {
    this.#limits = limits
  }

  /** Is there a token left? Nothing is taken. */
  open(name: string, nowMs: number): boolean {
    return this.#left(name, nowMs) >= 1
  }

  take(name: string, nowMs: number): void {
    const left = Math.max(0, this.#left(name, nowMs) - 1)
    this.#buckets.delete(name)
    this.#buckets.set(name, { left, atMs: nowMs })
    if (this.#buckets.size <= MAX_SENDERS) return
    const oldest = this.#buckets.keys().next().value
    if (oldest !== undefined) this.#buckets.delete(oldest)
  }

  #left(name: string, nowMs: number): number {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined) return this.#limits.burst
    const refilled = bucket.left + Math.max(0, nowMs - bucket.atMs) / this.#limits.refillMs
    return Math.min(this.#limits.burst, refilled)
  }
}
