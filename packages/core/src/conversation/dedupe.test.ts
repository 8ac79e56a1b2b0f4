import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_AHEAD, NOTHING_TAKEN, type Taken, giveUp, highest, isTaken, take } from "./dedupe.ts"

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
      }),
    )
  })

  it("is bounded: full, it gives up its oldest gap, and goes on", () => {
    let taken: Taken = NOTHING_TAKEN
    for (let i = 0; i < MAX_AHEAD; i++) [taken] = take(taken, 2 * i + 2)
    expect(take(taken, 1)[0]).toEqual({ upTo: 2, ahead: taken.ahead.slice(1) })
    const [next, verdict] = take(taken, 2 * MAX_AHEAD + 2)
    expect(verdict).toBe("new")
    expect(next).toEqual({ upTo: 2, ahead: [...taken.ahead.slice(1), 2 * MAX_AHEAD + 2] })
  })

  it("waits for nothing that was given up, and keeps what was taken", () => {
    const taken: Taken = { upTo: 2, ahead: [4, 5, 8] }
    expect(giveUp(taken, 2)).toBe(taken)
    expect(giveUp(taken, 3)).toEqual({ upTo: 5, ahead: [8] })
    expect(giveUp(taken, 9)).toEqual({ upTo: 9, ahead: [] })
  })
})
