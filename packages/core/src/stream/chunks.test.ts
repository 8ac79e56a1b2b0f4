import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { refused } from "../../test/support/ratchet-side.ts"
import { concat } from "../bytes/concat.ts"
import { toHex } from "../bytes/text.ts"
import { MAX_STREAM_CHUNKS } from "../limits.ts"
import { chunkNonce, Cutter } from "./chunks.ts"

const cut = (size: number, pieces: readonly Uint8Array[]): { chunks: Uint8Array[]; rest: Uint8Array } => {
  const cutter = new Cutter(size)
  // Copied one by one: a chunk holds only until the next is asked for.
  const chunks = pieces.flatMap((piece) => Array.from(cutter.push(piece), (chunk) => chunk.slice()))
  return { chunks, rest: cutter.rest().slice() }
}

describe("the nonce of a chunk", () => {
  it("is its index in eleven bytes and the mark of the last", () => {
    expect(toHex(chunkNonce({ index: 0, last: false }))).toBe("000000000000000000000000")
    expect(toHex(chunkNonce({ index: 0, last: true }))).toBe("000000000000000000000001")
    expect(toHex(chunkNonce({ index: 0x01020304, last: false }))).toBe("000000000000000102030400")
    expect(toHex(chunkNonce({ index: MAX_STREAM_CHUNKS - 1, last: true }))).toBe("00000000000000ffffffff01")
  })

  it("is refused past the bound, before anything is sealed with it", () => {
    expect(() => chunkNonce({ index: MAX_STREAM_CHUNKS, last: false })).toThrow(refused("ERR_LIMIT"))
  })
})

describe("the cutter", () => {
  it("cuts the same chunks whatever the pieces are, and keeps the last one back", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), pieces, (size, of) => {
        const { chunks, rest } = cut(size, of)
        const whole = concat(...of)
        expect(concat(...chunks, rest)).toEqual(whole)
        expect(chunks.every((chunk) => chunk.length === size)).toBe(true)
        expect(rest.length === 0).toBe(whole.length === 0)
        expect(rest.length).toBeLessThanOrEqual(size)
      }),
      { numRuns: 1_000 },
    )
  })

  it("does not see what an owner writes into a piece after the next was asked for", () => {
    const cutter = new Cutter(4)
    const piece = Uint8Array.of(1, 2, 3)
    expect([...cutter.push(piece)]).toEqual([])
    piece.fill(9)
    const [chunk] = Array.from(cutter.push(Uint8Array.of(4, 5)), (one) => [...one])
    expect(chunk).toEqual([1, 2, 3, 4])
  })

  it("gives chunks of a large piece as views of it: nothing is copied", () => {
    const piece = new Uint8Array(10)
    const views = [...new Cutter(4).push(piece)]
    expect(views.map((view) => view.buffer === piece.buffer)).toEqual([true, true])
  })
})
