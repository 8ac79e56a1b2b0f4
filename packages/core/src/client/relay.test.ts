import { manualClock } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { toHex, utf8 } from "../bytes/text.ts"
import { type Bytes, platformDeps } from "../deps.ts"
import { createIdentity } from "../identity/keys.ts"
import { MAX_OPEN_REQUESTS, REQUEST_TIMEOUT_MS } from "../limits.ts"
import { Link } from "../runtime/link.ts"
import { memoryPipe } from "../transport/memory.ts"
import { type TransportConnection, silentLogger } from "../transport/transport.ts"
import { frameCodec } from "../wire/frame.ts"
import type { Frame, FrameBodies, FrameName, FrameOf } from "../wire/frame-types.ts"
import { RELAY_CODE } from "../wire/tags.ts"
import { Relay, type Unasked } from "./relay.ts"

const EMPTY: Bytes = new Uint8Array()
const LIMITS = {
  ...{ frameBytes: 1_000_000, bodyBytes: 900_000, signalBytes: 1_000, openRequests: 32 },
  ...{ windowDeliveries: 100, windowBytes: 1_000_000, messageTtlMs: 1_000_000, idleMs: 60_000 },
}
const READY = { limits: LIMITS, backlog: 0, oneTimeLeft: 1, kemLeft: 1, resumed: true }
const challenge = (version = 1): FrameBodies["challenge"] => ({
  ...{ version, origin: "http://localhost:5000", timeMs: 1 },
  ...{ connection: new Uint8Array(16), nonce: new Uint8Array(32) },
})

/** A relay's side, spoken by the test frame by frame over the in-process pipe. */
interface Far {
  readonly link: Link
  /** The next frame of this type that the client sends. */
  hears<K extends FrameName>(type: K): Promise<FrameOf<K>>
  says<K extends FrameName>(request: number, body: { readonly type: K } & FrameBodies[K]): Promise<void>
  raw(bytes: Uint8Array): Promise<void>
}

interface Setup {
  readonly relay: Relay
  readonly unasked: Unasked[]
  readonly asked: ("connect" | "expired")[]
  readonly clock: ReturnType<typeof manualClock>
  dial(): Promise<Far>
}

const setUp = (token: () => Promise<string | undefined> = () => Promise.resolve("t")): Setup => {
  const clock = manualClock()
  const own = createIdentity()
  const unasked: Unasked[] = []
  const asked: ("connect" | "expired")[] = []
  const hooks = {
    identity: () => own,
    cursor: () => EMPTY,
    token: (reason: "connect" | "expired") => {
      asked.push(reason)
      return token()
    },
    onUnasked: (frame: Unasked) => unasked.push(frame),
  }
  const relay = new Relay(hooks, platformDeps, clock.timers)
  return { relay, unasked, asked, clock, dial: () => dial(relay, clock.timers) }
}

const dial = async (relay: Relay, timers: ReturnType<typeof manualClock>["timers"]): Promise<Far> => {
  const [near, far] = memoryPipe()
  const frames: Frame[] = []
  let wake = (): void => undefined
  const link = new Link({
    ...{ transport: near, handlers: relay.handlers, timers, log: silentLogger },
    token: () => Promise.resolve(undefined),
  })
  await link.connect()
  const connection: TransportConnection = await far.connect({
    ...{ signal: new AbortController().signal, log: silentLogger, token: () => Promise.resolve(undefined) },
    onFrame: (bytes) => {
      frames.push(frameCodec.decode(bytes))
      wake()
    },
    onClose: () => undefined,
  })
  return {
    link,
    hears: async (type) => {
      for (;;) {
        const at = frames.findIndex((frame) => frame.type === type)
        if (at >= 0) return frames.splice(at, 1)[0] as FrameOf<typeof type>
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    says: (request, body) => connection.send(frameCodec.encode({ request, ...body } as unknown as Frame)),
    raw: (bytes) => connection.send(bytes),
  }
}

const signedIn = async (setup: Setup): Promise<Far> => {
  const far = await setup.dial()
  const login = setup.relay.login(far.link)
  const hello = await far.hears("hello")
  await far.says(hello.request, { type: "challenge", ...challenge() })
  const proof = await far.hears("proof")
  await far.says(proof.request, { type: "ready", ...READY })
  await login
  return far
}

const ask = (relay: Relay): Promise<Frame> => relay.request("ok", { type: "handleGet", handle: "bob" })

describe("a request to the relay", () => {
  it("is refused where there is no connection, and after it has ended", async () => {
    const setup = setUp()
    await expect(ask(setup.relay)).rejects.toMatchObject({ code: "ERR_TRANSPORT_CLOSED" })
    setup.relay.post({ type: "ping", nonce: new Uint8Array(8) })
    const far = await signedIn(setup)
    expect(setup.relay.usable).toBe(true)
    setup.relay.handlers.onEnd(far.link)
    expect(setup.relay.usable).toBe(false)
    await expect(ask(setup.relay)).rejects.toMatchObject({ code: "ERR_TRANSPORT_CLOSED" })
  })

  it("belongs to the link of now: the end of an older one changes nothing", async () => {
    const setup = setUp()
    const older = await signedIn(setup)
    const newer = await signedIn(setup)
    setup.relay.handlers.onEnd(older.link)
    expect(setup.relay.usable).toBe(true)
    expect(setup.relay.link).toBe(newer.link)
  })

  it("is one of a bounded number, and says when to come again", async () => {
    const setup = setUp()
    const far = await signedIn(setup)
    const open = Array.from({ length: MAX_OPEN_REQUESTS }, () => ask(setup.relay))
    await expect(ask(setup.relay)).rejects.toMatchObject({ code: "ERR_RATE_LIMITED", retryAfterMs: 1_000 })
    for (let i = 0; i < MAX_OPEN_REQUESTS; i++) {
      const { request } = await far.hears("handleGet")
      await far.says(request, { type: "ok", body: EMPTY })
    }
    expect(await Promise.all(open)).toHaveLength(MAX_OPEN_REQUESTS)
  })

  it("takes no answer of another type", async () => {
    const setup = setUp()
    const far = await signedIn(setup)
    const answer = ask(setup.relay)
    const { request } = await far.hears("handleGet")
    await far.says(request, { type: "accepted", envelopeId: new Uint8Array(16), repeated: false })
    await expect(answer).rejects.toMatchObject({ code: "ERR_TRANSPORT_PROTOCOL" })
  })

  it("ends with a typed error when no answer comes, and a late answer means nothing", async () => {
    const setup = setUp()
    const far = await signedIn(setup)
    const answer = ask(setup.relay)
    const { request } = await far.hears("handleGet")
    const late = expect(answer).rejects.toMatchObject({ code: "ERR_TIMEOUT" })
    await setup.clock.advance(REQUEST_TIMEOUT_MS)
    await late
    await far.says(request, { type: "ok", body: EMPTY })
    const second = ask(setup.relay)
    const next = await far.hears("handleGet")
    await far.says(next.request, { type: "ok", body: utf8("x") })
    expect(await second).toMatchObject({ type: "ok", body: utf8("x") })
  })

  it("ends with the link", async () => {
    const setup = setUp()
    const far = await signedIn(setup)
    const answer = ask(setup.relay)
    await far.hears("handleGet")
    far.link.fail(new Error("cut"))
    await expect(answer).rejects.toMatchObject({ code: "ERR_TRANSPORT_UNREACHABLE" })
  })
})

describe("signing in", () => {
  it("refuses a version nobody offered", async () => {
    const setup = setUp()
    const far = await setup.dial()
    const login = setup.relay.login(far.link)
    const { request } = await far.hears("hello")
    await far.says(request, { type: "challenge", ...challenge(2) })
    await expect(login).rejects.toMatchObject({ code: "ERR_VERSION_UNSUPPORTED" })
  })

  it("asks the app for a fresh token after the relay called the old one expired, once", async () => {
    const setup = setUp()
    const first = await signedIn(setup)
    await first.says(0, { type: "bye", code: RELAY_CODE.expired })
    expect(await first.link.ended).toMatchObject({ error: { code: "ERR_AUTH_EXPIRED" } })
    await signedIn(setup)
    await signedIn(setup)
    expect(setup.asked).toEqual(["connect", "expired", "connect"])
  })

  it("sends no token where the app has none", async () => {
    const setup = setUp(() => Promise.resolve(undefined))
    const far = await setup.dial()
    const login = setup.relay.login(far.link)
    await far.says((await far.hears("hello")).request, { type: "challenge", ...challenge() })
    const proof = await far.hears("proof")
    expect(proof.token).toHaveLength(0)
    await far.says(proof.request, { type: "ready", ...READY })
    await login
  })

  it("reads a bye before it as the refusal of the hello", async () => {
    const setup = setUp()
    const far = await setup.dial()
    const login = setup.relay.login(far.link)
    login.catch(() => undefined)
    await far.says(0, { type: "bye", code: RELAY_CODE.refused })
    expect(await far.link.ended).toMatchObject({ retry: "never", error: { code: "ERR_AUTH_REJECTED" } })
    await expect(login).rejects.toMatchObject({ code: "ERR_AUTH_REJECTED" })
  })
})

describe("what comes unasked", () => {
  it("waits for the sign-in, but for deliveries", async () => {
    const setup = setUp()
    const far = await setup.dial()
    const login = setup.relay.login(far.link)
    const hello = await far.hears("hello")
    await far.says(0, { type: "caughtUp" })
    await far.says(0, { type: "stock", oneTimeLeft: 1, kemLeft: 1, lastResortUses: 0 })
    await far.says(hello.request, { type: "challenge", ...challenge() })
    const proof = await far.hears("proof")
    expect(setup.unasked).toEqual([])
    await far.says(proof.request, { type: "ready", ...READY })
    await far.says(0, { type: "caughtUp" })
    await login
    await far.says(0, { type: "ping", nonce: new Uint8Array(8) })
    await far.hears("pong")
    expect(setup.unasked.map((frame) => frame.type)).toEqual(["caughtUp"])
  })

  it("is said by nobody on a link that has not signed in, whatever the last one left undone", async () => {
    const setup = setUp()
    const { relay } = setup
    await signedIn(setup)
    const far = await setup.dial()
    const login = relay.login(far.link)
    const hello = await far.hears("hello")
    relay.post({ type: "ack", cursor: utf8("early") })
    await expect(ask(relay)).rejects.toMatchObject({ code: "ERR_TRANSPORT_CLOSED" })
    await far.says(hello.request, { type: "challenge", ...challenge() })
    await far.says((await far.hears("proof")).request, { type: "ready", ...READY })
    await login
    relay.post({ type: "ack", cursor: utf8("late") })
    expect((await far.hears("ack")).cursor).toEqual(utf8("late"))
  })

  it("is answered where it is a ping, with the same nonce", async () => {
    const setup = setUp()
    const far = await signedIn(setup)
    const nonce = new Uint8Array(8).fill(9)
    await far.says(0, { type: "ping", nonce })
    expect(toHex((await far.hears("pong")).nonce)).toBe(toHex(nonce))
    setup.relay.handlers.ping(far.link)
    expect((await far.hears("ping")).nonce).toHaveLength(8)
  })

  it("is ignored where a newer relay speaks of something unknown, and fatal where it is garbage", async () => {
    const setup = setUp()
    const far = await signedIn(setup)
    await far.raw(Uint8Array.of(0x7f, 0, 0, 0, 0, 1, 2, 3))
    await far.says(0, { type: "ping", nonce: new Uint8Array(8) })
    await far.hears("pong")
    await far.raw(Uint8Array.of(0x08, 0, 0))
    expect(await far.link.ended).toMatchObject({ error: { code: "ERR_TRANSPORT_PROTOCOL" } })
  })

  it("spreads the return to a draining relay over the time it named", async () => {
    const setup = setUp()
    const far = await signedIn(setup)
    await far.says(0, { type: "drain", closesInMs: 10, reconnectWithinMs: 100_000 })
    await far.says(0, { type: "bye", code: RELAY_CODE.draining })
    const { error } = await far.link.ended
    expect(error).toMatchObject({ code: "ERR_TRANSPORT_CLOSED" })
    expect(error?.retryAfterMs).toBeGreaterThanOrEqual(5_000)
    expect(error?.retryAfterMs).toBeLessThan(100_000)
  })

  it("renews the token when the relay asks, and ends the link where the app has no answer", async () => {
    const setup = setUp()
    const far = await signedIn(setup)
    await far.says(0, { type: "token", token: EMPTY })
    const renewed = await far.hears("token")
    expect(renewed.token).toEqual(utf8("t"))
    await far.says(renewed.request, { type: "ok", body: EMPTY })
    expect(setup.asked).toEqual(["connect", "expired"])

    let answers = 0
    const mute = setUp(() =>
      answers++ === 0 ? Promise.resolve(undefined) : Promise.reject(new Error("signed out")),
    )
    const second = await signedIn(mute)
    await second.says(0, { type: "token", token: EMPTY })
    expect(await second.link.ended).toMatchObject({ retry: "backoff" })
  })
})
