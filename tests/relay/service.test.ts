/** What a relay does for devices, over real sockets; single rules are tested beside their sources. */
import {
  type Bytes,
  RELAY_CODE as CODE,
  bundleCodec,
  claimAnswerCodec,
  devicesAnswerCodec,
  handleRecordCodec,
} from "@securechat/core/wire"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type Site, site } from "./support/site.ts"
import type { WireClient } from "./support/wire-client.ts"

let here: Site
beforeEach(async () => {
  here = await site()
})
afterEach(async () => {
  await here.close()
})

const body = (length: number, value: number): Bytes => new Uint8Array(length).fill(value)
const deliveries = async (client: WireClient, count: number): Promise<readonly number[]> => {
  const values: number[] = []
  for (let i = 0; i < count; i++) values.push((await client.next("deliver")).body[0] ?? -1)
  return values
}

describe("a login over a socket", () => {
  it("is signed for the origin that was dialled, under any loopback name", async () => {
    for (const name of ["localhost", "127.0.0.1", "[::1]"]) {
      const client = await here.dial(undefined, { headers: { Host: `${name}:${here.port}` } })
      client.send(client.device.hello())
      const challenge = await client.next("challenge")
      expect(challenge.origin).toBe(`http://${name}:${here.port}`)
      client.send(client.device.proof(challenge))
      await client.next("ready")
      await client.leave()
    }
  })

  it("of the newest connection wins; the older is told and closed with 4008", async () => {
    const older = await here.join()
    const newer = await here.login(older.device)
    expect(await older.next("bye")).toMatchObject({ code: CODE.replaced })
    expect((await older.ended).code).toBe(4008)
    const alice = await here.join()
    await alice.ask((request) => alice.device.submit(request, newer.device, body(3, 1)))
    expect(await deliveries(newer, 1)).toEqual([1])
  })

  it("counts in the figures of the relay", async () => {
    const [alice, bob] = [await here.join(), await here.join()]
    await bob.leave()
    await here.online(1)
    await alice.ask((request) => alice.device.submit(request, bob.device, body(3, 1)))
    await here.pending(1)
    expect(here.relay.stats()).toEqual({ connections: 1, mailboxes: 1, pendingMessages: 1 })
  })
})

describe("mail over a socket", () => {
  it("is stored while the recipient is away, resumed at its cursor and deleted by its ack", async () => {
    const [alice, bob] = [await here.join(), await here.join()]
    await bob.leave()
    await here.online(1)
    for (let i = 0; i < 5; i++)
      await alice.ask((request) => alice.device.submit(request, bob.device, body(2_000, i)))
    const back = await here.dial(bob.device)
    expect(await back.login()).toMatchObject({ backlog: 5, resumed: false })
    const first = await back.next("deliver")
    const second = await back.next("deliver")
    expect([first.body[0], second.body[0]]).toEqual([0, 1])
    back.send({ type: "ack", request: 0, cursor: first.cursor })
    await back.next("caughtUp")
    await back.leave()
    const again = await here.dial(bob.device)
    expect(await again.login(second.cursor)).toMatchObject({ backlog: 3, resumed: true })
    expect(await deliveries(again, 3)).toEqual([2, 3, 4])
  })

  it("submitted again after a lost answer is accepted as repeated, and stored once", async () => {
    const [alice, bob] = [await here.join(), await here.join()]
    const submit = alice.device.submit(alice.number(), bob.device, body(10, 1))
    alice.send(submit)
    await alice.leave()
    await here.online(1)
    const again = await here.login(alice.device)
    const answer = await again.ask((request) => ({ ...submit, request }))
    expect(answer).toMatchObject({ type: "accepted", envelopeId: submit.envelopeId })
    await again.ask((request) => ({ ...submit, request }))
    await here.pending(1)
  })

  it("for a full mailbox is refused with 6 and a time", async () => {
    const small = await site({ limits: { mailboxBytes: 1_000 } })
    const [alice, bob] = [await small.join(), await small.join()]
    await bob.leave()
    await small.online(1)
    const submit = (): Promise<unknown> =>
      alice.ask((request) => alice.device.submit(request, bob.device, body(600, 1)))
    expect(await submit()).toMatchObject({ type: "accepted" })
    expect(await submit()).toMatchObject({ type: "nack", code: CODE.full, retryAfterMs: 60_000 })
    await small.close()
  })

  it("of 500 messages at once arrives whole and in order through the window of 64", async () => {
    const open = await site({ limits: { buckets: { submit: { size: 1_000, perSecond: 5 } } } })
    const [alice, bob] = [await open.join(), await open.join()]
    const seen: number[] = []
    const reading = (async () => {
      while (seen.length < 500) {
        const frame = await bob.next("deliver")
        seen.push(new DataView(frame.body.buffer).getUint32(0))
        bob.send({ type: "ack", request: 0, cursor: frame.cursor })
      }
    })()
    for (let i = 0; i < 500; i += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, offset) => {
          const numbered = new Uint8Array(1_000)
          new DataView(numbered.buffer).setUint32(0, i + offset)
          return alice.ask((request) => alice.device.submit(request, bob.device, numbered))
        }),
      )
    await reading
    expect(seen).toEqual(Array.from({ length: 500 }, (_, i) => i))
    await open.close()
  })
})

describe("signals over a socket", () => {
  it("reach a device that is there and vanish for one that is away", async () => {
    const [alice, bob] = [await here.join(), await here.join()]
    const signal = {
      type: "signal",
      request: 0,
      accountId: bob.device.accountId,
      deviceId: bob.device.deviceId,
      body: body(20, 5),
    } as const
    alice.send(signal)
    expect(await bob.next("signalled")).toMatchObject({
      fromDeviceId: alice.device.deviceId,
      body: body(20, 5),
    })
    await bob.leave()
    await here.online(1)
    alice.send(signal)
    const back = await here.dial(bob.device)
    expect(await back.login()).toMatchObject({ backlog: 0 })
    await back.next("caughtUp")
    expect(back.frames.filter((frame) => frame.type === "signalled")).toEqual([])
    await here.pending(0)
  })
})

describe("prekeys over sockets", () => {
  it("[A10] are handed out once, whoever asks at the same moment", async () => {
    const open = await site({ limits: { buckets: { claimTarget: { size: 100, perSecond: 1 } } } })
    const bob = await open.join({ oneTime: 60, oneTimeKem: 2 })
    const askers = await Promise.all(Array.from({ length: 5 }, () => open.join()))
    const claims = askers.flatMap((one) =>
      Array.from({ length: 13 }, () =>
        one.ask((request) => ({
          type: "claim",
          request,
          accountId: bob.device.accountId,
          deviceIds: [bob.device.deviceId],
          liveNonce: new Uint8Array(0),
        })),
      ),
    )
    const bundles = (await Promise.all(claims)).map((answer) => {
      if (answer.type !== "ok") throw new Error(JSON.stringify(answer))
      return bundleCodec.decode(claimAnswerCodec.decode(answer.body).devices[0]?.bundle ?? new Uint8Array(0))
    })
    const oneTime = bundles.map((bundle) => bundle.opk?.keyId).filter((id) => id !== undefined)
    const kem = bundles.filter((bundle) => bundle.pq.kind === "pqopk").map((bundle) => bundle.pq.keyId)
    expect([oneTime.length, new Set(oneTime).size]).toEqual([60, 60])
    expect([kem.length, new Set(kem).size]).toEqual([2, 2])
    expect(await bob.next("stock")).toMatchObject({ kemLeft: 1 })
    await open.close()
  })

  it("and lists are what the owner published", async () => {
    const [alice, bob] = [await here.join(), await here.join()]
    const answer = await alice.ask((request) => ({
      type: "devices",
      request,
      accountId: bob.device.accountId,
      knownVersion: 0,
    }))
    if (answer.type !== "ok") throw new Error(JSON.stringify(answer))
    expect(devicesAnswerCodec.decode(answer.body)).toEqual({
      lists: [bob.device.identity.list.bytes],
      certificates: [bob.device.identity.certificate.bytes],
    })
  })
})

describe("handles over sockets", () => {
  const holder = async (client: WireClient, handle: string): Promise<Uint8Array | undefined> => {
    const answer = await client.ask((request) => ({ type: "handleGet", request, handle }))
    return answer.type === "ok" ? handleRecordCodec.decode(answer.body).accountId : undefined
  }

  it("in memory go to the first, are free after a goodbye, and 60 seconds after a broken line", async () => {
    const here = await site({ mailbox: "memory" })
    const [alice, mallory] = [await here.login(), await here.login()]
    const claim = (client: WireClient): Promise<{ readonly type: string }> =>
      client.ask((request) => client.device.handleSet(request, "alice"))
    expect(await claim(alice)).toMatchObject({ type: "ok" })
    expect(await claim(mallory)).toMatchObject({ type: "nack", code: CODE.refused })
    expect(await holder(mallory, "alice")).toEqual(alice.device.accountId)

    alice.send({ type: "bye", request: 0, code: 0 })
    expect((await alice.ended).code).toBe(1000)
    expect(await holder(mallory, "alice")).toBeUndefined()
    expect(await claim(mallory)).toMatchObject({ type: "ok" })

    mallory.socket.terminate()
    await here.online(0)
    const watcher = await here.login()
    expect(await holder(watcher, "alice")).toEqual(mallory.device.accountId)
    await here.clock.advance(59_000)
    watcher.send({ type: "ping", request: 0, nonce: new Uint8Array(8) })
    const later = await here.login()
    expect(await holder(later, "alice")).toEqual(mallory.device.accountId)
    await here.clock.advance(1_000)
    expect(await holder(later, "alice")).toBeUndefined()
    await here.close()
  })
})

describe("the app's hook over sockets", () => {
  it("[R8] decides after the proof, and its reason is not told", async () => {
    const users = new Map<string, string>([["token-alice", "alice"]])
    const gated = await site({
      auth: {
        authorize: ({ token }) => {
          const handle = users.get(token ?? "")
          if (token === "crash") throw new Error("no database")
          return Promise.resolve(
            handle === undefined ? { allow: false, reason: "rejected" } : { allow: true, handle },
          )
        },
      },
    })
    const enter = async (token: string): Promise<number> => {
      const client = await gated.dial()
      client.send(client.device.hello())
      client.send(
        client.device.proof(await client.next("challenge"), { token: new TextEncoder().encode(token) }),
      )
      const outcome = await Promise.race([client.ended, client.next("ready").catch(() => client.ended)])
      return "code" in outcome ? outcome.code : 0
    }
    expect([await enter("token-alice"), await enter("wrong"), await enter("crash")]).toEqual([0, 4003, 4003])
    // The name is bound to the first account that showed it.
    expect(await enter("token-alice")).toBe(4003)
    await gated.close()
  })
})

describe("a relay that ends", () => {
  it("[R18] tells its clients, confirms what is open, and closes with 4011", async () => {
    const [alice, bob] = [await here.join(), await here.join()]
    const answer = alice.ask((request) => alice.device.submit(request, bob.device, body(10, 1)))
    await bob.next("deliver")
    const closing = here.relay.close({ drainMs: 2_000 })
    for (const client of [alice, bob])
      expect(await client.next("drain")).toMatchObject({ closesInMs: 2_000, reconnectWithinMs: 2_000 })
    expect(await answer).toMatchObject({ type: "accepted" })
    await expect(here.dial()).rejects.toThrow()
    await here.clock.advance(2_000)
    expect([(await alice.ended).code, (await bob.ended).code]).toEqual([4011, 4011])
    await closing
  })

  it("can be closed twice, without clients, and never listens again", async () => {
    const alone = await site()
    await Promise.all([alone.relay.close(), alone.relay.close()])
    await expect(alone.relay.listen()).rejects.toMatchObject({ code: "ERR_CLOSED" })
  })
})
