/** Rows B of the catalogue over the wire: real clients, a real relay, and a hostile one in between. */
import { SecureChatError } from "@securechat/core"
import { type Bytes, type FrameOf, parseAccountId, parseDeviceId } from "@securechat/core/wire"
import { turn as nextTurn, unsafeSeeded } from "@securechat/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { flipped, freshId, isDelivery } from "../support/tamper.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

type Deliver = FrameOf<"deliver">

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

/** A delivery from `sender` that the relay makes up. */
const madeUp = (sender: Person, body: Uint8Array): Deliver => ({
  type: "deliver",
  request: 0,
  cursor: new Uint8Array(8),
  envelopeId: freshId(),
  fromAccountId: parseAccountId(sender.chat.accountId),
  fromDeviceId: parseDeviceId(sender.chat.deviceId),
  acceptedAtMs: 0,
  body: body as Bytes,
})
/** Sent, and still in the relay's hands. */
const underway = async (
  from: Person,
  to: Person,
  text: string,
): Promise<{ frame: Deliver; release: () => void }> => {
  const before = world.evil.seen.length
  const held = world.evil.hold(isDelivery(to.name))
  await (await from.with(to)).send(text)
  const { frame } = await world.evil.until(isDelivery(to.name), before)
  return {
    frame: frame as Deliver,
    release: () => {
      held.release()
    },
  }
}
/** Nothing is on its way any more: every receipt has been taken. */
const quiet = async (...people: readonly Person[]): Promise<void> => {
  for (const one of people)
    for (const other of people)
      if (one !== other) await read(one, other, await one.says(other, `quiet ${freshId().join("")}`))
}
const read = async (from: Person, to: Person, { id }: { readonly id: string }): Promise<void> => {
  await (await to.with(from)).markRead()
  await (await from.with(to)).waitFor(id, "read")
}

describe("a message on its way", () => {
  it("[B1] with one bit of any byte turned is refused, changes nothing and marks one place; the genuine one opens", async () => {
    const [alice, bob] = await world.pair()
    await quiet(alice, bob)
    const { frame, release } = await underway(alice, bob, "genuine")
    const before = await bob.stored("link")
    const broken = [...frame.body.keys()].map((at) => ({
      ...frame,
      envelopeId: freshId(),
      body: flipped(frame.body, at, at % 8),
    }))
    await world.evil.feed("bob", broken)
    expect(await bob.stored("link")).toEqual(before)
    expect(bob.unreadable).toHaveLength(1)
    release()
    await bob.hears("genuine")
    expect((await bob.with(alice)).security.level).toBe("yellow")
  })

  it("[B4] opens for its recipient, from its sender, as its kind only", async () => {
    const [alice, bob] = await world.pair()
    const carol = await world.person("carol")
    const people = [alice, bob, carol]
    for (const other of [alice, bob]) {
      await carol.says(other, `first of carol to ${other.name}`)
      await other.says(carol, `first to carol from ${other.name}`)
    }
    await quiet(...people)
    const pairs = people.flatMap((from) => people.filter((to) => to !== from).map((to) => ({ from, to })))
    const held = world.evil.hold(({ way, frame }) => way === "down" && frame.type === "deliver")
    for (const { from, to } of pairs) await (await from.with(to)).send(`${from.name} to ${to.name}`)
    await world.evil.until(() => held.crossings.length >= pairs.length)
    const states = await Promise.all(people.map((one) => one.stored("link")))
    const bodies = held.crossings.map(({ who, frame }) => ({ to: who, frame: frame as Deliver }))
    for (const recipient of people) {
      const swapped = bodies.flatMap(({ to, frame }) =>
        people
          .map((sender) => madeUp(sender, frame.body))
          .filter(
            (made) => to !== recipient.name || !Buffer.from(made.fromDeviceId).equals(frame.fromDeviceId),
          ),
      )
      expect(swapped).toHaveLength(16)
      await world.evil.feed(recipient.name, swapped)
      // And as a signal, which a message is not.
      for (const { frame } of bodies)
        world.evil.say(recipient.name, { ...frame, type: "signalled", request: 0 })
    }
    expect(await Promise.all(people.map((one) => one.stored("link")))).toEqual(states)
    held.release()
    for (const { from, to } of pairs) {
      const { sender } = await to.hears(`${from.name} to ${to.name}`)
      expect(sender.accountId).toBe(from.chat.accountId)
    }
  })

  it("[B5] is shown once, however often all recorded traffic comes again, and after a restart too", async () => {
    const [alice, bob] = await world.pair()
    for (let turn = 0; turn < 10; turn++) {
      await alice.says(bob, `alice ${turn}`)
      await bob.says(alice, `bob ${turn}`)
    }
    await quiet(alice, bob)
    const shown = bob.texts.length
    const level = (await bob.with(alice)).security
    const recorded = world.evil.frames("bob", "deliver")
    const again = recorded.flatMap((frame) => [frame, { ...frame, envelopeId: freshId() }])
    const before = await bob.stored("link")
    await world.evil.feed("bob", again)
    expect(await bob.stored("link")).toEqual(before)
    await bob.restart()
    await world.evil.feed("bob", [...again].reverse())
    expect(await bob.stored("link")).toEqual(before)
    await alice.says(bob, "new")
    expect(bob.texts.length).toBe(shown + 1)
    expect((await bob.with(alice)).security.level).toBe(level.level)
    expect(bob.unreadable).toEqual([])
  })

  it("[B6] of two senders, delivered at random, is shown once each", async () => {
    const [alice, bob] = await world.pair()
    const carol = await world.person("carol")
    await carol.says(bob, "first of carol")
    await bob.says(carol, "first to carol")
    const held = world.evil.hold(isDelivery("bob"))
    const texts = Array.from({ length: 20 }, (_, n) => [`alice ${n}`, `carol ${n}`]).flat()
    for (const text of texts) await (await (text.startsWith("alice") ? alice : carol).with(bob)).send(text)
    const start = world.evil.seen.indexOf(held.crossings[0]!)
    const { below } = unsafeSeeded(6)
    await world.evil.until(() => held.crossings.length >= texts.length, Math.max(0, start))
    held.release((all) =>
      all
        .map((one) => ({ one, at: below(1_000_000) }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one),
    )
    await bob.until(() => texts.every((text) => bob.texts.includes(text)))
    expect(texts.filter((text) => bob.texts.filter((shown) => shown === text).length !== 1)).toEqual([])
  })

  it("[B9] is its session's, whoever the relay says sent it", async () => {
    const [alice, bob] = await world.pair()
    const carol = await world.person("carol")
    await carol.says(bob, "first of carol")
    await bob.says(carol, "first to carol")
    await quiet(alice, bob, carol)
    const { frame, release } = await underway(alice, bob, "from Alice")
    const before = await bob.stored("link")
    await world.evil.feed("bob", [
      madeUp(carol, frame.body),
      { ...madeUp(alice, frame.body), fromDeviceId: parseDeviceId(carol.chat.deviceId) },
      { ...madeUp(carol, frame.body), fromDeviceId: frame.fromDeviceId },
      { ...madeUp(alice, frame.body), fromAccountId: new Uint8Array(20) },
    ])
    expect(await bob.stored("link")).toEqual(before)
    release()
    expect((await bob.hears("from Alice")).sender).toMatchObject({
      accountId: alice.chat.accountId,
      handle: "alice",
    })
    expect(
      bob.messages.filter(({ sender }) => sender.handle === "carol").map(({ text }) => text),
    ).not.toContain("from Alice")
  })
})

describe("a stranger", () => {
  it("[B18] is sent nothing, however much it writes, until it is answered", async () => {
    const [eve, alice] = await Promise.all([world.person("eve"), world.person("ann")])
    const toAlice = await eve.with(alice)
    for (let i = 0; i < 50; i++) await toAlice.send(`are you there ${i}`)
    await alice.hears("are you there 49")
    await world.clock.advance(60_000)
    for (let turns = 0; turns < 200; turns++) await nextTurn()
    const sent = (): number =>
      world.evil.frames("ann", "submit").length + world.evil.frames("ann", "signal").length
    expect(sent()).toBe(0)
    expect(eve.receipts).toEqual([])
    const answer = await alice.says(eve, "who is this")
    await (await alice.with(eve)).waitFor(answer.id, "delivered")
    await eve.until(() => eve.chat.getSnapshot().outbox === 0)
  })
})

describe("a relay that makes things up", () => {
  it("[B10] marks nothing delivered or read, and shows nobody typing", async () => {
    const [alice, bob] = await world.pair()
    await quiet(alice, bob)
    const toBob = await alice.with(bob)
    // It says that it has taken the message, and keeps it.
    world.evil.answer("alice", "submit", ({ request, envelopeId }) => ({
      ...{ type: "accepted", request, envelopeId, repeated: false },
    }))
    const sent = await toBob.send("never arrives")
    await toBob.waitFor(sent.id, "sent")
    const receipts = alice.receipts.length
    const old = world.evil.frames("alice", "deliver")
    const signals = [world.evil.frames("bob", "submit")[0]!.body, new Uint8Array(200), randomOf(120)]
    for (const body of signals)
      world.evil.say("alice", { ...madeUp(bob, body), type: "signalled", request: 0 })
    await world.evil.feed("alice", [
      ...old.map((frame) => ({ ...frame, envelopeId: freshId() })),
      ...signals.map((body) => madeUp(bob, body)),
    ])
    expect(alice.receipts.length).toBe(receipts)
    expect(alice.typing).toEqual([])
    expect(alice.updates.filter(({ id }) => id === sent.id).at(-1)?.status).toBe("sent")
  })

  it("[B13] breaks a thousand messages of a live session, and the genuine one opens", async () => {
    const [alice, bob] = await world.pair()
    await quiet(alice, bob)
    const { frame, release } = await underway(alice, bob, "genuine")
    const before = await bob.stored("link")
    const at = (n: number): number => frame.body.length - 1 - (n % 300)
    await world.evil.feed(
      "bob",
      Array.from({ length: 1_000 }, (_, n) => madeUp(alice, flipped(frame.body, at(n), n % 8))),
    )
    expect(await bob.stored("link")).toEqual(before)
    release()
    await bob.hears("genuine")
  })

  it("[B20] forges in a peer's name: no reset, no new handshake, no prekey spent, one place marked", async () => {
    const [alice, bob] = await world.pair()
    await quiet(alice, bob)
    const first = world.evil.frames("bob", "deliver")[0]!
    const live = world.evil.frames("bob", "deliver").at(-1)!
    const [links, keys] = [await bob.stored("link"), await bob.stored("prekey")]
    const claims = world.evil.frames("bob", "claim").length
    // Rubbish under the live session, and broken first messages that name genuine prekeys.
    const forged = Array.from({ length: 300 }, (_, n) => [
      madeUp(alice, flipped(live.body, 30 + (n % 200), n % 8)),
      madeUp(alice, flipped(first.body, 64 + ((7 * n) % 2_000), n % 8)),
      // Under a session that does not exist yet: byte 4 is in its id.
      madeUp(alice, flipped(flipped(first.body, 4, n % 8), 64 + ((7 * n) % 2_000), n % 8)),
    ]).flat()
    await world.evil.feed("bob", forged)
    expect([await bob.stored("link"), await bob.stored("prekey")]).toEqual([links, keys])
    expect(world.evil.frames("bob", "claim")).toHaveLength(claims)
    expect(bob.unreadable).toHaveLength(1)
    expect((await bob.with(alice)).security.level).toBe("yellow")
    await alice.says(bob, "genuine")
  })
})

const randomOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, n) => (n * 167 + 13) & 0xff)

describe("what the directory answers", () => {
  it("[B1] with one bit turned anywhere gives no conversation, and whole it does", async () => {
    const [alice] = await Promise.all([world.person("alice"), world.person("bob")])
    // The answers are taken once and given again: a changed one costs the relay no key.
    const answers = new Map<string, Uint8Array>()
    let change = (_type: string, body: Uint8Array): Uint8Array => body
    for (const type of ["handleGet", "devices", "claim"] as const) {
      const keyOf = (asked: object): string =>
        `${type} ${JSON.stringify("knownVersion" in asked ? asked.knownVersion : 0)}`
      world.evil.amend("alice", type, (answer, asked) => {
        if (answer.type === "ok") answers.set(keyOf(asked), answer.body)
        // Recorded, and not given out: nothing has begun.
        return { type: "nack", request: answer.request, code: 10, retryAfterMs: 0 }
      })
      world.evil.answer("alice", type, (asked) => {
        const body = answers.get(keyOf(asked))
        return body === undefined
          ? undefined
          : { type: "ok", request: asked.request, body: change(keyOf(asked), body) as Bytes }
      })
    }
    while (answers.size < 4) await expect(alice.with("bob")).rejects.toThrow()
    let cases = 0
    for (const [key, body] of [...answers])
      for (let at = 0; at < body.length; at += body.length > 500 ? 13 : 3) {
        change = (asked, whole) => (asked === key ? flipped(whole, at, at % 8) : whole)
        const answer = await alice.with("bob").catch((error: unknown) => error)
        expect({ key, at, code: SecureChatError.is(answer) ? answer.code : "accepted" }).toMatchObject({
          code: expect.stringMatching(/^ERR_(?!INTERNAL)/),
        })
        cases += 1
      }
    expect(cases).toBeGreaterThan(250)
    expect(alice.chat.getSnapshot().conversations).toEqual([])
    change = (_type, body) => body
    expect((await alice.with("bob")).security.level).toBe("yellow")
  })
})
