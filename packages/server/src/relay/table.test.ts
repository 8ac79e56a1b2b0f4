import { unsafeSeeded } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { type Table, emptyTable, entries, get, has, letGo, remove, set, values } from "./table.ts"

describe("a table", () => {
  it("agrees with a Map over 20,000 random steps, over keys that come and go", () => {
    const { below, chance } = unsafeSeeded(7)
    const model = new Map<string, number>()
    let table: Table<number> = emptyTable()
    for (let step = 0; step < 20_000; step++) {
      const key = `k${below(3_000)}`
      if (chance(0.6)) {
        model.set(key, step)
        table = set(table, key, step)
      } else {
        model.delete(key)
        table = remove(table, key)
      }
      expect(get(table, key)).toBe(model.get(key))
      if (table.size !== model.size) throw new Error(`size ${table.size}, not ${model.size}, at step ${step}`)
    }
    expect(new Map(entries(table))).toEqual(model)
    expect([...values(table)].sort()).toEqual([...model.values()].sort())
  })

  it("is read in any version, in any order, however long ago it was", () => {
    const { below, chance } = unsafeSeeded(8)
    const versions: [Table<number>, Map<string, number>][] = [[emptyTable(), new Map()]]
    for (let step = 0; step < 2_000; step++) {
      const [from, model] = versions[below(versions.length)]!
      const key = `k${below(20)}`
      const next = new Map(model)
      const sets = chance(0.6)
      if (sets) next.set(key, step)
      else next.delete(key)
      versions.push([sets ? set(from, key, step) : remove(from, key), next])
      const [seen, expected] = versions[below(versions.length)]!
      expect(new Map(entries(seen))).toEqual(expected)
      expect(seen.size).toBe(expected.size)
    }
  })

  it("cannot be read once it was let go, and the newer one can", () => {
    const one = set(emptyTable<number>(), "a", 1)
    const two = set(one, "a", 2)
    letGo(two, two)
    letGo(one, two)
    expect(() => get(one, "a")).toThrow("let go")
    expect(get(two, "a")).toBe(2)
  })

  it("never changes an older value", () => {
    const one = set(emptyTable<number>(), "a", 1)
    const two = set(one, "a", 2)
    const three = remove(two, "a")
    expect([get(one, "a"), get(two, "a"), get(three, "a")]).toEqual([1, 2, undefined])
    expect([one.size, two.size, three.size]).toEqual([1, 1, 0])
    expect(remove(three, "a")).toBe(three)
  })
  it("keeps names like __proto__ and constructor as data", () => {
    let table = emptyTable<number>()
    for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      expect(has(table, key)).toBe(false)
      table = set(table, key, 1)
      expect(has(table, key)).toBe(true)
    }
    expect(table.size).toBe(4)
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})
