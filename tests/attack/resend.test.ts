/** What could not be opened comes again: on the word of its recipient, as the same message, a few times, and never on a relay's. */
import { SecureChatError } from "@securechat/core"
import { type FrameOf, decodeEnvelope } from "@securechat/core/wire"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { flipped, freshId, isDelivery } from "../support/tamper.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

type Deliver = FrameOf<"deliver">

let world: World
let alice: Person
let bob: Person
beforeEach(async () => {
  world = await createWorld()
  ;[alice, bob] = await world.pair()
  for (const one of [alice, bob]) await one.until(() => one.chat.getSnapshot().outbox === 0)
})
afterEach(() => world.close())

const FIVE_SECONDS = 5_000
const MINUTE = 60_000
/** Time passes as it does for people: heartbeats are answered on the way. */
const pass = async (ms: number): Promise<void> => {
  for (let left = ms; left > 0; left -= 5_000) {
    await world.clock.advance(Math.min(5_000, left))
    const from = world.evil.seen.length
    for (const who of ["alice", "bob"]) {
      world.evil.pass(who, { type: "ping", request: 0, nonce: new Uint8Array(8) })
      await world.evil.until(({ who: whose, frame }) => whose === who && frame.type === "pong", from)
    }
  }
}
/** Breaks the next deliveries to Bob that are as long as a message, each in its token. */
const breakNext = (count: number): void => {
  let left = count
  const end = world.evil.rule((crossing) => {
    if (!isDelivery("bob")(crossing)) return undefined
    const frame = crossing.frame as Deliver
    left -= 1
    if (left === 0) end()
    return [{ ...frame, body: flipped(frame.body, frame.body.length - 40) }]
  })
}
const submits = (): number => world.evil.frames("alice", "submit").length
const itemsOf = async (one: Person, other: Person): Promise<unknown[]> =>
  (await (await one.with(other)).page()).items.map((item) => ("text" in item ? item.text : "unreadable"))

describe("a message that did not open", () => {
  it("stands as a placeholder with its cause, is asked for, and takes its place", async () => {
    breakNext(1)
    const toBob = await alice.with(bob)
    const sent = await toBob.send("broken on its way")
    await bob.until(() => bob.unreadable.length > 0)
    const [placeholder] = bob.unreadable
    expect(placeholder).toMatchObject({
      ...{ from: alice.chat.accountId, resendRequested: true, problem: { code: "ERR_AUTHENTICATION" } },
    })
    expect(await itemsOf(bob, alice)).toEqual(["first of alice", "first of bob", "unreadable"])
    await pass(FIVE_SECONDS)
    const message = await bob.hears("broken on its way")
    expect(message).toMatchObject({ id: sent.id, replaces: placeholder!.id })
    await toBob.waitFor(sent.id, "delivered")
    expect(await itemsOf(bob, alice)).toEqual(["first of alice", "first of bob", "broken on its way"])
    expect(bob.texts.filter((text) => text === "broken on its way")).toHaveLength(1)
    expect([bob.errors, alice.errors, bob.gaps]).toEqual([[], [], []])
    // The same message in every respect the chain of its author binds: the next one follows it.
    await alice.says(bob, "next")
    expect(bob.errors).toEqual([])
    expect([...(await bob.stored("wanted"))]).toEqual([])
  })

  it("comes under new keys where the recipient has lost its own", async () => {
    await bob.chat.close()
    const links = [...(await bob.stored("link")).keys()]
    await bob.store.batch(links.map((path) => ({ type: "delete", key: path.split("/") })))
    const sent = await (await alice.with(bob)).send("under lost keys")
    await bob.restart()
    await bob.until(() => bob.unreadable.length > 0)
    expect(bob.unreadable[0]).toMatchObject({ resendRequested: true, problem: { code: "ERR_NO_SESSION" } })
    await pass(FIVE_SECONDS)
    await bob.hears("under lost keys")
    await (await alice.with(bob)).waitFor(sent.id, "delivered")
    await bob.says(alice, "and back")
    await alice.says(bob, "and forth")
    expect(bob.unreadable).toHaveLength(1)
  })

  it("[B19] is encrypted again three times at most, and one placeholder stands for it", async () => {
    breakNext(Infinity)
    const before = submits()
    await (await alice.with(bob)).send("never opens")
    await bob.until(() => bob.unreadable.length > 0)
    for (let minute = 0; minute < 6; minute++) await pass(MINUTE)
    const bodies = world.evil.frames("alice", "submit").slice(before)
    const commitments = bodies.map(({ body }) =>
      Buffer.from(decodeEnvelope(body).commitment!).toString("hex"),
    )
    expect(commitments.filter((one) => one === commitments[0])).toHaveLength(4)
    expect(bob.unreadable.filter(({ resendRequested }) => resendRequested)).toHaveLength(1)
  })
})

describe("[B19] a relay that says `cannot open, send again`", () => {
  it("is not believed, a thousand times: neither its own words nor a request it has heard", async () => {
    breakNext(1)
    await (await alice.with(bob)).send("asked for once")
    await bob.until(() => bob.unreadable.length > 0)
    await pass(FIVE_SECONDS)
    await bob.hears("asked for once")
    await alice.until(() => alice.chat.getSnapshot().outbox === 0)
    const heard = world.evil.frames("alice", "deliver")
    const before = [submits(), await alice.stored("link")] as const
    await world.evil.feed(
      "alice",
      Array.from({ length: 1_000 }, (_, n) => {
        const frame = heard[n % heard.length]!
        const body = n % 2 === 0 ? frame.body : flipped(frame.body, n % frame.body.length, n % 8)
        return { ...frame, envelopeId: freshId(), body }
      }),
    )
    expect([submits(), await alice.stored("link")]).toEqual(before)
  })

  it("gets nothing encrypted again while the conversation is red", async () => {
    breakNext(1)
    const toBob = await alice.with(bob)
    await toBob.send("waits for a person")
    await bob.until(() => bob.unreadable.length > 0)
    const [peer] = toBob.members
    await peer!.reject(await peer!.safetyNumber())
    expect(toBob.security.level).toBe("red")
    const before = submits()
    await pass(3 * MINUTE)
    expect(submits()).toBe(before)
    expect(await toBob.send("no").catch((error: unknown) => SecureChatError.is(error))).toBe(true)
  })
})

describe("[B20] forgeries in a peer's name", () => {
  it("are asked for once, within bounds, and nothing is reset: no handshake, no prekey, no second placeholder", async () => {
    const from = world.evil.seen.length
    // What is held is this one; Alice's answers come through.
    let first = true
    const held = world.evil.hold((crossing) => {
      const holds = first && isDelivery("bob")(crossing)
      if (holds) first = false
      return holds
    })
    await (await alice.with(bob)).send("genuine")
    const { frame } = await world.evil.until(isDelivery("bob"), from)
    const { body } = frame as Deliver
    const keys = await bob.stored("prekey")
    // In its token and in what is committed to.
    const forged = Array.from({ length: 300 }, (_, n) => ({
      ...(frame as Deliver),
      envelopeId: freshId(),
      body: flipped(body, body.length - 1 - n, n % 8),
    }))
    await world.evil.feed("bob", forged)
    expect(bob.unreadable).toHaveLength(1)
    expect((await bob.stored("wanted")).size).toBeLessThanOrEqual(16)
    const before = world.evil.frames("bob", "submit").length
    for (let minute = 0; minute < 10; minute++) await pass(MINUTE)
    expect(world.evil.frames("bob", "submit").length - before).toBeLessThanOrEqual(6)
    expect(world.evil.frames("bob", "claim")).toEqual([])
    expect(await bob.stored("prekey")).toEqual(keys)
    held.release()
    await bob.hears("genuine")
  })
})

describe("a session that only receives at one end", () => {
  const sessionOf = (name: string): string =>
    Buffer.from(decodeEnvelope(world.evil.frames(name, "submit").at(-1)!.body).sessionId).toString("hex")

  it("is left by the other, where both hold another one as well", async () => {
    const [cyd, dan] = await Promise.all([world.person("cyd"), world.person("dan")])
    const [toDan, toCyd] = await Promise.all([cyd.with(dan), dan.with(cyd)])
    const both = world.evil.hold(
      ({ who, way, frame }) => ["cyd", "dan"].includes(who) && way === "down" && frame.type === "deliver",
    )
    await Promise.all([toDan.send("at once"), toCyd.send("at once as well")])
    await world.evil.until(() => both.crossings.length >= 2)
    both.release()
    await Promise.all([dan.hears("at once"), cyd.hears("at once as well")])
    await cyd.says(dan, "second")
    await dan.says(cyd, "second as well")
    await cyd.says(dan, "on one")
    await dan.says(cyd, "on the same one")
    expect(sessionOf("cyd")).toBe(sessionOf("dan"))

    // The one that sends receives only from here on; the other one sends in its place, and Dan hears of it by nothing else.
    await toDan.members[0]!.reset()
    await cyd.says(dan, "on the other")
    await dan.says(cyd, "still on the first")
    expect(sessionOf("cyd")).not.toBe(sessionOf("dan"))
    const from = world.evil.seen.length
    await world.clock.advance(FIVE_SECONDS)
    const asked = await world.evil.until(
      ({ who, way, frame }) => who === "cyd" && way === "up" && frame.type === "submit",
      from,
    )
    const { envelopeId } = asked.frame as FrameOf<"submit">
    const told = await world.evil.until(
      ({ who, frame }) =>
        who === "dan" && frame.type === "deliver" && Buffer.compare(frame.envelopeId, envelopeId) === 0,
      from,
    )
    await world.evil.until(
      ({ who, way, frame }) => who === "dan" && way === "up" && frame.type === "ack",
      world.evil.seen.indexOf(told),
    )
    await dan.says(cyd, "on the other too")
    await cyd.says(dan, "and so it stays")
    expect(sessionOf("cyd")).toBe(sessionOf("dan"))
  })
})
