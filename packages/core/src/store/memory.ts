/**
 * The reference driver: everything in one sorted list in memory, gone with the process. Not its
 * concern: sealing; nothing here reaches a disk.
 */
import { copy } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { ListOptions, Store, StoreOp, StorePath } from "./store.ts"

type Entry = readonly [path: StorePath, value: Bytes]

/** Component by component, by UTF-16 code units; a prefix comes before what it begins. */
const comparePaths = (a: StorePath, b: StorePath): number => {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a[i] as string
    const y = b[i] as string
    if (x !== y) return x < y ? -1 : 1
  }
  return a.length - b.length
}

/** First place in `entries` whose path is not before `path`. */
const lowerBound = (entries: readonly Entry[], path: StorePath): number => {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (comparePaths((entries[middle] as Entry)[0], path) < 0) low = middle + 1
    else high = middle
  }
  return low
}

const isUnder = (path: StorePath, prefix: StorePath): boolean => prefix.every((part, i) => path[i] === part)

const apply = (entries: Entry[], op: StoreOp): void => {
  const at = lowerBound(entries, op.key)
  const found = entries[at]
  const present = found !== undefined && comparePaths(found[0], op.key) === 0
  if (op.type === "delete") {
    if (present) entries.splice(at, 1)
    return
  }
  entries.splice(at, present ? 1 : 0, [[...op.key], copy(op.value)])
}

const check = (op: StoreOp): void => {
  if (op.key.length === 0)
    throw new SecureChatError("ERR_INTERNAL", "a store path has at least one component")
}

/** What `list` yields, chosen when it begins: later batches do not show. */
const select = (entries: readonly Entry[], prefix: StorePath, options: ListOptions): readonly Entry[] => {
  const under: Entry[] = []
  for (let at = lowerBound(entries, prefix); at < entries.length; at++) {
    const entry = entries[at] as Entry
    if (!isUnder(entry[0], prefix)) break
    under.push(entry)
  }
  const after = options.after
  const direction = options.reverse === true ? -1 : 1
  const rest =
    after === undefined ? under : under.filter(([path]) => comparePaths(path, after) * direction > 0)
  const ordered = direction < 0 ? rest.reverse() : rest
  return ordered.slice(0, options.limit ?? ordered.length)
}

/** A store that lives as long as its object. Hand the same one to a second `open` to resume. */
export const memoryStore = (): Store => {
  const entries: Entry[] = []
  return {
    durable: false,
    get: (key) => {
      const found = entries[lowerBound(entries, key)]
      const value = found !== undefined && comparePaths(found[0], key) === 0 ? copy(found[1]) : undefined
      return Promise.resolve(value)
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- a synchronous driver of an asynchronous interface
    list: async function* (prefix, options = {}) {
      for (const [path, value] of select(entries, prefix, options)) yield [[...path], copy(value)] as const
    },
    batch: async (ops) => {
      // Everything is checked and copied before anything is changed: all or nothing.
      ops.forEach(check)
      for (const op of ops) apply(entries, op)
      await Promise.resolve()
    },
  }
}
