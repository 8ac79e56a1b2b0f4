import { type Frame, FRAME_TYPE, RELAY_CODE as CODE, frameCodec } from "@securechat/core/wire"
import { describe, expect, it } from "vitest"
import { type Line, bench } from "../../test/support/bench.ts"
import { transition } from "./transition.ts"
import type { Mailbox } from "../mailbox/mailbox.ts"
import { resolveLimits } from "../limit/limits.ts"
import { emptyRelay } from "./state.ts"

const ping = (line: Line): Promise<void> => line.send({ type: "ping", request: 0, nonce: new Uint8Array(8) })

describe("a connection that is logged in", () => {
  it("may send an unknown frame type: it is told so and goes on", async () => {
    const { login } = bench()
    const line = await login()
    for (const code of [0x13, 0x30, 0x40, 0x5f, 0xff]) {
      await line.sendBytes(Uint8Array.of(code, 0, 0, 0, 77, 1, 2))
      expect(line.frames.at(-1)).toEqual({
        type: "nack",
        request: 77,
        code: CODE.unsupported,
        retryAfterMs: 0,
      })
    }
    await ping(line)
    expect(line.frames.at(-1)?.type).toBe("pong")
  })

  it("ends on bytes that are no frame", async () => {
    const valid = frameCodec.encode({ type: "ack", request: 0, cursor: new Uint8Array(3) })
    for (const bytes of [
      new Uint8Array(0),
      Uint8Array.of(0x20),
      valid.subarray(0, 7),
      Uint8Array.of(...valid, 0),
    ]) {
      const { login } = bench()
      const line = await login()
      await line.sendBytes(bytes)
      expect(line.frames.at(-1)).toEqual({ type: "bye", request: 0, code: CODE.malformed })
      expect(line.closedWith).toBe(4001)
    }
  })

  it("ends on a frame that only the relay or a login sends", async () => {
    const body = new Uint8Array(0)
    const frames: readonly Frame[] = [
      { type: "ok", request: 9, body },
      { type: "drain", request: 0, closesInMs: 1, reconnectWithinMs: 1 },
      { type: "caughtUp", request: 0 },
      { type: "nack", request: 1, code: 3, retryAfterMs: 0 },
    ]
    for (const frame of frames) {
      const { login } = bench()
      const line = await login()
      await line.send(frame)
      expect(line.closedWith).toBe(4001)
    }
    const { login, device } = bench()
    const line = await login()
    await line.send(device().hello())
    expect(line.closedWith).toBe(4001)
  })

  it("numbers its requests upwards", async () => {
    for (const request of [0, 1, 2]) {
      const { login } = bench()
      const line = await login()
      await line.send({ type: "handleGet", request, handle: "x" })
      expect(line.closedWith).toBe(4001)
    }
  })

  it("is dead after a minute of silence, and lives on any frame, pong and unknown ones included", async () => {
    const { login, clock } = bench()
    const silent = await login()
    const alive = await login()
    const odd = await login()
    await clock.advance(59_000)
    expect(silent.closedWith).toBeUndefined()
    await alive.send({ type: "pong", request: 0, nonce: new Uint8Array(8) })
    await odd.sendBytes(Uint8Array.of(0x7f, 0, 0, 0, 1))
    await clock.advance(1_000)
    expect([silent.closedWith, alive.closedWith, odd.closedWith]).toEqual([4004, undefined, undefined])
  })

  it("costs nothing after it has ended: no table keeps it", async () => {
    const { login, runtime, clock } = bench()
    const line = await login()
    await line.vanish()
    await line.sendBytes(Uint8Array.of(FRAME_TYPE.ping))
    await clock.advance(3_600_000)
    const { connections, routes, addresses, pending, presence, buckets, pendingTotal } = runtime.state
    const sizes = [connections, routes, addresses, pending, presence, buckets].map((table) => table.size)
    expect([...sizes, pendingTotal]).toEqual([0, 0, 0, 0, 0, 0, 0])
  })
})

describe("before the upgrade", () => {
  it("[R9] a foreign page is refused, an own one and one without an origin let in", async () => {
    const { connect } = bench()
    await expect(connect(undefined, { origin: "https://evil.example" })).rejects.toThrow("not admitted")
    await expect(connect(undefined, { origin: "null" })).rejects.toThrow("not admitted")
    await connect(undefined, { origin: "http://localhost:5173" })
    await connect()
  })

  it("[R12] connections that are not logged in are 20 per address, all of an address 50", async () => {
    const { connect, login, clock } = bench({ limits: { buckets: { login: { size: 1_000, perSecond: 1 } } } })
    for (let i = 0; i < 20; i++) await connect()
    await expect(connect()).rejects.toThrow("not admitted")
    await connect(undefined, { address: "192.0.2.2" })
    await clock.advance(5_000)
    for (let i = 0; i < 50; i++) expect((await login()).closedWith).toBeUndefined()
    await expect(connect()).rejects.toThrow("not admitted")
  })

  it("not more than 1,000 wait for their login in all", async () => {
    const { connect } = bench()
    for (let i = 0; i < 1_000; i++) await connect(undefined, { address: `198.51.100.${i >> 4}` })
    await expect(connect(undefined, { address: "203.0.113.9" })).rejects.toThrow("not admitted")
  }, 60_000)
})

describe("a drain", () => {
  it("[R18] tells everybody, spreads the closes and ends with the last of them", async () => {
    const { login, connect, runtime, clock } = bench()
    const waiting = await connect()
    const lines = [await login(), await login(), await login(), await login()]
    let done = false
    const drained = runtime.drain(20_000).then(() => {
      done = true
    })
    expect(waiting.closedWith).toBe(4011)
    for (const line of lines)
      expect(line.last("drain")).toEqual({
        type: "drain",
        request: 0,
        closesInMs: 20_000,
        reconnectWithinMs: 20_000,
      })
    const gone = (): number => lines.filter((line) => line.closedWith === 4011).length
    const after: number[] = []
    for (let i = 0; i < 4; i++) {
      await clock.advance(i === 0 ? 0 : 5_000)
      after.push(gone())
    }
    expect(after).toEqual([1, 2, 3, 4])
    await drained
    expect(done).toBe(true)
  })

  it("refuses new connections, logins in progress and new submits", async () => {
    const relay = bench()
    const alice = await relay.join()
    const bob = await relay.join()
    void relay.runtime.drain(20_000)
    await expect(relay.connect()).rejects.toThrow("not admitted")
    const [staying, gone] = alice.closedWith === undefined ? [alice, bob] : [bob, alice]
    await staying.send(staying.device.submit(4, gone.device, new Uint8Array(1)))
    expect(staying.answer(4)).toMatchObject({ type: "nack", code: CODE.draining })
  })

  it("[R18] waits for an open append to be confirmed before its connection goes", async () => {
    const { mailbox } = bench()
    let stored: (result: "stored") => void = () => undefined
    const slow: Mailbox = {
      ...mailbox,
      counts: mailbox.counts,
      append: () => new Promise((resolve) => (stored = resolve)),
    }
    const relay = bench({ mailbox: slow })
    const alice = await relay.join()
    await alice.send(alice.device.submit(4, alice.device, new Uint8Array(1)))
    const drained = relay.runtime.drain(0)
    expect(alice.closedWith).toBeUndefined()
    stored("stored")
    await drained
    expect(alice.answer(4)?.type).toBe("accepted")
    expect(alice.closedWith).toBe(4011)
  })

  it("ends at once with nobody connected, and forces what does not go", async () => {
    const { runtime } = bench()
    await runtime.drain(20_000)
    expect(runtime.state.draining).toBe(true)
  })
})

describe("the transition", () => {
  it("never touches the state it is given, and ignores connections that are gone", () => {
    const context = {
      nowMs: () => 1_000,
      random: (length: number) => new Uint8Array(length).fill(7),
      limits: resolveLimits(),
      hook: false,
      keepsHandles: false,
      shared: false,
    }
    const empty = emptyRelay()
    const before = JSON.stringify(empty)
    const opened = {
      type: "opened",
      id: "c1",
      address: "a",
      origin: "http://localhost",
      transport: "t",
    } as const
    const [one] = transition(empty, opened, context)
    const frozen = JSON.stringify(one)
    const [two] = transition(one, { type: "frame", id: "c1", bytes: new Uint8Array(3) }, context)
    expect(JSON.stringify(empty)).toBe(before)
    expect(JSON.stringify(one)).toBe(frozen)
    expect(two.connections.size).toBe(0)
    for (const type of ["closed", "late", "leave", "mail", "drained", "overflowed"] as const) {
      const [state, effects] = transition(two, { type, id: "c1" }, context)
      expect([state, effects]).toEqual([two, []])
    }
  })
})
