/** Peers that died without a word, or stopped to read. Time is by hand. relay.md §9 */
import { manualClock, recordedEnd, turn } from "@securechat/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { OPCODE, rawClient } from "../test/raw.ts"
import { type Started, startListener } from "../test/server.ts"

const KIB = 1024
let started: Started | undefined
const start = async (options: Parameters<typeof startListener>[0] = {}): Promise<Started> => {
  started = await startListener(options)
  return started
}
afterEach(async () => {
  await started?.stop()
  started = undefined
})

/** Goes on until it is so: for what the kernel decides. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await turn()
}

describe("a half-open peer", () => {
  it("is pinged after silence and dropped when it does not answer", async () => {
    const clock = manualClock()
    const { port, transport } = await start({ timers: clock.timers, nowMs: clock.nowMs })
    const [client, far] = await Promise.all([rawClient({ port }), recordedEnd(transport)])
    await clock.advance(20_000)
    expect([...(await client.received(2))]).toEqual([0x89, 0])
    expect(far.closes).toEqual([])
    await clock.advance(10_000)
    expect(await far.closed).toEqual({
      clean: false,
      code: 1006,
      reason: "no answer to a ping",
      retry: "backoff",
    })
    await client.ended
    expect(clock.pending).toBe(0)
  })

  it("is alive while it answers, whatever it sends", async () => {
    const clock = manualClock()
    const { port, transport, sockets } = await start({ timers: clock.timers, nowMs: clock.nowMs })
    const [client, far] = await Promise.all([rawClient({ port }), recordedEnd(transport)])
    const answers = [{ opcode: OPCODE.pong }, { opcode: OPCODE.ping }, { payload: Uint8Array.of(1) }]
    for (const [i, answer] of answers.entries()) {
      await clock.advance(20_000)
      await client.received(2 * (i + 1))
      const before = sockets[0]?.bytesRead ?? 0
      client.write(answer)
      await until(() => (sockets[0]?.bytesRead ?? 0) > before)
      await clock.advance(10_000)
    }
    expect(far.closes).toEqual([])
    client.socket.destroy()
    await far.closed
  })

  it("does not keep a close from ending", async () => {
    const clock = manualClock()
    const { port, transport } = await start({ timers: clock.timers, nowMs: clock.nowMs })
    const [client, far] = await Promise.all([rawClient({ port }), recordedEnd(transport)])
    const closing = far.connection.close({ code: 4011, reason: "drain" })
    expect(await client.closeCode()).toBe(4011)
    await clock.advance(5_000)
    await closing
    expect(far.closes).toEqual([{ clean: false, code: 1006, retry: "backoff" }])
    expect(clock.pending).toBe(0)
  })
})

describe("a slow reader", () => {
  const maxBufferedBytes = 1024 * KIB
  const frame = new Uint8Array(64 * KIB)

  /** Sends until the listener says stop; resolves to how many frames it took. */
  const fill = async (far: Awaited<ReturnType<typeof recordedEnd>>) => {
    const sent: Promise<void>[] = []
    for (;;) {
      frame.fill(sent.length)
      const one = far.connection.send(frame)
      try {
        // Refused at once, taken later: a refusal has settled after one turn.
        await Promise.race([one, turn()])
      } catch (error) {
        return { sent, error }
      }
      one.catch(() => undefined)
      sent.push(one)
    }
  }

  it("makes send refuse instead of exceeding the cap, then gets all that was taken, in order", async () => {
    const { port, transport } = await start()
    const [client, far] = await Promise.all([rawClient({ port }), recordedEnd(transport)])
    client.socket.pause()
    const { sent, error } = await fill(far)
    expect(error).toMatchObject({
      code: "ERR_QUEUE_FULL",
      retryable: true,
      details: { maxBufferedBytes },
    })
    expect(far.connection.bufferedBytes).toBeGreaterThan(maxBufferedBytes - frame.length)
    expect(far.connection.bufferedBytes).toBeLessThanOrEqual(maxBufferedBytes + 16)
    client.socket.resume()
    await Promise.all(sent)
    expect(far.connection.bufferedBytes).toBe(0)
    await far.connection.send(Uint8Array.of(1))
    const each = 10 + frame.length
    const bytes = await client.received(sent.length * each + 3)
    const numbers = sent.map((_, i) => bytes[i * each + 10])
    expect(numbers).toEqual(sent.map((_, i) => i & 0xff))
    expect([...bytes.subarray(sent.length * each)]).toEqual([0x82, 1, 1])
    client.socket.destroy()
    await far.closed
  })

  it("is not let go as long as it takes what it is sent", async () => {
    const clock = manualClock()
    const { port, transport } = await start({
      timers: clock.timers,
      nowMs: clock.nowMs,
      heartbeatMs: 3_600_000,
    })
    const [client, far] = await Promise.all([rawClient({ port }), recordedEnd(transport)])
    client.socket.pause()
    const { sent } = await fill(far)
    await clock.advance(29_999)
    client.socket.resume()
    await Promise.all(sent)
    await clock.advance(3_000_000)
    // The heartbeat's alone: nothing waits for a reader that has taken everything.
    expect(clock.pending).toBe(1)
    await far.connection.send(frame)
    expect(far.closes).toEqual([])
    client.socket.destroy()
    await far.closed
    expect(clock.pending).toBe(0)
  })

  it("is let go with 4009 when it takes nothing for 30 s", async () => {
    const clock = manualClock()
    const { port, transport } = await start({
      timers: clock.timers,
      nowMs: clock.nowMs,
      heartbeatMs: 3_600_000,
    })
    const [client, far] = await Promise.all([rawClient({ port }), recordedEnd(transport)])
    client.socket.pause()
    const { sent } = await fill(far)
    const last = sent.at(-1)
    await clock.advance(29_999)
    expect(far.closes).toEqual([])
    await clock.advance(1)
    expect(await far.closed).toMatchObject({ clean: false, code: 4009, retry: "backoff" })
    await expect(last).rejects.toMatchObject({ code: "ERR_TRANSPORT_CLOSED" })
    expect(clock.pending).toBe(0)
    client.socket.destroy()
  })
})
