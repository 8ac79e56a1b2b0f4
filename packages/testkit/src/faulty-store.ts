/**
 * A store that fails on purpose: at a chosen batch, before it is written or after. What a crash looks
 * like to the code above: the same store, opened again, with or without that batch.
 */
import type { Store } from "@securechat/core"

/** `before`: nothing of the batch is written. `after`: all of it is, but the answer is lost. */
export type FaultMoment = "before" | "after"

export interface FaultyStore extends Store {
  /** Batches asked for so far. */
  readonly batches: number
  /** Fails the `nth` batch from now (1 is the next) and each one after it, until `heal`. */
  failAt(nth: number, moment: FaultMoment): void
  heal(): void
}

export const faultyStore = (inner: Store): FaultyStore => {
  let count = 0
  let fault: { readonly at: number; readonly moment: FaultMoment } | undefined
  return {
    durable: inner.durable,
    get batches() {
      return count
    },
    failAt: (nth, moment) => {
      fault = { at: count + nth, moment }
    },
    heal: () => {
      fault = undefined
    },
    // The lease is the driver's own affair: it does not fail here. To seal a faulty store, wrap it in `sealable`.
    ...(inner.open === undefined ? {} : { open: inner.open.bind(inner) }),
    ...(inner.close === undefined ? {} : { close: inner.close.bind(inner) }),
    get: (key) => inner.get(key),
    list: (prefix, options) => inner.list(prefix, options),
    batch: async (ops) => {
      count += 1
      if (fault === undefined || count < fault.at) return inner.batch(ops)
      if (fault.moment === "after" && count === fault.at) await inner.batch(ops)
      throw new Error(`store fault at batch ${count}`)
    },
  }
}
