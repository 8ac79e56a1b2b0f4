import { manualClock } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { heartbeat } from "./heartbeat.ts"

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
