import { transportSuite } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { memoryPipe } from "./memory.ts"
import { silentLogger, type TransportContext } from "./transport.ts"

const context = (seen: string[] = []): TransportContext => ({
  signal: new AbortController().signal,
  log: silentLogger,
  token: () => Promise.resolve(undefined),
  onFrame: (frame) => seen.push(`frame ${frame.join(" ")}`),
  onClose: (info) => seen.push(`close ${info.code ?? "–"} ${info.reason ?? "–"}`),
})

describe("memoryPipe", () => {
  transportSuite({ describe, it }, () => Promise.resolve(memoryPipe()))

  it("keeps frames for an end that has not connected yet, and counts none of them twice", async () => {
    const [left, right] = memoryPipe()
    const a = await left.connect(context())
    const sent = a.send(Uint8Array.of(1))
    expect(a.bufferedBytes).toBe(1)
    await Promise.all([sent, a.send(Uint8Array.of(2))])
    const seen: string[] = []
    const b = await right.connect(context(seen))
    await a.close({ code: 1000, reason: "done" })
    await b.close()
    expect(seen).toEqual(["frame 1", "frame 2", "close 1000 done"])
  })

  it("never delivers inside the sender's call", async () => {
    const [left, right] = memoryPipe()
    const seen: string[] = []
    const [a] = await Promise.all([left.connect(context()), right.connect(context(seen))])
    const sent = a.send(Uint8Array.of(1))
    expect(seen).toEqual([])
    await sent
    expect(seen).toEqual(["frame 1"])
    await a.close()
  })

  it("forgets a connection whose one end left before the other came", async () => {
    const [left, right] = memoryPipe()
    const gone = await left.connect(context())
    await gone.send(Uint8Array.of(1))
    await gone.close()
    const seen: string[] = []
    const b = await right.connect(context(seen))
    const a = await left.connect(context())
    await a.send(Uint8Array.of(2))
    await b.close()
    expect(seen).toEqual(["frame 2", "close – –"])
    await a.close()
  })
})
