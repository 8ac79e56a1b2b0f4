/**
 * A disk that outlives the processes that use it, and the store of one process on it: slow, failing before a write or
 * after it, reporting a torn batch, put back to an older state. A process that died gets no answer any more.
 */
import type { Store } from "@securechat/core"
import { SecureChatError } from "@securechat/core/errors"
import type { UnsafeSeeded } from "@securechat/testkit"
import { createHash } from "node:crypto"
import type { WorldTime } from "./time.ts"

type StorePath = readonly string[]
type Entry = readonly [StorePath, Uint8Array]
export type Picture = readonly Entry[]

/** In no part of a path: those are names and numbers as text. */
const SEPARATOR = "\u0000"

const comparePaths = (a: StorePath, b: StorePath): number => {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return a.length - b.length
}

export class Disk {
  /** By table, the first part of a path: almost every question is about one. */
  readonly #tables = new Map<string, Map<string, Entry>>()

  get(path: StorePath): Uint8Array | undefined {
    return this.#table(path).get(path.join(SEPARATOR))?.[1].slice()
  }
  under(prefix: StorePath): Entry[] {
    const entries =
      prefix.length === 0
        ? [...this.#tables.values()].flatMap((table) => [...table.values()])
        : [...this.#table(prefix).values()]
    return entries
      .filter(([path]) => prefix.every((part, i) => path[i] === part))
      .sort((a, b) => comparePaths(a[0], b[0]))
  }
  write(ops: Parameters<Store["batch"]>[0]): void {
    for (const op of ops) {
      const key = op.key.join(SEPARATOR)
      if (op.type === "delete") this.#table(op.key).delete(key)
      else this.#table(op.key).set(key, [[...op.key], op.value.slice()])
    }
  }
  picture(): Picture {
    return this.under([])
  }
  putBack(picture: Picture): void {
    this.#tables.clear()
    for (const entry of picture) this.#table(entry[0]).set(entry[0].join(SEPARATOR), entry)
  }
  #table([name = ""]: StorePath): Map<string, Entry> {
    const known = this.#tables.get(name)
    if (known !== undefined) return known
    const table = new Map<string, Entry>()
    this.#tables.set(name, table)
    return table
  }
  /** One hash over everything under some tables. */
  digest(...tables: readonly string[]): string {
    const hash = createHash("sha256")
    for (const table of tables)
      for (const [path, value] of this.under([table])) hash.update(JSON.stringify(path)).update(value)
    return hash.digest("hex")
  }
}

/** Chances per batch, and how long one takes. */
export interface DiskFaults {
  readonly slowMs: number
  readonly failBefore: number
  readonly failAfter: number
  readonly torn: number
  readonly dieBefore: number
  readonly dieAfter: number
}
export const SOUND: DiskFaults = {
  ...{ slowMs: 0, failBefore: 0, failAfter: 0, torn: 0, dieBefore: 0, dieAfter: 0 },
}

export interface DiskUser {
  readonly time: WorldTime
  readonly random: UnsafeSeeded
  readonly faults: () => DiskFaults
  readonly alive: () => boolean
  /** The process dies here and now. */
  readonly die: () => void
  readonly note: (line: string) => void
  readonly count: (what: string) => void
}

type Fate = "well" | Exclude<keyof DiskFaults, "slowMs">
const FATES = ["failBefore", "failAfter", "torn", "dieBefore", "dieAfter"] as const

const never = <T>(): Promise<T> => new Promise(() => undefined)

const torn = (): Error =>
  new SecureChatError("ERR_STORE_UNAVAILABLE", "the disk tore a batch, and undid it", { retryable: true })

const fateOf = ({ random, faults }: DiskUser): Fate => {
  const chances = faults()
  let left = random.fraction()
  for (const fate of FATES) {
    left -= chances[fate]
    if (left < 0) return fate
  }
  return "well"
}

/** What a process sees of a disk. */
export const storeOn = (disk: Disk, user: DiskUser): Store => {
  const pause = (): Promise<void> => {
    const { slowMs } = user.faults()
    if (slowMs === 0) return Promise.resolve()
    return new Promise((resolve) => {
      user.time.after(user.random.fraction() * slowMs, resolve)
    })
  }
  const batch = async (ops: Parameters<Store["batch"]>[0]): Promise<void> => {
    await pause()
    if (!user.alive()) return never()
    const fate = fateOf(user)
    if (fate !== "well") user.count(fate)
    if (fate !== "well") user.note(`disk ${fate} of ${ops.map((op) => op.key[0]).join(" ")}`)
    if (fate === "failBefore") throw new Error("the disk did not take a batch")
    if (fate === "torn") throw torn()
    if (fate === "dieBefore") {
      user.die()
      return never()
    }
    disk.write(ops)
    if (fate === "failAfter") throw new Error("the disk gave no answer")
    if (fate === "dieAfter") {
      user.die()
      return never()
    }
    await pause()
    return user.alive() ? undefined : never()
  }
  return {
    durable: false,
    get: (key) => (user.alive() ? Promise.resolve(disk.get(key)) : never()),
    list: async function* (prefix, options = {}) {
      if (!user.alive()) await never()
      const all = disk.under(prefix)
      const direction = options.reverse === true ? -1 : 1
      const { after } = options
      const rest =
        after === undefined ? all : all.filter(([path]) => comparePaths(path, after) * direction > 0)
      const ordered = direction < 0 ? rest.reverse() : rest
      for (const [path, value] of ordered.slice(0, options.limit ?? ordered.length))
        yield [[...path], value.slice()] as const
    },
    batch,
  }
}
