import {
  type Bytes,
  type FrameOf,
  RELAY_CODE as CODE,
  bundleCodec,
  claimAnswerCodec,
  devicesAnswerCodec,
  stockCodec,
} from "@securechat/core/wire"
import { generatePrekey } from "@securechat/core/identity"
import { type RelayDevice, unsafeSeeded } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { type Line, bench } from "../../test/support/bench.ts"

const none = new Uint8Array(0)
const DAY_MS = 86_400_000
const flip = (bytes: Bytes, at: number): Bytes => {
  const copy = new Uint8Array(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
const claim = (request: number, ...targets: readonly RelayDevice[]): FrameOf<"claim"> => ({
  type: "claim",
  request,
  accountId: targets[0]?.accountId ?? none,
  deviceIds: targets.map((target) => target.deviceId),
  liveNonce: none,
})
const bodyOf = (line: Line, request: number): Bytes => {
  const answer = line.answer(request)
  if (answer?.type !== "ok") throw new Error(`request ${request}: ${JSON.stringify(answer)}`)
  return answer.body
}
const bundleOf = (line: Line, request: number): ReturnType<typeof bundleCodec.decode> => {
  const { devices } = claimAnswerCodec.decode(bodyOf(line, request))
  return bundleCodec.decode(devices[0]?.bundle ?? none)
}

describe("publish", () => {
  it("is answered with the stock, and the same publication counts once", async () => {
    const { login } = bench()
    const line = await login()
    const publish = line.device.publish(3, { oneTime: 5, oneTimeKem: 2 })
    for (const request of [3, 4]) {
      await line.send({ ...publish, request })
      expect(stockCodec.decode(bodyOf(line, request))).toEqual({
        oneTimeLeft: 5,
        kemLeft: 2,
        lastResortUses: 0,
      })
    }
    await line.send({ ...publish, request: 5, publication: new Uint8Array(16) })
    expect(stockCodec.decode(bodyOf(line, 5)).oneTimeLeft).toBe(5)
    expect((await login(line.device)).last("ready")).toMatchObject({ oneTimeLeft: 5, kemLeft: 2 })
  })

  it("[A11] refuses bytes, signatures, owners, kinds and dates that are wrong, and takes nothing of it", async () => {
    const { login, device, clock } = bench()
    const line = await login()
    const good = line.device.publish(3)
    const foreign = device().publish(3)
    const first = good.oneTime[0] ?? none
    const cases: readonly (readonly [Partial<FrameOf<"publish">>, number])[] = [
      [{ list: none }, CODE.malformed],
      [{ oneTime: [none] }, CODE.malformed],
      [{ signedPrekey: good.lastResortKem }, CODE.malformed],
      [{ oneTime: [good.signedPrekey] }, CODE.malformed],
      [{ certificate: foreign.certificate }, CODE.refused],
      [{ list: foreign.list }, CODE.refused],
      [{ list: flip(good.list, good.list.length - 1) }, CODE.refused],
      [{ oneTime: [flip(first, first.length - 1)] }, CODE.refused],
      [{ oneTime: foreign.oneTime }, CODE.refused],
      [{ signedPrekey: foreign.signedPrekey }, CODE.refused],
    ]
    for (const [index, [change, code]] of cases.entries()) {
      const request = 3 + index
      await line.send({ ...good, ...change, request })
      expect([index, line.answer(request)]).toMatchObject([index, { type: "nack", code }])
    }
    await line.send(claim(50, line.device))
    expect(line.answer(50)).toMatchObject({ type: "nack", code: CODE.refused })
    clock.jump(clock.nowMs() + 20 * DAY_MS)
    const late = await login(line.device)
    await late.send({ ...good, request: 51 })
    expect(late.answer(51)).toMatchObject({ type: "nack", code: CODE.refused })
  })

  it("[A11] refuses a key id that comes back with another key, also within one publication", async () => {
    const { login, clock } = bench()
    const line = await login()
    const { random } = unsafeSeeded(99)
    // Four random bytes are a key id: this device draws the same one twice.
    const sameId = {
      random: (length: number) => (length === 4 ? Uint8Array.of(0, 0, 0, 5) : random(length)),
      nowMs: clock.nowMs,
    }
    const oneOf = (): Bytes => generatePrekey(line.device.identity, "opk", undefined, sameId).statement.bytes
    const [first, second] = [oneOf(), oneOf()]
    const good = line.device.publish(3)
    await line.send({ ...good, oneTime: [first, second] })
    expect(line.answer(3)).toMatchObject({ type: "nack", code: CODE.refused })
    await line.send({ ...good, request: 4, oneTime: [first, first] })
    expect(stockCodec.decode(bodyOf(line, 4)).oneTimeLeft).toBe(1)
    await line.send({ ...good, request: 5, publication: random(16), oneTime: [second] })
    expect(line.answer(5)).toMatchObject({ type: "nack", code: CODE.refused })
  })

  it("takes a device list by compare-and-swap only", async () => {
    const { login } = bench()
    const line = await login()
    await line.send(line.device.publish(3))
    await line.send({ type: "devices", request: 4, accountId: line.device.accountId, knownVersion: 0 })
    const { lists, certificates } = devicesAnswerCodec.decode(bodyOf(line, 4))
    expect(lists).toEqual([line.device.identity.list.bytes])
    expect(certificates).toEqual([line.device.identity.certificate.bytes])
    await line.send({ type: "devices", request: 5, accountId: line.device.accountId, knownVersion: 1 })
    expect(devicesAnswerCodec.decode(bodyOf(line, 5))).toEqual({ lists: [], certificates: [] })
  })

  it("has a stock it does not exceed, and a bucket", async () => {
    const { login } = bench({ limits: { buckets: { publish: { size: 4, perSecond: 0.1 } } } })
    const line = await login()
    for (const request of [3, 4, 5])
      await line.send(line.device.publish(request, { oneTime: 100, oneTimeKem: 0 }))
    expect(line.answer(5)).toMatchObject({ type: "nack", code: CODE.full })
    await line.send(line.device.publish(6, { oneTime: 0, oneTimeKem: 0 }))
    expect(stockCodec.decode(bodyOf(line, 6)).oneTimeLeft).toBe(200)
    await line.send(line.device.publish(7))
    expect(line.answer(7)).toMatchObject({ type: "nack", code: CODE.limited, retryAfterMs: 10_000 })
  })
})

describe("claim", () => {
  it("[A10] hands each one-time key out once, then the last resort, and tells the owner", async () => {
    const { join } = bench({ limits: { buckets: { claimTarget: { size: 100, perSecond: 1 } } } })
    const bob = await join({ oneTime: 3, oneTimeKem: 2 })
    const alice = await join()
    const keys: (number | undefined)[] = []
    const kinds: string[] = []
    for (let i = 0; i < 4; i++) {
      await alice.send(claim(4 + i, bob.device))
      const bundle = bundleOf(alice, 4 + i)
      keys.push(bundle.opk?.keyId)
      kinds.push(bundle.pq.kind)
      expect(bundle.certificate.bytes).toEqual(bob.device.identity.certificate.bytes)
      expect(bundle.list.bytes).toEqual(bob.device.identity.list.bytes)
    }
    expect(new Set(keys).size).toBe(4)
    expect(keys[3]).toBeUndefined()
    expect(kinds).toEqual(["pqopk", "pqopk", "pqspk", "pqspk"])
    expect(bob.all("stock").map((frame) => [frame.oneTimeLeft, frame.kemLeft, frame.lastResortUses])).toEqual(
      [
        [2, 1, 0],
        [1, 0, 0],
        [0, 0, 1],
        [0, 0, 1],
      ],
    )
  })

  it("[A10] of concurrent requests never gives one key twice, and a key handed out is not taken back", async () => {
    const { join } = bench({ limits: { buckets: { claimTarget: { size: 100, perSecond: 1 } } } })
    const bob = await join({ oneTime: 40, oneTimeKem: 0 })
    const others = [await join(), await join(), await join(), await join()]
    await Promise.all(
      others.flatMap((one) => Array.from({ length: 8 }, (_, i) => one.send(claim(4 + i, bob.device)))),
    )
    const ids = others.flatMap((one) => Array.from({ length: 8 }, (_, i) => bundleOf(one, 4 + i).opk?.keyId))
    expect(new Set(ids).size).toBe(32)
    await bob.send(bob.device.publish(4, { oneTime: 0, oneTimeKem: 0 }))
    expect(stockCodec.decode(bodyOf(bob, 4)).oneTimeLeft).toBe(8)
  })

  it("[D4] of a publication whose answer was lost: publishing it again brings no key back", async () => {
    const { login, join } = bench()
    const bob = await login()
    const publish = bob.device.publish(3, { oneTime: 2, oneTimeKem: 0 })
    await bob.send(publish)
    const alice = await join()
    await alice.send(claim(4, bob.device))
    await bob.send({ ...publish, request: 4 })
    await bob.send({ ...publish, request: 5, publication: new Uint8Array(16).fill(3) })
    expect(stockCodec.decode(bodyOf(bob, 5)).oneTimeLeft).toBe(1)
  })

  it("[A10] is limited per target and per requester, all of a request or nothing of it", async () => {
    const { join, clock } = bench()
    const bob = await join({ oneTime: 20 })
    const alice = await join()
    for (let i = 0; i < 7; i++) await alice.send(claim(4 + i, bob.device))
    expect(alice.answer(9)?.type).toBe("ok")
    expect(alice.answer(10)).toEqual({ type: "nack", request: 10, code: CODE.limited, retryAfterMs: 600_000 })
    const carol = await join()
    await carol.send(claim(4, bob.device))
    expect(carol.answer(4)?.type).toBe("ok")
    await carol.send(claim(5, bob.device, bob.device, bob.device, bob.device, bob.device, bob.device))
    expect(carol.answer(5)).toMatchObject({ code: CODE.limited })
    await carol.send(claim(6, bob.device, bob.device, bob.device, bob.device, bob.device))
    expect(carol.answer(6)?.type).toBe("ok")
    expect(clock.pending).toBeGreaterThan(0)
  })

  it("gives an empty bundle when the signed keys have expired", async () => {
    const { join, clock, login } = bench()
    const bob = await join()
    const alice = await join()
    clock.jump(clock.nowMs() + 15 * DAY_MS)
    const again = await login(alice.device)
    await again.send(claim(4, bob.device))
    expect(claimAnswerCodec.decode(bodyOf(again, 4)).devices[0]?.bundle).toEqual(none)
  })

  it("[R10] of an unknown account, device or mixture is refused alike, and so are its lists", async () => {
    const { join, device } = bench()
    const alice = await join()
    const bob = await join()
    const stranger = device()
    const requests = [
      claim(4, stranger),
      { ...claim(5, bob.device), deviceIds: [stranger.deviceId] },
      { ...claim(6, bob.device), deviceIds: [bob.device.deviceId, stranger.deviceId] },
      { type: "devices", request: 7, accountId: stranger.accountId, knownVersion: 0 },
      { type: "handleGet", request: 8, handle: "nobody" },
      { type: "handleGet", request: 9, handle: "NO HANDLE" },
    ] as const
    for (const request of requests) await alice.send(request)
    for (const { request } of requests)
      expect(alice.answer(request)).toEqual({ type: "nack", request, code: CODE.refused, retryAfterMs: 0 })
  })

  it("[R10] and every other look-up draws on a bucket", async () => {
    const { join, device } = bench({ limits: { buckets: { lookup: { size: 2, perSecond: 1 } } } })
    const alice = await join()
    await alice.send(claim(4, device()))
    await alice.send({ type: "handleGet", request: 5, handle: "bob" })
    await alice.send({ type: "devices", request: 6, accountId: alice.device.accountId, knownVersion: 0 })
    expect(alice.answer(6)).toMatchObject({ code: CODE.limited, retryAfterMs: 1_000 })
    await alice.send(claim(7, alice.device))
    expect(alice.answer(7)).toMatchObject({ code: CODE.limited })
    await alice.send({ type: "handleGet", request: 8, handle: "bob" })
    expect(alice.answer(8)).toMatchObject({ code: CODE.limited })
  })
})
