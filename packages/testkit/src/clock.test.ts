import { describe, expect, it } from "vitest"
import { manualClock, turn } from "./clock.ts"

describe("a manual clock", () => {
  it("stands still until it is moved", async () => {
    const clock = manualClock(1_000)
    await turn()
    expect(clock.nowMs()).toBe(1_000)
    await clock.advance(5)
    expect(clock.nowMs()).toBe(1_005)
  })

  it("calls timers in order of time, then of creation, each at its own instant", async () => {
    const clock = manualClock(0)
    const seen: string[] = []
    const note = (name: string) => () => seen.push(`${name}@${clock.nowMs()}`)
    clock.timers.after(20, note("c"))
    clock.timers.after(10, note("a"))
    clock.timers.after(10, note("b"))
    clock.timers.after(21, note("later"))
    await clock.advance(20)
    expect(seen).toEqual(["a@10", "b@10", "c@20"])
    expect(clock.pending).toBe(1)
    expect(clock.nextAtMs).toBe(21)
  })

  it("calls a timer that a timer set, when it is due within the same move", async () => {
    const clock = manualClock(0)
    const seen: number[] = []
    const again = (): void => {
      seen.push(clock.nowMs())
      if (seen.length < 3) clock.timers.after(10, again)
    }
    clock.timers.after(10, again)
    await clock.advance(100)
    expect(seen).toEqual([10, 20, 30])
  })

  it("forgets a cancelled timer", async () => {
    const clock = manualClock()
    let called = false
    const cancel = clock.timers.after(1, () => (called = true))
    cancel()
    await clock.advance(10)
    expect(called).toBe(false)
    expect(clock.pending).toBe(0)
  })

  it("lets promises settle between timers", async () => {
    const clock = manualClock(0)
    const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.timers.after(ms, resolve))
    const seen: number[] = []
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await wait(10)
        seen.push(clock.nowMs())
      }
    }
    const done = loop()
    await clock.advance(30)
    await done
    expect(seen).toEqual([10, 20, 30])
  })

  it("keeps the distance of timers when it jumps", async () => {
    const clock = manualClock(1_000)
    let called = 0
    clock.timers.after(10, () => called++)
    clock.jump(0)
    await clock.advance(9)
    expect(called).toBe(0)
    await clock.advance(1)
    expect(called).toBe(1)
  })

  it("refuses to advance backwards", async () => {
    await expect(manualClock().advance(-1)).rejects.toThrow("cannot advance")
  })
})
