import { manualClock } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { heartbeat } from "./heartbeat.ts"
import { slowReader } from "./slow-reader.ts"

const beat = () => {
  const clock = manualClock(0)
  const seen: string[] = []
  const heart = heartbeat({
    timers: clock.timers,
    intervalMs: 20,
    timeoutMs: 10,
    ping: () => seen.push(`ping@${clock.nowMs()}`),
    dead: () => seen.push(`dead@${clock.nowMs()}`),
  })
  return { clock, seen, heart }
}

describe("heartbeat", () => {
  it("pings after silence, and calls dead what stays silent", async () => {
    const { clock, seen } = beat()
    await clock.advance(100)
    expect(seen).toEqual(["ping@20", "dead@30"])
    expect(clock.pending).toBe(0)
  })

  it("does not ping whom it hears", async () => {
    const { clock, seen, heart } = beat()
    for (let i = 0; i < 10; i++) {
      await clock.advance(15)
      heart.heard()
    }
    expect(seen).toEqual([])
    heart.stop()
    expect(clock.pending).toBe(0)
  })

  it("goes on after an answer to its ping", async () => {
    const { clock, seen, heart } = beat()
    await clock.advance(25)
    heart.heard()
    await clock.advance(5)
    await clock.advance(19)
    expect(seen).toEqual(["ping@20"])
    await clock.advance(11)
    expect(seen).toEqual(["ping@20", "ping@50", "dead@60"])
  })
})

describe("slowReader", () => {
  const watch = () => {
    const clock = manualClock(0)
    const seen: string[] = []
    const reader = slowReader({
      timers: clock.timers,
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

  it("waits for nobody when nothing waits, and leaves no timer", async () => {
    const { clock, seen, reader } = watch()
    reader.queued()
    reader.taken()
    expect(clock.pending).toBe(0)
    reader.queued()
    reader.stop()
    expect(clock.pending).toBe(0)
    await clock.advance(100)
    expect(seen).toEqual([])
  })
})
