/**
 * Lives of a client: every write into its store and every frame it sends is a numbered step, and a life may end before
 * one of them. What ends is the whole client at once, as a process that is killed: no promise of its store or its
 * connection settles any more, and nothing it does reaches anybody. What it leaves is its store.
 */
import type { Store, Transport } from "@securechat/core"
import { frameCodec } from "@securechat/core/wire"

const never = <T>(): Promise<T> => new Promise(() => undefined)

export class Life {
  /** Steps taken so far. */
  steps = 0
  /** What each of them was. */
  readonly log: string[] = []
  readonly died: Promise<void>
  #die: () => void = () => undefined
  #dead = false
  #endsBefore: number
  readonly #cuts: (() => void)[] = []

  /** @param endsBefore the step before which it ends, from 1; Infinity: it lives. */
  constructor(endsBefore: number) {
    this.#endsBefore = endsBefore
    this.died = new Promise((resolve) => {
      this.#die = resolve
    })
  }

  get dead(): boolean {
    return this.#dead
  }

  /** It ends before the so-manyth step from now, 1 being the next. */
  endIn(steps: number): void {
    this.#endsBefore = this.steps + steps
  }
  /** It ends no more. */
  spare(): void {
    this.#endsBefore = Infinity
  }

  /** May the next step be taken? */
  #step(what: string): boolean {
    if (this.#dead) return false
    this.steps += 1
    this.log.push(what)
    if (this.steps < this.#endsBefore) return true
    this.#dead = true
    for (const cut of this.#cuts) cut()
    this.#die()
    return false
  }

  store(inner: Store): Store {
    return {
      durable: inner.durable,
      get: (key) => (this.#dead ? never() : inner.get(key)),
      list: (prefix, options) => this.#list(inner.list(prefix, options)),
      batch: async (ops) => {
        if (!this.#step(`store ${ops.map(({ key }) => key[0]).join(" ")}`)) return never()
        await inner.batch(ops)
        if (this.#dead) return never()
      },
    }
  }
  async *#list<T>(items: AsyncIterable<T>): AsyncIterableIterator<T> {
    for await (const item of items) {
      if (this.#dead) await never()
      yield item
    }
  }

  transport(inner: Transport): Transport {
    return {
      ...inner,
      connect: async (context) => {
        if (this.#dead) return never()
        const connection = await inner.connect({
          ...context,
          onFrame: (frame) => {
            if (!this.#dead) context.onFrame(frame)
          },
          onClose: (info) => {
            if (!this.#dead) context.onClose(info)
          },
        })
        this.#cuts.push(() => void connection.close())
        return {
          get bufferedBytes() {
            return connection.bufferedBytes
          },
          send: async (frame) => {
            if (!this.#step(`send ${frameCodec.decode(frame).type}`)) return never()
            await connection.send(frame)
            if (this.#dead) return never()
          },
          close: (info) => (this.#dead ? never() : connection.close(info)),
        }
      },
    }
  }
}
