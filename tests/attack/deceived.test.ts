/** A relay had somebody accept another for a friend; the friend is still there. */
import type { FrameOf } from "@securechat/core/wire"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { mallory } from "../support/mallory.ts"
import { isDelivery } from "../support/tamper.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

describe("a conversation that went over to an impostor", () => {
  /** Alice has taken Mallory for Bob; he has not gone away. */
  const deceived = async (): Promise<readonly [alice: Person, bob: Person, end: () => void]> => {
    const [alice, bob] = await world.pair()
    const toBob = await alice.with(bob)
    const impostor = mallory(world.evil, world.clock.nowMs)
    const end = impostor.posesAs("bob", "alice")
    await world.evil.cut("alice")
    await alice.until(() => toBob.security.level === "red")
    await toBob.members[0]!.accept(impostor.accountId)
    return [alice, bob, end]
  }

  it("[A2] keeps back what the right one writes until he is accepted, and then names what is missing of it", async () => {
    const [alice, bob, end] = await deceived()
    const [conversation] = await alice.chat.conversations()
    end()
    await world.evil.cut("alice")
    await alice.until(() => conversation!.security.subject === bob.chat.accountId)
    const toAlice = await bob.with(alice)
    const withheld = world.evil.hold(isDelivery("alice"))
    for (const text of ["one", "lost", "three"]) await toAlice.waitFor((await toAlice.send(text)).id, "sent")
    await world.evil.until(() => withheld.crossings.length >= 3)
    const frames = withheld.crossings.map(({ frame }) => frame as FrameOf<"deliver">)
    withheld.release(() => [])
    await world.evil.feed("alice", [frames[0]!, frames[2]!])
    expect([alice.texts, alice.gaps]).toEqual([["first of bob"], []])
    await conversation!.members[0]!.accept(bob.chat.accountId)
    await alice.hears("three")
    expect(alice.texts).toEqual(["first of bob", "one", "three"])
    await alice.until(() => alice.gaps.length > 0)
    expect(alice.gaps).toMatchObject([{ accountId: bob.chat.accountId, first: 3, last: 3 }])
  })

  it("[A2] leaves its conversation as it is when the right one writes: he has another, in which his numbers go on", async () => {
    const [alice, bob] = await deceived()
    const [before] = await alice.chat.conversations()
    const history = (await before!.page()).items.map(({ id }) => id)
    const answer = await bob.says(alice, "it was never me")
    const { conversationId } = await alice.hears("it was never me")
    expect(conversationId).not.toBe(before!.id)
    expect((await alice.chat.conversations()).map(({ id }) => id).sort()).toEqual(
      [before!.id, conversationId].sort(),
    )
    expect(before!.members[0]!.accountId).not.toBe(bob.chat.accountId)
    expect((await before!.page()).items.map(({ id }) => id)).toEqual(history)
    const back = await alice.chat.conversation(conversationId)
    const sent = await back.send("so I see")
    await bob.hears("so I see")
    await back.waitFor(sent.id, "delivered")
    await (await bob.with(alice)).waitFor(answer.id, "delivered")
    expect([bob.gaps, bob.replays, alice.gaps]).toEqual([[], [], []])
  })

  it("[A2] lets go what the right one wrote when the name goes back to the impostor: it is shown in a conversation of his own", async () => {
    const [alice, bob, end] = await deceived()
    const [conversation] = await alice.chat.conversations()
    end()
    await world.evil.cut("alice")
    await alice.until(() => conversation!.security.subject === bob.chat.accountId)
    const from = world.evil.seen.length
    const toAlice = await bob.with(alice)
    const sent = await toAlice.send("it is me")
    await world.evil.until(
      ({ who, way, frame }) => who === "alice" && way === "up" && frame.type === "ack",
      from,
    )
    expect(alice.texts).toEqual(["first of bob"])
    mallory(world.evil, world.clock.nowMs).posesAs("bob", "alice")
    await world.evil.cut("alice")
    const shown = await alice.hears("it is me")
    expect(shown.conversationId).not.toBe(conversation!.id)
    expect(alice.texts).toEqual(["first of bob", "it is me"])
    const kept = (await conversation!.page()).items.filter(
      (item) => "text" in item && item.text === "it is me",
    )
    expect(kept).toEqual([])
    const own = await alice.chat.conversation(shown.conversationId)
    await own.send("I see")
    await bob.hears("I see")
    await toAlice.waitFor(sent.id, "delivered")
  })
})
