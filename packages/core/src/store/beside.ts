/** Two lists of a store in one order, read side by side. */
import { comparePaths } from "./path.ts"
import type { StorePath } from "./store.ts"

type Row = readonly [path: StorePath, value: Uint8Array]

/** A second list, followed as far as a first one has come. */
export class Beside {
  readonly #rows: AsyncIterator<Row>
  readonly #reverse: boolean
  #row: IteratorResult<Row, undefined> | undefined

  constructor(rows: AsyncIterable<Row>, reverse: boolean) {
    this.#rows = rows[Symbol.asyncIterator]()
    this.#reverse = reverse
  }
  async at(place: StorePath): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#row ??= (await this.#rows.next()) as IteratorResult<Row, undefined>
      if (this.#row.done === true) return undefined
      const order = comparePaths(this.#row.value[0], place) * (this.#reverse ? -1 : 1)
      if (order > 0) return undefined
      const [, value] = this.#row.value
      this.#row = undefined
      if (order === 0) return value
    }
  }
  async close(): Promise<void> {
    await this.#rows.return?.()
  }
}
