/**
 * Typed events: `on` returns its end, `once` is a promise, `events` an
 * iterator with a bound. A listener that throws neither stops the others nor the core.
 */
import { EventEmitter } from "eventemitter3"
import { SecureChatError } from "../errors.ts"
import { EVENT_BUFFER } from "../limits.ts"
import { BoundedIterator } from "./buffer.ts"
import { onAbort, throwIfAborted } from "./timers.ts"
import type { AbortOptions, IterateOptions, ListenOptions, Observable, Unsubscribe } from "./types.ts"

export interface EmitterHooks {
  /** A listener threw `cause` while it handled `type`. */
  readonly onThrow: (cause: unknown, type: string) => void
  /** A slow iterator over `type` lost its oldest item. */
  readonly onDrop: (type: string) => void
}

export class Emitter<E> implements Observable<E> {
  readonly #emitter = new EventEmitter()
  readonly #hooks: EmitterHooks
  /** What `close` ends: pending `once` calls and iterators. */
  readonly #endings = new Set<() => void>()

  constructor(hooks: EmitterHooks) {
    this.#hooks = hooks
  }

  on<K extends keyof E>(type: K, listener: (event: E[K]) => void, options: ListenOptions = {}): Unsubscribe {
    if (options.signal?.aborted === true) return () => undefined
    const name = String(type)
    const guarded = (event: E[K]): void => {
      if (options.once === true) stop()
      try {
        listener(event)
      } catch (cause) {
        this.#hooks.onThrow(cause, name)
      }
    }
    const stop = (): void => {
      release()
      this.#emitter.off(name, guarded)
    }
    const release = onAbort(options.signal, stop)
    this.#emitter.on(name, guarded)
    return stop
  }

  once<K extends keyof E>(type: K, options: AbortOptions = {}): Promise<E[K]> {
    return this.until(type, (event) => event, options)
  }

  events<K extends keyof E>(type: K, options: IterateOptions = {}): AsyncIterableIterator<E[K]> {
    const name = String(type)
    const iterator = new BoundedIterator<E[K]>(options.buffer ?? EVENT_BUFFER, {
      onDrop: () => {
        this.#hooks.onDrop(name)
      },
      onEnd: () => {
        off()
        release()
        this.#endings.delete(end)
      },
    })
    const end = (): void => {
      iterator.end()
    }
    const off = this.on(type, (event) => {
      iterator.push(event)
    })
    this.#endings.add(end)
    let release: Unsubscribe = () => undefined
    release = onAbort(options.signal, end)
    return iterator
  }

  /**
   * Looks once, and again at each event of `type`, until there is an answer.
   * @throws ERR_ABORTED, ERR_CLOSED, and what `look` does
   */
  async until<K extends keyof E, R>(
    type: K,
    look: (event: E[K] | undefined) => R | undefined | Promise<R | undefined>,
    { signal }: AbortOptions,
  ): Promise<R> {
    const events = this.events(type, { signal })
    try {
      let answer = await look(undefined)
      while (answer === undefined) {
        const next = await events.next()
        if (next.done === true) {
          throwIfAborted(signal)
          throw new SecureChatError("ERR_CLOSED", `closed while waiting for '${String(type)}'`, {
            hint: "Call start() again.",
          })
        }
        answer = await look(next.value)
      }
      return answer
    } finally {
      await events.return?.()
    }
  }

  emit<K extends keyof E>(type: K, event: E[K]): void {
    this.#emitter.emit(String(type), event)
  }

  /** Ends iterators and rejects pending `once` calls with ERR_CLOSED; listeners stay for the next start. */
  endWaits(): void {
    for (const end of [...this.#endings]) end()
  }
}
