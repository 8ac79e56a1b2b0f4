import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_AHEAD, NOTHING_TAKEN, type Taken, highest, isTaken, missing, take } from "./dedupe.ts"

describe("a window of taken numbers", () => {
  it("agrees with a plain set under any order and repetition", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (numbers) => {
        const set = new Set<number>()
        let taken: Taken = NOTHING_TAKEN
        for (const number of numbers) {
          const before = taken
          const [next, verdict] = take(taken, number)
          expect(verdict).toBe(set.has(number) ? "repeated" : "new")
          if (verdict === "repeated") expect(next).toBe(before)
          set.add(number)
          taken = next
        }
        for (let number = 1; number <= 41; number++) expect(isTaken(taken, number)).toBe(set.has(number))
        expect(highest(taken)).toBe(Math.max(0, ...set))
        expect(missing(taken)).toBe(Math.max(0, ...set) - set.size)
      }),
    )
  })

  it("is bounded, and still takes the number that closes the gap", () => {
    let taken: Taken = NOTHING_TAKEN
    for (let i = 0; i < MAX_AHEAD; i++) [taken] = take(taken, i + 2)
    const [same, verdict] = take(taken, MAX_AHEAD + 2)
    expect(verdict).toBe("too-far")
    expect(same).toBe(taken)
    expect(take(taken, 1)[0]).toEqual({ upTo: MAX_AHEAD + 1, ahead: [] })
  })
})
