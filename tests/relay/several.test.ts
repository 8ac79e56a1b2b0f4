/** Two relays behind one Redis: a client may connect to either, and notices nothing of the other. relay.md §10 */
import {
  RELAY_CODE as CODE,
  type Frame,
  bundleCodec,
  claimAnswerCodec,
  stockCodec,
} from "@securechat/core/wire"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { REDIS_SERVER, type RedisServer, redisCommand, startRedis } from "../../scripts/redis.ts"
import { type Site, site } from "./support/site.ts"
import type { WireClient } from "./support/wire-client.ts"

const limits = { buckets: { claimTarget: { size: 100, perSecond: 1 }, claim: { size: 200, perSecond: 1 } } }
const body = (value: number): Uint8Array<ArrayBuffer> => new Uint8Array(8).fill(value)
const submit = (from: WireClient, to: WireClient, value: number): Promise<Frame> =>
  from.ask((request) => from.device.submit(request, to.device, body(value)))
const received = async (client: WireClient): Promise<number | undefined> =>
  (await client.next("deliver")).body[0]
const claim = (from: WireClient, of: WireClient): Promise<Frame> =>
  from.ask((request) => ({
    type: "claim",
    request,
    accountId: of.device.accountId,
    deviceIds: [of.device.deviceId],
    liveNonce: new Uint8Array(0),
  }))
const oneTimeId = (answer: Frame): number | undefined => {
  if (answer.type !== "ok") throw new Error(JSON.stringify(answer))
  const [device] = claimAnswerCodec.decode(answer.body).devices
  return bundleCodec.decode(device?.bundle ?? body(0)).opk?.keyId
}

describe.skipIf(REDIS_SERVER === "")("two relays", () => {
  let redis: RedisServer
  let url: string
  let here: Site
  let there: Site
  beforeAll(async () => {
    redis = await startRedis()
  })
  beforeEach(async () => {
    url = redis.fresh()
    here = await site({ mailbox: { redis: url }, limits })
    there = await site({ mailbox: { redis: url }, limits })
  })
  afterEach(async () => {
    await Promise.all([here.close(), there.close()])
  })
  afterAll(() => redis.close())

  const command = (...args: readonly string[]): Promise<string> => redisCommand(url, ...args)

  it("hand mail, signals and stock notices to a device on the other one", async () => {
    const alice = await here.join()
    const bob = await there.join({ oneTime: 2, oneTimeKem: 0 })
    expect(await submit(alice, bob, 1)).toMatchObject({ type: "accepted" })
    expect(await received(bob)).toBe(1)
    const { accountId, deviceId } = bob.device
    alice.send({ type: "signal", request: 0, accountId, deviceId, body: body(9) })
    const signal = await bob.next("signalled")
    expect([signal.fromDeviceId, signal.body]).toEqual([alice.device.deviceId, body(9)])
    await claim(alice, bob)
    expect(await bob.next("stock")).toMatchObject({ oneTimeLeft: 1, kemLeft: 0, lastResortUses: 1 })
    // Told is told: the count began anew.
    const again = await bob.ask((request) => bob.device.publish(request, { oneTime: 0, oneTimeKem: 0 }))
    expect(again.type === "ok" && stockCodec.decode(again.body).lastResortUses).toBe(0)
  })

  it("know the same accounts and handles", async () => {
    const alice = await here.join()
    await alice.ask((request) => alice.device.handleSet(request, "alice"))
    const bob = await there.join()
    const mine = await bob.ask((request) => bob.device.handleSet(request, "alice"))
    expect(mine).toMatchObject({ type: "nack", code: CODE.refused })
    const found = await bob.ask((request) => ({ type: "handleGet", request, handle: "alice" }))
    expect(found.type).toBe("ok")
    expect(await submit(bob, alice, 3)).toMatchObject({ type: "accepted" })
    await alice.leave()
    const moved = await there.dial(alice.device)
    expect(await moved.login()).toMatchObject({ oneTimeLeft: 3, kemLeft: 1, backlog: 1 })
  })

  it("[A10] hand out each one-time key once, to whoever asks at either", async () => {
    const bob = await here.join({ oneTime: 40, oneTimeKem: 0 })
    const askers = [await here.join(), await there.join()]
    const claims = Array.from({ length: 50 }, (_, index) => {
      const asker = askers[index % 2]
      if (asker === undefined) throw new Error("no asker")
      return claim(asker, bob)
    })
    const ids = (await Promise.all(claims)).map(oneTimeId).filter((id) => id !== undefined)
    expect([ids.length, new Set(ids).size]).toEqual([40, 40])
  })

  it("[A10] count one account's claims together", async () => {
    const [one, two] = await Promise.all(
      [here, there].map((of) =>
        site({
          mailbox: { redis: url },
          limits: { buckets: { claimTarget: { size: 3, perSecond: 0.001 } } },
        }).then(async (own) => ({ own, bob: await of.join() })),
      ),
    )
    if (one === undefined || two === undefined) throw new Error("no sites")
    const alice = await one.own.join()
    const answers: string[] = []
    for (let i = 0; i < 2; i++) answers.push((await claim(alice, one.bob)).type)
    const moved = await two.own.login(alice.device)
    for (let i = 0; i < 2; i++) answers.push((await claim(moved, one.bob)).type)
    expect(answers).toEqual(["ok", "ok", "ok", "nack"])
    await Promise.all([one.own.close(), two.own.close()])
  })

  it("[R14] keep one connection of a device: the newer wins, the older is told", async () => {
    const older = await here.join()
    const newer = await there.login(older.device)
    expect((await older.ended).code).toBe(4008)
    const alice = await here.join()
    await submit(alice, newer, 4)
    expect(await received(newer)).toBe(4)
  })

  it("[R14] deliver within the sweep when the wake-up was lost, with clocks apart", async () => {
    const [alice, bob] = [await here.join(), await there.join()]
    await here.clock.advance(30_000)
    // Without its route nobody tells the relay that has the device.
    expect(await command("DEL", `sc:r:${bob.device.identity.deviceId}`)).toBe(":1")
    expect(await submit(alice, bob, 5)).toMatchObject({ type: "accepted" })
    await there.clock.advance(5_000)
    expect(await received(bob)).toBe(5)
  })

  it("[R14] find a device that has moved on while its relay was deaf", async () => {
    const bob = await here.join()
    // As after a partition: the route belongs to a later login at a relay of which this one has not heard.
    await command("SET", `sc:r:${bob.device.identity.deviceId}`, "elsewhere/999999")
    await here.clock.advance(20_000)
    expect((await bob.ended).code).toBe(4008)
  })

  it("[B5] take a repeat over the other relay for what it is", async () => {
    const [alice, bob] = [await here.join(), await there.join()]
    const first = alice.device.submit(alice.number(), bob.device, body(6))
    alice.send(first)
    expect(await received(bob)).toBe(6)
    await alice.leave()
    const moved = await there.login(alice.device)
    expect(await moved.ask((request) => ({ ...first, request }))).toMatchObject({ repeated: true })
    await submit(moved, bob, 7)
    expect(await received(bob)).toBe(7)
  })

  it("[R11] fail closed while Redis is away, pass signals on, and go on when it is back", async () => {
    const [alice, bob] = [await here.join(), await here.join()]
    await redis.kill()
    expect(await submit(alice, bob, 8)).toMatchObject({ type: "nack", code: CODE.unavailable })
    expect(await claim(alice, bob)).toMatchObject({ type: "nack", code: CODE.unavailable })
    const taken = await alice.ask((request) => alice.device.handleSet(request, "late"))
    expect(taken).toMatchObject({ type: "nack", code: CODE.unavailable })
    const { accountId, deviceId } = bob.device
    alice.send({ type: "signal", request: 0, accountId, deviceId, body: body(1) })
    expect((await bob.next("signalled")).body).toEqual(body(1))
    const late = await here.dial()
    late.send(late.device.hello())
    late.send(late.device.proof(await late.next("challenge")))
    expect((await late.ended).code).toBe(4010)
    expect((await fetch(`${here.url}/readyz`)).status).toBe(503)
    await redis.restart()
    while ((await fetch(`${here.url}/readyz`)).status !== 200);
    const answer = await submit(alice, bob, 8)
    expect(answer).toMatchObject({ type: "accepted" })
    await here.clock.advance(5_000)
    expect(await received(bob)).toBe(8)
  })
})
