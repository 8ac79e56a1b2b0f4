/**
 * A map that is a value: `set` and `remove` return a new one and leave the old as it was, so that the relay's whole state
 * can be kept, compared and thrown away like a number. The newest version holds a native Map; an older one holds only what
 * the next changed, and takes the Map over when somebody reads it after all (H. Baker, "Shallow binding makes functional
 * arrays fast", 1991). The relay reads the newest alone, at the price of the Map. Keys are chosen by strangers: V8 seeds its
 * hashes of strings anew in each process.
 */
import { SecureChatError } from "@securechat/core/errors"

type Entry<V> = readonly [key: string, value: V]

class Version<V> {
  /** Set once, before anybody else sees it. */
  size = 0
  /** Undefined in an older version. */
  map: Map<string, V> | undefined
  /** Of an older version: the next newer one, and what that changed of it. */
  newer: Version<V> | undefined
  #key = ""
  #value: V | undefined
  #had = false

  constructor(map: Map<string, V>) {
    this.map = map
  }

  /** Gives the Map to `newer`, before its change at `key`. */
  handTo(newer: Version<V>, map: Map<string, V>, key: string): void {
    this.#key = key
    this.#value = map.get(key)
    this.#had = this.#value !== undefined || map.has(key)
    this.newer = newer
    this.map = undefined
  }

  /** Nobody reads this version any more. */
  letGo(): void {
    this.newer = undefined
    this.#value = undefined
  }

  /** Takes it back from `newer`, which becomes an older version. */
  takeFrom(newer: Version<V>, map: Map<string, V>): void {
    newer.handTo(this, map, this.#key)
    if (this.#had) map.set(this.#key, this.#value as V)
    else map.delete(this.#key)
    this.#value = undefined
    this.newer = undefined
    this.map = map
  }

  toJSON(): readonly Entry<V>[] {
    return entries(this)
  }
}

export type Table<V> = Version<V>

export const emptyTable = <V>(): Table<V> => new Version<V>(new Map())

/** The Map, moved from the newest version to this one, step by step. */
const reach = <V>(table: Version<V>): Map<string, V> => {
  const behind: Version<V>[] = []
  let at = table
  for (let { newer } = at; newer !== undefined; { newer } = at) {
    behind.push(at)
    at = newer
  }
  const { map } = at
  if (map === undefined) throw new SecureChatError("ERR_INTERNAL", "a table was read after it was let go")
  for (const older of behind.toReversed()) {
    older.takeFrom(at, map)
    at = older
  }
  return map
}

const mapOf = <V>(table: Version<V>): Map<string, V> => table.map ?? reach(table)

/**
 * For whoever goes on with `after` and keeps no `before`: an old version leads to every newer one, and once the collector has
 * moved it to its old generation, all of them would follow it there.
 */
export const letGo = <V>(before: Table<V>, after: Table<V>): void => {
  if (before !== after) before.letGo()
}

export const get = <V>(table: Table<V>, key: string): V | undefined => mapOf(table).get(key)

export const has = (table: Table<unknown>, key: string): boolean => mapOf(table).has(key)

export const set = <V>(table: Table<V>, key: string, value: V): Table<V> => {
  const map = mapOf(table)
  const newer = new Version(map)
  table.handTo(newer, map, key)
  newer.size = map.set(key, value).size
  return newer
}

export const remove = <V>(table: Table<V>, key: string): Table<V> => {
  const map = mapOf(table)
  if (!map.has(key)) return table
  const newer = new Version(map)
  table.handTo(newer, map, key)
  map.delete(key)
  newer.size = map.size
  return newer
}

/** Every entry, in no order anybody may rely on. */
export const entries = <V>(table: Table<V>): readonly Entry<V>[] => [...mapOf(table)]

export const values = <V>(table: Table<V>): readonly V[] => [...mapOf(table).values()]
