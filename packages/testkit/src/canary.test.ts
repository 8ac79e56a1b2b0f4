import { describe, expect, it } from "vitest"
import { canaryForms, canarySearch } from "./canary.ts"
import { unsafeSeeded } from "./random.ts"

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const found = (canary: Uint8Array, seen: Uint8Array): readonly string[] =>
  canarySearch([{ name: "a key", bytes: canary }])(seen)

describe("canaryForms", () => {
  const { random, below } = unsafeSeeded(4)
  const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))
  const spellings: readonly [string, (bytes: Uint8Array) => Uint8Array][] = [
    ["raw", (bytes) => bytes],
    ["hex", (bytes) => bytesOf(Buffer.from(bytes).toString("hex"))],
    ["upper-case hex", (bytes) => bytesOf(Buffer.from(bytes).toString("hex").toUpperCase())],
    ["base64", (bytes) => bytesOf(base64(bytes))],
    ["base64url", (bytes) => bytesOf(Buffer.from(bytes).toString("base64url"))],
  ]

  it.each(spellings)("are found in %s, at every offset", (_, spell) => {
    for (let round = 0; round < 300; round++) {
      const bytes = random(8 + below(40))
      const around = Uint8Array.of(...random(below(7)), ...bytes, ...random(below(7)))
      expect(found(bytes, spell(around))).toEqual(["a key"])
    }
  })

  it("are found among thousands in one pass, each by its own name", () => {
    const many = Array.from({ length: 5_000 }, (_, i) => ({ name: `key ${i}`, bytes: random(32) }))
    const search = canarySearch(many)
    const seen = Uint8Array.of(...random(100), ...many[17]!.bytes, ...random(5), ...many[4_999]!.bytes)
    expect(search(seen)).toEqual(["key 17", "key 4999"])
    expect(search(random(100_000))).toEqual([])
  })

  it("are not found in what is something else", () => {
    for (let round = 0; round < 100; round++) expect(found(random(16), random(5_000))).toEqual([])
  })

  it("refuse a canary that chance would find", () => {
    expect(() => canaryForms(new Uint8Array(7))).toThrow("at least 8")
  })
})
