/**
 * The reference driver: everything in sorted lists in memory, gone with the process. Not its concern:
 * sealing; nothing here reaches a disk.
 */
import { copy } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { comparePaths, isUnder, requirePath } from "./path.ts"
import type { ListOptions, Store, StoreOp, StorePath } from "./store.ts"

type Entry = readonly [path: StorePath, value: Bytes]

/** Entries in one list: a longer one makes each insert move more than it saves in finding. */
const CHUNK = 512

/** How many at the beginning of a sorted list are before a place. */
const countBefore = <T>(list: readonly T[], isBefore: (item: T) => boolean): number => {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(list[middle] as T)) low = middle + 1
    else high = middle
  }
  return low
}

/** Entries in path order, in lists none of which is empty but an only one. */
class Entries {
  readonly #chunks: Entry[][] = [[]]

  at(path: StorePath): Entry | undefined {
    const [chunk, i] = this.#seek((other) => comparePaths(other, path) < 0)
    const found = chunk[i]
    return found !== undefined && comparePaths(found[0], path) === 0 ? found : undefined
  }

  apply(op: StoreOp): void {
    const [chunk, i, c] = this.#seek((other) => comparePaths(other, op.key) < 0)
    const found = chunk[i]
    const present = found !== undefined && comparePaths(found[0], op.key) === 0 ? 1 : 0
    if (op.type === "set") chunk.splice(i, present, [[...op.key], copy(op.value)])
    else chunk.splice(i, present)
    if (chunk.length > CHUNK) this.#chunks.splice(c + 1, 0, chunk.splice(CHUNK / 2))
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(c, 1)
  }

  /** The next one under the prefix, after `last`. */
  next(prefix: StorePath, last: StorePath | undefined, reverse: boolean): Entry | undefined {
    const [chunk, i, c] = this.#seek((path) => {
      if (comparePaths(path, prefix) < 0) return true
      if (reverse) return isUnder(path, prefix) && (last === undefined || comparePaths(path, last) < 0)
      return last !== undefined && comparePaths(path, last) <= 0
    })
    const found = !reverse ? chunk[i] : i > 0 ? chunk[i - 1] : this.#chunks[c - 1]?.at(-1)
    return found !== undefined && isUnder(found[0], prefix) ? found : undefined
  }

  /** Where the first entry stands that is not before a place: its list, the place in it, the list's number. */
  #seek(isBefore: (path: StorePath) => boolean): [Entry[], number, number] {
    const full = countBefore(
      this.#chunks,
      (chunk) => chunk.length > 0 && isBefore((chunk.at(-1) as Entry)[0]),
    )
    const c = Math.min(full, this.#chunks.length - 1)
    const chunk = this.#chunks[c] as Entry[]
    return [chunk, countBefore(chunk, ([path]) => isBefore(path)), c]
  }
}

/** A store that lives as long as its object. Hand the same one to a second `open` to resume. */
export const memoryStore = (): Store => {
  const entries = new Entries()
  return {
    durable: false,
    get: (key) => {
      const found = entries.at(key)
      return Promise.resolve(found && copy(found[1]))
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- a synchronous driver of an asynchronous interface
    list: async function* (prefix, { after, limit = Infinity, reverse = false }: ListOptions = {}) {
      let last = after
      for (let left = limit; left > 0; left--) {
        const found = entries.next(prefix, last, reverse)
        if (found === undefined) return
        last = found[0]
        yield [[...last], copy(found[1])] as const
      }
    },
    batch: async (ops) => {
      // Everything is checked before anything is changed: all or nothing.
      for (const op of ops) requirePath(op.key)
      for (const op of ops) entries.apply(op)
      await Promise.resolve()
    },
  }
}
