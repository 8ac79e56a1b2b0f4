import { manualClock } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { slowReader } from "./slow-reader.ts"

describe("slowReader", () => {
  const watch = () => {
    const clock = manualClock(0)
    const seen: string[] = []
    const reader = slowReader({
      timers: clock.timers,
      nowMs: clock.nowMs,
      slowMs: 30,
      slow: () => seen.push(`slow@${clock.nowMs()}`),
    })
    return { clock, seen, reader }
  }

  it("lets a reader go that takes nothing while something waits", async () => {
    const { clock, seen, reader } = watch()
    reader.queued()
    await clock.advance(20)
    reader.queued()
    await clock.advance(10)
    expect(seen).toEqual(["slow@30"])
  })

  it("gives one that takes something its time again", async () => {
    const { clock, seen, reader } = watch()
    reader.queued()
    reader.queued()
    await clock.advance(29)
    reader.taken()
    await clock.advance(29)
    expect(seen).toEqual([])
    await clock.advance(1)
    expect(seen).toEqual(["slow@59"])
  })

  it("waits for nobody when nothing waits, and lets its timer go with the next look", async () => {
    const { clock, seen, reader } = watch()
    reader.queued()
    reader.taken()
    await clock.advance(30)
    expect(clock.pending).toBe(0)
    reader.queued()
    reader.queued()
    reader.taken(2)
    reader.queued()
    expect(clock.pending).toBe(1)
    reader.stop()
    expect(clock.pending).toBe(0)
    await clock.advance(100)
    expect(seen).toEqual([])
  })
})
