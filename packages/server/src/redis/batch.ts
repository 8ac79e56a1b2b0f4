/**
 * Many of a turn in one call: a command costs its sender as much as a message costs all else. Whatever has been read from the
 * sockets when the turn ends goes out together; nothing waits for a timer.
 */
interface Waiting<T, R> {
  readonly one: T
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

export class TurnBatch<T, R> {
  readonly #most: number
  readonly #work: (all: readonly T[]) => Promise<readonly R[]>
  #waiting: Waiting<T, R>[] = []

  /** @param work one result for each, in their order; a rejection is everybody's. @param most of them at once. */
  constructor(most: number, work: (all: readonly T[]) => Promise<readonly R[]>) {
    this.#most = most
    this.#work = work
  }

  add(one: T): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ one, resolve, reject }) === 1)
        setImmediate(() => {
          this.#flush()
        })
    })
  }

  #flush(): void {
    const all = this.#waiting
    this.#waiting = []
    for (let from = 0; from < all.length; from += this.#most)
      void this.#carry(all.slice(from, from + this.#most))
  }

  async #carry(some: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.#work(some.map(({ one }) => one))
      for (const [index, { resolve }] of some.entries()) resolve(results[index] as R)
    } catch (error) {
      for (const { reject } of some) reject(error)
    }
  }
}
