import { describe, expect, it } from "vitest"
import { NOTHING_HEARD, hearNumber, hearPairNumber, seenOf } from "./numbers.ts"

const run = (id: number): Uint8Array => new Uint8Array(8).fill(id)

describe("a channel's counters", () => {
  it("tell of each missing message once, and of none twice", () => {
    let heard = NOTHING_HEARD
    const missing: number[] = []
    for (const sequence of [1, 4, 3, 2, 5, 9]) {
      const [next, gap] = hearNumber(heard, { run: run(1), base: 0, sequence })
      heard = next
      missing.push(gap)
    }
    expect(missing).toEqual([0, 2, 0, 0, 0, 3])
    expect(seenOf(heard)).toEqual({ conversation: 9, pair: 0 })
  })

  it("begin where the session began for somebody who was not there before", () => {
    expect(hearNumber(NOTHING_HEARD, { run: run(1), base: 40, sequence: 41 })[1]).toBe(0)
    expect(hearNumber(NOTHING_HEARD, { run: run(1), base: 40, sequence: 43 })[1]).toBe(2)
  })

  it("take a peer that starts again for what it is, and its late messages too", () => {
    const [before] = hearNumber(NOTHING_HEARD, { run: run(1), base: 0, sequence: 30 })
    const [after, gap] = hearNumber(before, { run: run(2), base: 0, sequence: 1 })
    expect(gap).toBe(0)
    expect(hearNumber(after, { run: run(1), base: 0, sequence: 31 })[1]).toBe(0)
    expect(seenOf(after).conversation).toBe(1)
  })

  it("remember the newest runs only", () => {
    let heard = NOTHING_HEARD
    for (let id = 1; id <= 20; id++) [heard] = hearNumber(heard, { run: run(id), base: 0, sequence: 1 })
    expect(heard.runs.size).toBe(4)
    expect(seenOf(hearPairNumber(heard, 7)).pair).toBe(7)
    expect(hearPairNumber(hearPairNumber(heard, 7), 2).pair).toBe(7)
  })
})
