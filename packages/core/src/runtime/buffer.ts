/**
 * An async iterator with a bound: what a slow reader has not taken waits here, and the oldest goes when
 * it is full. Ends by `end`, by the reader's `break`, or by its signal.
 */
export class BoundedIterator<T> implements AsyncIterableIterator<T> {
  readonly #size: number
  readonly #onDrop: () => void
  readonly #onEnd: () => void
  #items: T[] = []
  #waiting: ((result: IteratorResult<T>) => void)[] = []
  #ended = false
  #dropping = false

  /** @param hooks `onDrop` once per overflow, until the reader has caught up; `onEnd` once. */
  constructor(size: number, hooks: { readonly onDrop: () => void; readonly onEnd: () => void }) {
    this.#size = size
    this.#onDrop = hooks.onDrop
    this.#onEnd = hooks.onEnd
  }

  push(item: T): void {
    if (this.#ended) return
    const reader = this.#waiting.shift()
    if (reader !== undefined) {
      reader({ done: false, value: item })
      return
    }
    this.#items.push(item)
    if (this.#items.length <= this.#size) return
    this.#items.shift()
    if (this.#dropping) return
    this.#dropping = true
    this.#onDrop()
  }

  /** Nothing new comes; what waits is still handed out. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const reader of this.#waiting) reader({ done: true, value: undefined })
    this.#waiting = []
    this.#onEnd()
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#items.length > 0) {
      const value = this.#items.shift() as T
      if (this.#items.length === 0) this.#dropping = false
      return Promise.resolve({ done: false, value })
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  return(): Promise<IteratorResult<T>> {
    this.#items = []
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
