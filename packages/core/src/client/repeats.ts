/**
 * The newest envelopes taken, by sender device and id: a repeat is acknowledged and dropped before any
 * session sees it, so that it never looks like an attack. Bounded; past it the session's own checks do.
 */
import { fromUtf8, utf8 } from "../bytes/text.ts"
import type { Batch } from "../runtime/commit.ts"
import type { Store } from "../store/store.ts"
import { at, orderIn } from "./records.ts"

/** Envelopes remembered. */
export const MAX_REPEATS = 2_048

export class Repeats {
  readonly #orders = new Map<string, number>()
  #next = 1

  async load(store: Store): Promise<void> {
    this.#orders.clear()
    for await (const [path, bytes] of store.list(at.envelopes)) this.#add(fromUtf8(bytes), orderIn(path))
  }
  has(name: string): boolean {
    return this.#orders.has(name)
  }
  /** Into the batch of what the envelope brought; the returned work once it resolved. */
  take(name: string, batch: Batch): () => void {
    const order = this.#next
    batch.set(at.envelope(order), utf8(name))
    const oldest = this.#orders.size >= MAX_REPEATS ? this.#orders.entries().next().value : undefined
    if (oldest !== undefined) batch.delete(at.envelope(oldest[1]))
    return () => {
      if (oldest !== undefined) this.#orders.delete(oldest[0])
      this.#add(name, order)
    }
  }

  #add(name: string, order: number): void {
    this.#orders.set(name, order)
    this.#next = Math.max(this.#next, order + 1)
  }
}
