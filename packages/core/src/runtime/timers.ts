/**
 * Time that passes: the only way this library waits. Tests hand in a manual clock; nothing here runs
 * on import. Not its concern: what time it is (`deps.nowMs`).
 */
import { SecureChatError } from "../errors.ts"
import type { Timers } from "../transport/timers.ts"

export { type Timers, platformTimers } from "../transport/timers.ts"

/** The error of a signal that fired. */
export const aborted = (signal: AbortSignal): SecureChatError =>
  SecureChatError.is(signal.reason)
    ? signal.reason
    : new SecureChatError("ERR_ABORTED", "aborted by its signal", { cause: signal.reason })

/** @throws ERR_ABORTED when the signal has fired already. */
export const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw aborted(signal)
}

/** Calls `work` when the signal fires, at once if it has; returns the end of that. */
export const onAbort = (signal: AbortSignal | undefined, work: () => void): (() => void) => {
  if (signal === undefined) return () => undefined
  if (signal.aborted) {
    work()
    return () => undefined
  }
  signal.addEventListener("abort", work, { once: true })
  return () => {
    signal.removeEventListener("abort", work)
  }
}

/**
 * What `work` gives, unless the signal fires first. The work itself goes on: state ends up as if the
 * call had finished.
 *
 * @throws ERR_ABORTED, and what `work` throws.
 */
export const orAborted = async <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return work
  let release = (): void => undefined
  const stop = new Promise<never>((_, reject) => {
    release = onAbort(signal, () => {
      reject(aborted(signal))
    })
  })
  try {
    return await Promise.race([work, stop])
  } finally {
    release()
  }
}

/** Resolves after `ms`, or as soon as the signal fires. */
export const sleep = (timers: Timers, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    let cancel = (): void => undefined
    const release = onAbort(signal, () => {
      cancel()
      resolve()
    })
    if (signal.aborted) return
    cancel = timers.after(ms, () => {
      release()
      resolve()
    })
  })

/** A promise with its ends in hand. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}
export const deferred = <T>(): Deferred<T> => {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  // Who does not wait for it must not bring the process down.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}

/** At most one timer per key; a new one takes the place of the old. */
export class KeyedTimers<K> {
  readonly #timers: Timers
  readonly #cancels = new Map<K, () => void>()

  constructor(timers: Timers) {
    this.#timers = timers
  }
  /** Until it is cancelled, also after its work was called. */
  has(key: K): boolean {
    return this.#cancels.has(key)
  }
  set(key: K, ms: number, work: () => void): void {
    this.cancel(key)
    this.#cancels.set(key, this.#timers.after(ms, work))
  }
  cancel(key: K): void {
    this.#cancels.get(key)?.()
    this.#cancels.delete(key)
  }
  clear(): void {
    for (const key of [...this.#cancels.keys()]) this.cancel(key)
  }
}
