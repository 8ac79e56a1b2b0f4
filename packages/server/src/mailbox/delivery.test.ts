import { type Bytes, type FrameOf, RELAY_CODE as CODE } from "@securechat/core/wire"
import { describe, expect, it } from "vitest"
import { type Bench, type Line, bench } from "../../test/support/bench.ts"
import type { Mailbox } from "./mailbox.ts"

const body = (length: number, value = 1): Bytes => new Uint8Array(length).fill(value)
const delivered = (line: Line): readonly number[] => line.all("deliver").map((frame) => frame.body[0] ?? -1)
const last = (line: Line): FrameOf<"deliver"> => {
  const frame = line.last("deliver")
  if (frame === undefined) throw new Error("nothing was delivered")
  return frame
}
const pair = async (relay: Bench): Promise<readonly [Line, Line]> => [await relay.join(), await relay.join()]

describe("mail", () => {
  it("is accepted, delivered with its sender, and gone after the ack", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    const submit = alice.device.submit(4, bob.device, body(300, 7))
    await alice.send(submit)
    expect(alice.answer(4)).toEqual({
      type: "accepted",
      request: 4,
      envelopeId: submit.envelopeId,
      repeated: false,
    })
    expect(last(bob)).toMatchObject({
      request: 0,
      envelopeId: submit.envelopeId,
      fromAccountId: alice.device.accountId,
      fromDeviceId: alice.device.deviceId,
      acceptedAtMs: relay.clock.nowMs(),
      body: submit.body,
    })
    expect((await relay.mailbox.counts()).messages).toBe(1)
    await bob.send({ type: "ack", request: 0, cursor: last(bob).cursor })
    expect((await relay.mailbox.counts()).messages).toBe(0)
  })

  it("waits for a device that is away, in order, and says when the backlog is sent", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    await bob.vanish()
    for (let i = 0; i < 40; i++) await alice.send(alice.device.submit(4 + i, bob.device, body(10, i)))
    const back = await relay.login(bob.device)
    expect(back.last("ready")?.backlog).toBe(40)
    expect(delivered(back)).toEqual(Array.from({ length: 40 }, (_, i) => i))
    expect(back.frames.at(-1)?.type).toBe("caughtUp")
    await alice.send(alice.device.submit(90, bob.device, body(1, 99)))
    expect(delivered(back).at(-1)).toBe(99)
    expect(back.all("caughtUp")).toHaveLength(1)
  })

  it("comes again from the cursor of the hello, and only what is above it", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    for (let i = 0; i < 5; i++) await alice.send(alice.device.submit(4 + i, bob.device, body(1, i)))
    const stored = bob.all("deliver")[2]?.cursor
    await bob.vanish()
    const back = await relay.login(bob.device, stored === undefined ? {} : { cursor: stored })
    expect(back.last("ready")).toMatchObject({ resumed: true, backlog: 2 })
    expect(delivered(back)).toEqual([3, 4])
  })

  it("[R15] of a cursor that is nonsense or of another epoch counts from the start, and says so", async () => {
    for (const cursor of [new TextEncoder().encode("x.1"), Uint8Array.of(0xff, 0xfe), body(64, 65)]) {
      const relay = bench()
      const [alice, bob] = await pair(relay)
      await alice.send(alice.device.submit(4, bob.device, body(1, 5)))
      const back = await relay.login(bob.device, { cursor })
      expect(back.last("ready")).toMatchObject({ resumed: false, backlog: 1 })
      expect(delivered(back)).toEqual([5])
    }
  })

  it("submitted twice under one id is stored once, and an id belongs to its sender", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    const carol = await relay.join()
    const submit = alice.device.submit(4, bob.device, body(1, 1))
    await alice.send(submit)
    await alice.send({ ...submit, request: 5 })
    expect(alice.answer(5)).toMatchObject({ type: "accepted", repeated: true })
    await carol.send({ ...submit, request: 4 })
    expect(carol.answer(4)).toMatchObject({ type: "accepted", repeated: false })
    expect(bob.all("deliver")).toHaveLength(2)
  })

  it("stops at 64 unacknowledged deliveries and goes on with each ack", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    for (let i = 0; i < 100; i++) await alice.send(alice.device.submit(4 + i, bob.device, body(1, i)))
    expect(bob.all("deliver")).toHaveLength(64)
    await bob.send({ type: "ack", request: 0, cursor: bob.all("deliver")[9]?.cursor ?? body(0) })
    expect(bob.all("deliver")).toHaveLength(74)
    await bob.send({ type: "ack", request: 0, cursor: last(bob).cursor })
    expect(delivered(bob)).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })

  it("stops at 1 MiB unacknowledged", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    for (let i = 0; i < 20; i++) await alice.send(alice.device.submit(4 + i, bob.device, body(80 * 1024, i)))
    expect(bob.all("deliver")).toHaveLength(12)
    await bob.send({ type: "ack", request: 0, cursor: last(bob).cursor })
    expect(bob.all("deliver")).toHaveLength(20)
  })

  it("acknowledges nothing by a cursor that is not waiting", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    await alice.send(alice.device.submit(4, bob.device, body(1)))
    await bob.send({ type: "ack", request: 0, cursor: new TextEncoder().encode("x.9") })
    expect((await relay.mailbox.counts()).messages).toBe(1)
    expect(bob.closedWith).toBeUndefined()
  })

  it("[R5] stays in the mailbox while the socket is full, and the reader has 30 seconds", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    bob.buffered = 1024 * 1024
    await alice.send(alice.device.submit(4, bob.device, body(500, 1)))
    expect(bob.all("deliver")).toHaveLength(0)
    await relay.clock.advance(10_000)
    bob.buffered = 0
    await relay.clock.advance(1_000)
    expect(bob.all("deliver")).toHaveLength(1)
    bob.buffered = 1024 * 1024
    await alice.send(alice.device.submit(5, bob.device, body(500, 2)))
    await bob.send({ type: "ping", request: 0, nonce: body(8) })
    await relay.clock.advance(31_000)
    expect(bob.closedWith).toBe(4009)
    const back = await relay.login(bob.device)
    expect(delivered(back)).toEqual([1, 2])
  })

  it("to a full mailbox is refused with a time, and nothing stored is pushed out", async () => {
    const relay = bench({ limits: { mailboxMessages: 2 } })
    const [alice, bob] = await pair(relay)
    for (let i = 0; i < 3; i++) await alice.send(alice.device.submit(4 + i, bob.device, body(1, i)))
    expect(alice.answer(6)).toEqual({ type: "nack", request: 6, code: CODE.full, retryAfterMs: 60_000 })
    expect(delivered(bob)).toEqual([0, 1])
  })

  it("may name its own end, at most the relay's", async () => {
    const relay = bench({ limits: { messageTtlMs: 100_000 } })
    const [alice, bob] = await pair(relay)
    await bob.vanish()
    const expiresMs = relay.clock.nowMs() + 20_000
    await alice.send(alice.device.submit(4, bob.device, body(1, 1), { expiresMs }))
    await alice.send(alice.device.submit(5, bob.device, body(1, 2), { expiresMs: 2 ** 50 }))
    await relay.clock.advance(20_000)
    expect(delivered(await relay.login(bob.device))).toEqual([2])
    await relay.clock.advance(80_000)
    expect(relay.runtime.online).toBe(0)
    expect(delivered(await relay.login(bob.device))).toEqual([])
  })

  it("[R10] for an unknown account, device or one that never published is refused alike", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    const unpublished = await relay.login()
    const targets = [unpublished.device, relay.device(), { ...bob.device, deviceId: alice.device.deviceId }]
    for (const [index, target] of targets.entries()) {
      await alice.send(alice.device.submit(4 + index, target, body(1)))
      expect(alice.answer(4 + index)).toEqual({
        type: "nack",
        request: 4 + index,
        code: CODE.refused,
        retryAfterMs: 0,
      })
    }
  })

  it("over the limit is too large and the connection stays", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    await alice.send(alice.device.submit(4, bob.device, body(80 * 1024 + 1)))
    expect(alice.answer(4)).toMatchObject({ type: "nack", code: CODE.tooLarge })
    await alice.send(alice.device.submit(5, bob.device, body(80 * 1024)))
    expect(alice.answer(5)).toMatchObject({ type: "accepted" })
  })

  it("[R11] is limited per recipient, and other recipients notice nothing", async () => {
    const relay = bench({ limits: { buckets: { submit: { size: 3, perSecond: 0.5 } } } })
    const [alice, bob] = await pair(relay)
    const carol = await relay.join()
    for (let i = 0; i < 4; i++) await alice.send(alice.device.submit(4 + i, bob.device, body(1)))
    expect(alice.answer(7)).toEqual({ type: "nack", request: 7, code: CODE.limited, retryAfterMs: 2_000 })
    await alice.send(alice.device.submit(8, carol.device, body(1)))
    await carol.send(carol.device.submit(4, bob.device, body(1)))
    expect([alice.answer(8)?.type, carol.answer(4)?.type]).toEqual(["accepted", "accepted"])
    await relay.clock.advance(2_000)
    await alice.send(alice.device.submit(9, bob.device, body(1)))
    expect(alice.answer(9)?.type).toBe("accepted")
  })

  it("[R13] is accepted only after the append resolved, and a broken mailbox is unavailable", async () => {
    const pending: { resolve: (value: "stored") => void; reject: (error: Error) => void }[] = []
    const { mailbox } = bench()
    const slow: Mailbox = {
      append: () => new Promise((resolve, reject) => pending.push({ resolve, reject })),
      resume: (device, cursor) => mailbox.resume(device, cursor),
      read: (device, options) => mailbox.read(device, options),
      ack: (device, upTo) => mailbox.ack(device, upTo),
      drop: (device) => mailbox.drop(device),
      watch: (device, onMail) => mailbox.watch(device, onMail),
      counts: () => mailbox.counts(),
      close: () => mailbox.close(),
    }
    const relay = bench({ mailbox: slow })
    const [alice, bob] = await pair(relay)
    await alice.send(alice.device.submit(4, bob.device, body(1)))
    await alice.send(alice.device.submit(5, bob.device, body(1)))
    expect([alice.answer(4), alice.answer(5)]).toEqual([undefined, undefined])
    pending[1]?.resolve("stored")
    pending[0]?.reject(new Error("disk full"))
    await relay.clock.advance(0)
    expect(alice.answer(5)?.type).toBe("accepted")
    expect(alice.answer(4)).toMatchObject({ type: "nack", code: CODE.unavailable })
  })

  it("has at most 64 open submits per connection", async () => {
    const { mailbox } = bench()
    const stuck = Object.assign(Object.create(mailbox) as Mailbox, {
      append: () => new Promise<"stored">(() => undefined),
      resume: mailbox.resume,
      read: mailbox.read,
      watch: mailbox.watch,
      counts: mailbox.counts,
    })
    const relay = bench({ mailbox: stuck })
    const [alice, bob] = await pair(relay)
    for (let i = 0; i < 65; i++) await alice.send(alice.device.submit(4 + i, bob.device, body(1)))
    expect(alice.answer(67)).toBeUndefined()
    expect(alice.answer(68)).toMatchObject({ type: "nack", code: CODE.limited })
  })

  it("that the mailbox cannot find ends the connection as unavailable, at login and later", async () => {
    const { mailbox } = bench()
    let broken: "resume" | "read" = "resume"
    const failing = Object.assign(Object.create(mailbox) as Mailbox, {
      append: mailbox.append,
      resume: (device: string, cursor: string) =>
        broken === "resume" ? Promise.reject(new Error("gone")) : mailbox.resume(device, cursor),
      read: () => Promise.reject(new Error("gone")),
      watch: mailbox.watch,
      counts: mailbox.counts,
    })
    const relay = bench({ mailbox: failing })
    expect((await relay.login()).closedWith).toBe(4010)
    broken = "read"
    expect((await relay.login()).closedWith).toBe(4010)
  })
})

describe("a signal", () => {
  const signal = (to: Line, bytes: Bytes): FrameOf<"signal"> => ({
    type: "signal",
    request: 0,
    accountId: to.device.accountId,
    deviceId: to.device.deviceId,
    body: bytes,
  })

  it("reaches a connected device with its sender", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    await alice.send(signal(bob, body(9, 4)))
    expect(bob.last("signalled")).toEqual({
      type: "signalled",
      request: 0,
      fromAccountId: alice.device.accountId,
      fromDeviceId: alice.device.deviceId,
      body: body(9, 4),
    })
  })

  it("is dropped without a word when the device is away, slow, unknown or another account's", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    await alice.send({ ...signal(bob, body(1)), accountId: alice.device.accountId })
    bob.buffered = 1024 * 1024
    await alice.send(alice.device.submit(4, bob.device, body(1)))
    await alice.send(signal(bob, body(1)))
    expect(bob.all("signalled")).toHaveLength(0)
    await bob.vanish()
    await alice.send(signal(bob, body(1)))
    const back = await relay.login(bob.device)
    expect(back.all("signalled")).toHaveLength(0)
    expect((await relay.mailbox.counts()).messages).toBe(1)
    expect(alice.all("nack")).toHaveLength(0)
  })

  it("over 1 KiB is too large, over its bucket dropped", async () => {
    const relay = bench()
    const [alice, bob] = await pair(relay)
    await alice.send(signal(bob, body(1_025)))
    expect(alice.last("nack")).toEqual({ type: "nack", request: 0, code: CODE.tooLarge, retryAfterMs: 0 })
    for (let i = 0; i < 40; i++) await alice.send(signal(bob, body(1)))
    expect(bob.all("signalled")).toHaveLength(30)
    expect(alice.closedWith).toBeUndefined()
  })
})
