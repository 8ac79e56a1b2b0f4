import { describe, expect, it } from "vitest"
import { Gate } from "./gate.ts"

describe("a gate", () => {
  it("lets a burst through, then one per interval, for each sender on its own", () => {
    const gate = new Gate({ burst: 2, refillMs: 1_000 })
    gate.take("a", 0)
    gate.take("a", 0)
    expect([gate.open("a", 999), gate.open("a", 1_000), gate.open("b", 0)]).toEqual([false, true, true])
    gate.take("a", 1_000)
    expect(gate.open("a", 1_500)).toBe(false)
  })

  it("is not opened by a clock that goes back, and never holds more than its burst", () => {
    const gate = new Gate({ burst: 1, refillMs: 1_000 })
    gate.take("a", 10_000)
    expect(gate.open("a", 0)).toBe(false)
    gate.take("a", 1_000_000)
    expect(gate.open("a", 1_000_500)).toBe(false)
  })

  it("forgets the oldest sender past its bound", () => {
    const gate = new Gate({ burst: 1, refillMs: 1_000_000 })
    gate.take("first", 0)
    for (let i = 0; i < 1_024; i++) gate.take(`sender ${i}`, 0)
    expect([gate.open("first", 0), gate.open("sender 1023", 0)]).toEqual([true, false])
  })
})
