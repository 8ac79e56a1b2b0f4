import { unsafeSeeded } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { type Table, emptyTable, entries, get, has, remove, set, values } from "./table.ts"

describe("a table", () => {
  it("agrees with a Map over 20,000 random steps, from keys that meet in its buckets", () => {
    const { below, chance } = unsafeSeeded(7)
    const model = new Map<string, number>()
    let table: Table<number> = emptyTable(42)
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

  it("never changes an older value", () => {
    const one = set(emptyTable<number>(1), "a", 1)
    const two = set(one, "a", 2)
    const three = remove(two, "a")
    expect([get(one, "a"), get(two, "a"), get(three, "a")]).toEqual([1, 2, undefined])
    expect([one.size, two.size, three.size]).toEqual([1, 1, 0])
    expect(remove(three, "a")).toBe(three)
  })

  it("keeps no branch for what went", () => {
    const keys = Array.from({ length: 500 }, (_, i) => `c${i}`)
    const full = keys.reduce((table, key) => set(table, key, 1), emptyTable<number>(5))
    const one = keys.slice(1).reduce((table, key) => remove(table, key), full)
    expect(one).toEqual(set(emptyTable<number>(5), "c0", 1))
    expect(remove(one, "c0")).toEqual(emptyTable(5))
  })

  it("keeps names like __proto__ and constructor as data", () => {
    let table = emptyTable<number>(9)
    for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      expect(has(table, key)).toBe(false)
      table = set(table, key, 1)
      expect(has(table, key)).toBe(true)
    }
    expect(table.size).toBe(4)
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})
