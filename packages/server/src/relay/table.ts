/**
 * A map that is a value: `set` and `remove` return a new one and share all but one path with the old, so
 * that the relay's whole state can be kept, compared and thrown away like a number, at 10⁴ entries and
 * more. Three levels of 32 branches over a seeded hash, then small buckets. The seed is random: keys are
 * chosen by strangers, and must not be able to meet in one bucket on purpose.
 */
const BITS = 5
const WIDTH = 1 << BITS
const MASK = WIDTH - 1
const LEVELS = 3

type Entry<V> = readonly [key: string, value: V]
type Bucket<V> = readonly Entry<V>[]
/** Branches above the last level, buckets below it. */
type Node<V> = readonly (Node<V> | Bucket<V> | undefined)[]

export interface Table<V> {
  readonly seed: number
  readonly size: number
  readonly root: Node<V>
}

export const emptyTable = <V>(seed: number): Table<V> => ({ seed, size: 0, root: [] })

/** FNV-1a over the characters. */
const hashOf = (seed: number, key: string): number => {
  let hash = seed ^ 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

const bucketOf = <V>(table: Table<V>, key: string): Bucket<V> | undefined => {
  let hash = hashOf(table.seed, key)
  let node: Node<V> | undefined = table.root
  for (let level = 1; level < LEVELS && node !== undefined; level++, hash >>>= BITS)
    node = node[hash & MASK] as Node<V> | undefined
  return node?.[hash & MASK] as Bucket<V> | undefined
}

export const get = <V>(table: Table<V>, key: string): V | undefined => {
  const bucket = bucketOf(table, key)
  if (bucket === undefined) return undefined
  for (const entry of bucket) if (entry[0] === key) return entry[1]
  return undefined
}

export const has = (table: Table<unknown>, key: string): boolean =>
  bucketOf(table, key)?.some((entry) => entry[0] === key) ?? false

/** A branch whose last entry went goes too: it would be walked for ever. */
const withBucket = <V>(
  node: Node<V> | undefined,
  hash: number,
  level: number,
  bucket: Bucket<V> | undefined,
): Node<V> | undefined => {
  const next = node === undefined ? new Array<Node<V> | undefined>(WIDTH).fill(undefined) : node.slice()
  const at = hash & MASK
  next[at] =
    level === LEVELS ? bucket : withBucket(next[at] as Node<V> | undefined, hash >>> BITS, level + 1, bucket)
  return next[at] === undefined && next.every((child) => child === undefined) ? undefined : next
}

const replaced = <V>(
  table: Table<V>,
  key: string,
  bucket: Bucket<V> | undefined,
  size: number,
): Table<V> => ({
  seed: table.seed,
  size,
  root: withBucket(table.size === 0 ? undefined : table.root, hashOf(table.seed, key), 1, bucket) ?? [],
})

export const set = <V>(table: Table<V>, key: string, value: V): Table<V> => {
  const bucket = bucketOf(table, key) ?? []
  const rest = bucket.filter((entry) => entry[0] !== key)
  return replaced(table, key, [...rest, [key, value]], table.size + 1 + rest.length - bucket.length)
}

export const remove = <V>(table: Table<V>, key: string): Table<V> => {
  const bucket = bucketOf(table, key)
  const rest = bucket?.filter((entry) => entry[0] !== key)
  if (bucket === undefined || rest?.length === bucket.length) return table
  return replaced(table, key, rest?.length === 0 ? undefined : rest, table.size - 1)
}

/** Every entry, in no order anybody may rely on. */
export const entries = <V>(table: Table<V>): readonly Entry<V>[] => {
  const found: Entry<V>[] = []
  const walk = (node: Node<V>, level: number): void => {
    for (const child of node) {
      if (child === undefined) continue
      if (level === LEVELS) found.push(...(child as Bucket<V>))
      else walk(child as Node<V>, level + 1)
    }
  }
  walk(table.root, 1)
  return found
}

export const values = <V>(table: Table<V>): readonly V[] => entries(table).map((entry) => entry[1])
