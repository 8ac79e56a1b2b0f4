/**
 * One writer: work given to a queue runs one after another, each to its end, so that no two
 * read-decide-commit rounds interleave (whatsmeow PR 1168, Signal-iOS PR 1630).
 */
export class Queue {
  #tail: Promise<unknown> = Promise.resolve()

  /** Runs `work` after everything given before it. Its failure is the caller's, not the queue's. */
  run<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(work)
    this.#tail = result.catch(() => undefined)
    return result
  }

  /** Resolves when everything given so far has ended, however it ended. */
  async idle(): Promise<void> {
    let tail: Promise<unknown>
    do {
      tail = this.#tail
      await tail
    } while (tail !== this.#tail)
  }
}
