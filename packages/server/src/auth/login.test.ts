import { SecureChatError } from "@securechat/core/errors"
import { type FrameOf, frameCodec } from "@securechat/core/wire"
import { describe, expect, it } from "vitest"
import { CODE, bench } from "../../test/support/bench.ts"
import type { RelayDecision, RelayIdentity } from "./authorize.ts"

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value)

describe("a login", () => {
  it("is answered with ready, the limits and an empty backlog", async () => {
    const { login } = bench()
    const line = await login()
    expect(line.last("ready")).toMatchObject({ request: 2, backlog: 0, resumed: false, oneTimeLeft: 0 })
    expect(line.last("ready")?.limits).toMatchObject({
      openRequests: 64,
      bodyBytes: 81_920,
      windowDeliveries: 64,
    })
    expect(line.frames.at(-1)).toMatchObject({ type: "caughtUp" })
  })

  it("of a version that is not in both ranges is unsupported", async () => {
    for (const [minVersion, maxVersion] of [
      [2, 3],
      [0, 0],
      [2, 1],
      [255, 255],
    ] as const) {
      const { connect } = bench()
      const line = await connect()
      await line.send(line.device.hello({ minVersion, maxVersion }))
      expect(line.frames).toEqual([{ type: "bye", request: 0, code: CODE.unsupported }])
      expect(line.closedWith).toBe(4000 + CODE.unsupported)
    }
  })

  it("takes the highest version in both ranges", async () => {
    const { connect } = bench()
    const line = await connect()
    await line.send(line.device.hello({ minVersion: 0, maxVersion: 200 }))
    expect(line.last("challenge")?.version).toBe(1)
  })

  it("[R7] refuses every false proof with the same bytes", async () => {
    const { connect, device, login } = bench()
    const known = device()
    await login(known)
    const stranger = device()
    const alter = async (
      change: (proof: FrameOf<"proof">) => FrameOf<"proof">,
      as = stranger,
    ): Promise<unknown> => {
      const line = await connect(as)
      await line.send(as.hello())
      const challenge = line.last("challenge")
      if (challenge === undefined) throw new Error("no challenge")
      await line.send(change(as.proof(challenge)))
      return [line.closedWith, line.frames.slice(1).map((frame) => [...frameCodec.encode(frame)])]
    }
    const flip = (bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> => {
      const copy = new Uint8Array(bytes)
      copy[at] = (copy[at] ?? 0) ^ 1
      return copy
    }
    const refusals = [
      await alter((proof) => ({ ...proof, signature: flip(proof.signature, 0) })),
      await alter((proof) => ({ ...proof, signature: flip(proof.signature, 0) }), known),
      await alter((proof) => ({ ...proof, certificate: flip(proof.certificate, 240) })),
      await alter((proof) => ({ ...proof, certificate: flip(proof.certificate, 10) })),
      await alter((proof) => ({ ...proof, certificate: text("rubbish") })),
      await alter((proof) => ({ ...proof, certificate: known.identity.certificate.bytes })),
      await alter((proof) => ({ ...proof, token: text("a token that was not signed") })),
    ]
    for (const refusal of refusals) expect(refusal).toEqual([4003, [[7, 0, 0, 0, 0, 0, 3]]])
  })

  it("[R7] refuses a proof for another origin, another range, and a challenge of another connection", async () => {
    const { connect, device } = bench()
    const one = device()
    const first = await connect(one)
    await first.send(one.hello())
    const foreign = first.last("challenge")
    if (foreign === undefined) throw new Error("no challenge")
    for (const change of [{ origin: "http://evil.example" }, { maxVersion: 2 }, { minVersion: 0 }]) {
      const line = await connect(one)
      await line.send(one.hello())
      const challenge = line.last("challenge")
      if (challenge !== undefined) await line.send(one.proof(challenge, change))
      expect(line.closedWith).toBe(4003)
    }
    const second = await connect(one)
    await second.send(one.hello())
    await second.send(one.proof(foreign))
    expect(second.closedWith).toBe(4003)
  })

  it("[R7] is good for one proof and closes on a second", async () => {
    const { connect, device } = bench()
    const one = device()
    const line = await connect(one)
    await line.send(one.hello())
    const challenge = line.last("challenge")
    if (challenge === undefined) throw new Error("no challenge")
    await line.send(one.proof(challenge))
    expect(line.last("ready")).toBeDefined()
    await line.send(one.proof(challenge))
    expect(line.closedWith).toBe(4001)
  })

  it("[R7] that does not come within five seconds is closed, at every step before ready", async () => {
    const { connect, clock } = bench()
    const silent = await connect()
    const half = await connect()
    await half.send(half.device.hello())
    await clock.advance(4_999)
    expect([silent.closedWith, half.closedWith]).toEqual([undefined, undefined])
    await clock.advance(1)
    expect([silent.closedWith, half.closedWith]).toEqual([4004, 4004])
    expect(silent.frames).toEqual([{ type: "bye", request: 0, code: CODE.timeout }])
  })

  it("ends on anything but hello and proof, on rubbish and on more than 8 KiB", async () => {
    const { connect } = bench()
    const expected: readonly (readonly [Uint8Array, number])[] = [
      [frameCodec.encode({ type: "ping", request: 0, nonce: new Uint8Array(8) }), CODE.malformed],
      [
        frameCodec.encode({
          type: "proof",
          request: 2,
          signature: new Uint8Array(64),
          certificate: text(""),
          token: text(""),
        }),
        CODE.malformed,
      ],
      [Uint8Array.of(1, 2, 3), CODE.malformed],
      [Uint8Array.of(0xee, 0, 0, 0, 1), CODE.unsupported],
      [new Uint8Array(8_193), CODE.tooLarge],
    ]
    for (const [bytes, code] of expected) {
      const line = await connect()
      await line.sendBytes(bytes)
      expect(line.closedWith).toBe(4000 + code)
    }
  })

  it("may be left without a word against it", async () => {
    const { connect, runtime } = bench()
    const line = await connect()
    await line.send({ type: "bye", request: 0, code: 0 })
    expect(line.closedWith).toBe(1000)
    expect(runtime.state.pendingTotal).toBe(0)
    expect(runtime.state.addresses.size).toBe(0)
  })

  it("counts per address before, per device only after the signature", async () => {
    const { login, device, connect, clock } = bench({
      limits: { buckets: { login: { size: 14, perSecond: 1 } } },
    })
    const one = device()
    // Somebody else cannot use up this device's logins.
    for (let i = 0; i < 3; i++) {
      const line = await connect(one)
      await line.send(one.hello())
      const challenge = line.last("challenge")
      if (challenge !== undefined) await line.send({ ...one.proof(challenge), signature: new Uint8Array(64) })
      expect(line.closedWith).toBe(4003)
    }
    for (let i = 0; i < 10; i++) expect((await login(one)).last("ready")).toBeDefined()
    expect((await login(one)).closedWith).toBe(4005)
    expect((await login()).closedWith).toBe(4005)
    await clock.advance(10_000)
    expect((await login(one)).last("ready")).toBeDefined()
  })

  it("of the same device elsewhere wins, and the older is told not to come back", async () => {
    const { login, runtime } = bench()
    const older = await login()
    const newer = await login(older.device)
    expect(older.closedWith).toBe(4008)
    expect(older.frames.at(-1)).toEqual({ type: "bye", request: 0, code: CODE.replaced })
    expect(newer.closedWith).toBeUndefined()
    expect(runtime.online).toBe(1)
    await newer.send({ type: "ping", request: 0, nonce: new Uint8Array(8) })
    expect(newer.last("pong")).toBeDefined()
  })
})

describe("the app's decision", () => {
  const decided = async (decision: () => Promise<unknown>): Promise<number | undefined> => {
    const { login, clock } = bench({ auth: { authorize: decision as () => Promise<RelayDecision> } })
    const line = await login()
    await clock.advance(3_000)
    return line.last("ready") === undefined ? line.closedWith : 0
  }

  it("[R8] lets in, refuses, and is a refusal when it throws, hangs or speaks nonsense", async () => {
    expect(await decided(() => Promise.resolve({ allow: true }))).toBe(0)
    expect(await decided(() => Promise.resolve({ allow: false, reason: "rejected" }))).toBe(4003)
    expect(await decided(() => Promise.resolve({ allow: false, reason: "handle-taken" }))).toBe(4003)
    expect(await decided(() => Promise.resolve({ allow: false, reason: "expired" }))).toBe(4013)
    expect(await decided(() => Promise.resolve({ allow: true, expiresAt: new Date(0) }))).toBe(4013)
    expect(await decided(() => Promise.reject(new SecureChatError("ERR_INTERNAL", "no database")))).toBe(4003)
    expect(await decided(() => new Promise(() => undefined))).toBe(4003)
    for (const nonsense of [
      undefined,
      null,
      "yes",
      {},
      { allow: 1 },
      { allow: true, handle: "Ä" },
      { allow: true, expiresAt: "soon" },
    ])
      expect(await decided(() => Promise.resolve(nonsense))).toBe(4003)
  })

  it("sees account, device, token, address and page, after the key was proved", async () => {
    const asked: RelayIdentity[] = []
    const { login, connect, device } = bench({
      auth: {
        authorize: (who) => {
          asked.push(who)
          return Promise.resolve({ allow: true })
        },
      },
    })
    const one = await login(device(), { token: text("jwt") })
    const { accountId, deviceId } = one.device.identity
    expect(asked).toEqual([{ accountId, deviceId, address: "192.0.2.1", token: "jwt" }])
    const two = await connect(device(), { origin: "http://localhost:5000" })
    await two.send(two.device.hello())
    const challenge = two.last("challenge")
    if (challenge !== undefined) await two.send(two.device.proof(challenge))
    expect(asked[1]).toMatchObject({ origin: "http://localhost:5000" })
  })

  it("[R8] binds its handle to the first account for good", async () => {
    const { login } = bench({ auth: { authorize: () => Promise.resolve({ allow: true, handle: "alice" }) } })
    const alice = await login()
    expect(alice.last("ready")).toBeDefined()
    await alice.send({ type: "bye", request: 0, code: 0 })
    expect((await login()).closedWith).toBe(4003)
    expect((await login(alice.device)).last("ready")).toBeDefined()
  })

  it("asks for a new token a minute before the old one ends, and hangs up without it", async () => {
    let lifeMs = 300_000
    const { login, clock } = bench({
      auth: {
        authorize: () => Promise.resolve({ allow: true, expiresAt: new Date(clock.nowMs() + lifeMs) }),
      },
    })
    const line = await login()
    const idle = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 30_000) {
        await line.send({ type: "ping", request: 0, nonce: new Uint8Array(8) })
        await clock.advance(Math.min(left, 30_000))
      }
    }
    await idle(239_000)
    expect(line.last("token")).toBeUndefined()
    await idle(2_000)
    expect(line.all("token")).toEqual([{ type: "token", request: 0, token: text("") }])
    lifeMs = 90_000
    await line.send({ type: "token", request: 3, token: text("new") })
    expect(line.answer(3)).toMatchObject({ type: "ok" })
    await idle(89_000)
    expect(line.closedWith).toBeUndefined()
    expect(line.all("token")).toHaveLength(2)
    await idle(2_000)
    expect(line.closedWith).toBe(4013)
  })

  it("on a new token may end the connection, and takes one at a time", async () => {
    let allow = true
    const answers: (() => void)[] = []
    const { login, clock } = bench({
      auth: {
        authorize: () =>
          new Promise((resolve) => {
            const decision: RelayDecision = allow ? { allow: true } : { allow: false, reason: "rejected" }
            answers.push(() => {
              resolve(decision)
            })
          }),
      },
    })
    const line = await login()
    answers.pop()?.()
    await clock.advance(0)
    allow = false
    await line.send({ type: "token", request: 3, token: text("a") })
    await line.send({ type: "token", request: 4, token: text("b") })
    expect(line.answer(4)).toMatchObject({ type: "nack", code: CODE.limited })
    answers.pop()?.()
    await clock.advance(0)
    expect(line.closedWith).toBe(4003)
  })

  it("is not needed for a token where no app decides", async () => {
    const { login } = bench()
    const line = await login()
    await line.send({ type: "token", request: 3, token: text("whatever") })
    expect(line.answer(3)).toMatchObject({ type: "ok" })
  })
})
