/** What a relay keeps back, lets go late or brings again is told: to whom it was meant, with its sender and its numbers. */
import type { Message } from "@securechat/core"
import { RESEND_DELAY_MS } from "@securechat/core/limits"
import type { FrameOf } from "@securechat/core/wire"
import { unsafeSeeded } from "@securechat/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Crossing } from "../support/evil-relay.ts"
import { freshId, isDelivery } from "../support/tamper.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

let world: World
let alice: Person
let bob: Person
beforeEach(async () => {
  world = await createWorld()
  ;[alice, bob] = await world.pair()
  await quiet()
})
afterEach(() => world.close())

/** Everything said has been confirmed: what comes now is a message, and not a receipt. */
const quiet = async (): Promise<void> => {
  for (const one of [alice, bob]) await one.until(() => one.chat.getSnapshot().outbox === 0)
}
/** The next so many deliveries to Bob are lost; resolves when they are. */
const lose = (count: number): Promise<void> =>
  new Promise((resolve) => {
    let left = count
    const end = world.evil.drop((crossing) => {
      if (!isDelivery("bob")(crossing)) return false
      left -= 1
      if (left === 0) {
        end()
        resolve()
      }
      return true
    })
  })
const send = async (...texts: readonly string[]): Promise<Message[]> => {
  const toBob = await alice.with(bob)
  const sent: Message[] = []
  for (const text of texts) {
    sent.push(await toBob.send(text))
    await toBob.waitFor(sent.at(-1)!.id, "sent")
  }
  return sent
}
const statusOf = (message: Message): string | undefined =>
  alice.updates.filter(({ id }) => id === message.id).at(-1)?.status
/** Number of Alice's last message: those of `pair` came before. */
const FIRST = 2
const gapOf = (first: number, last: number): object => ({
  ...{ accountId: alice.chat.accountId, deviceId: alice.chat.deviceId, first, last },
})

describe("a receipt", () => {
  it("[B7] takes out of the outbox what it names, and nothing that is held back behind it", async () => {
    const receipts = world.evil.hold(isDelivery("alice"))
    const first = await alice.says(bob, "first")
    const kept = world.evil.hold(isDelivery("bob"))
    const [second] = await send("second")
    receipts.release()
    const toBob = await alice.with(bob)
    await toBob.waitFor(first.id, "delivered")
    expect(alice.chat.getSnapshot().outbox).toBe(1)
    expect(statusOf(second!)).toBe("sent")
    kept.release()
    await toBob.waitFor(second!.id, "delivered")
  })
})

describe("a message that does not come", () => {
  it("[B7] is named with the next one; its sender does not see it delivered", async () => {
    void lose(1)
    const [lost] = await send("lost", "next")
    await bob.hears("next")
    expect(bob.gaps).toMatchObject([gapOf(FIRST, FIRST)])
    const next = await alice.says(bob, "one more")
    expect(bob.gaps).toHaveLength(1)
    expect(statusOf(lost!)).toBe("sent")
    expect(statusOf(next)).not.toBe("delivered")
    expect(bob.texts).not.toContain("lost")
  })

  it("[B7] is named as the last one too, within a minute", async () => {
    const lost = lose(3)
    const tail = await send("one", "two", "three")
    await lost
    expect(bob.gaps).toEqual([])
    await world.clock.advance(20_000)
    await bob.until(() => bob.gaps.length > 0)
    expect(bob.gaps).toMatchObject([gapOf(FIRST, FIRST + 2)])
    expect(tail.map(statusOf)).toEqual(["sent", "sent", "sent"])
  })

  it("[B7] is named after a sign of its recipient, when what named it first was kept back too", async () => {
    const lost = lose(2)
    await send("withheld")
    await world.clock.advance(20_000)
    await lost
    await bob.says(alice, "are you there?")
    await world.clock.advance(20_000)
    await bob.until(() => bob.gaps.length > 0)
    expect(bob.gaps).toMatchObject([gapOf(FIRST, FIRST)])
  })

  it("[B7] comes again under another name where the relay knows it and never handed it out", async () => {
    void lose(1)
    const [lost] = await send("lost", "next")
    await bob.hears("next")
    // His receipt tells that he lacks it. First it goes under its own name, which the relay knows.
    const repeated = await world.evil.until(
      ({ who, frame }) => who === "alice" && frame.type === "accepted" && frame.repeated,
    )
    expect(repeated.asked).toMatchObject({ type: "submit" })
    // Nothing but the clock moves: timers that fire would break connections whose answers are still on their way.
    world.clock.jump(world.clock.nowMs() + RESEND_DELAY_MS)
    await alice.says(bob, "do you hear me?")
    await bob.hears("lost")
    expect(bob.messages.filter(({ text }) => text === "lost")).toHaveLength(1)
    expect(bob.replays).toEqual([])
    await (await alice.with(bob)).waitFor(lost!.id, "delivered")
  })

  it("[B7] is told again to whom comes back before it has come", async () => {
    void lose(1)
    await send("lost", "next")
    await bob.hears("next")
    await bob.restart()
    expect(bob.gaps).toMatchObject([gapOf(FIRST, FIRST), gapOf(FIRST, FIRST)])
  })

  it("[B7] comes again by itself where the relay only lost it", async () => {
    // The relay says that it has it: as one that loses its disk afterwards.
    let left = 1
    world.evil.answer("alice", "submit", ({ request, envelopeId }) =>
      left-- > 0 ? { type: "accepted", request, envelopeId, repeated: false } : undefined,
    )
    const [lost] = await send("lost", "next")
    await bob.hears("lost")
    expect(bob.gaps).toMatchObject([gapOf(FIRST, FIRST)])
    expect(bob.messages.at(-1)).toMatchObject({ text: "lost", reordered: FIRST })
    await (await alice.with(bob)).waitFor(lost!.id, "delivered")
  })
})

describe("an order that was not kept", () => {
  it("[B6] is marked with the place of each late message, and what is marked is exactly that", async () => {
    const held = world.evil.hold(isDelivery("bob"))
    const texts = Array.from({ length: 20 }, (_, n) => String(n))
    await send(...texts)
    await world.evil.until(() => held.crossings.length >= texts.length)
    const { below } = unsafeSeeded(7)
    const order = (all: readonly Crossing[]): Crossing[] =>
      all
        .map((one) => ({ one, at: below(1_000_000) }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one)
    held.release(order)
    await bob.until(() => texts.every((text) => bob.texts.includes(text)))
    const shown = bob.messages.filter(({ text }) => texts.includes(text ?? ""))
    let newest = -1
    for (const { text, reordered } of shown) {
      expect(reordered).toBe(Number(text) < newest ? FIRST + Number(text) : undefined)
      newest = Math.max(newest, Number(text))
    }
    expect(shown.some(({ reordered }) => reordered !== undefined)).toBe(true)
    // Each number that was passed over was named once, before it came.
    const named = bob.gaps.flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, n) => first + n),
    )
    const late = shown.flatMap(({ reordered }) => reordered ?? [])
    expect(named.sort((a, b) => a - b)).toEqual(late.sort((a, b) => a - b))
  })
})

describe("what was taken before", () => {
  it("[B5] is told as a replay, once, however often it comes within a minute", async () => {
    await send("once")
    await bob.hears("once")
    const old = world.evil.frames("bob", "deliver").at(-1) as FrameOf<"deliver">
    const again = (): Promise<void> =>
      world.evil.feed(
        "bob",
        Array.from({ length: 5 }, () => ({ ...old, envelopeId: freshId() })),
      )
    await again()
    expect(bob.replays).toMatchObject([{ accountId: alice.chat.accountId, repeats: 1 }])
    world.clock.jump(world.clock.nowMs() + 60_000)
    await again()
    expect(bob.replays.map(({ repeats }) => repeats)).toEqual([1, 5])
    // The relay's own repeat, under the name it had, is nothing to be told.
    await world.evil.feed("bob", [old])
    expect(bob.replays).toHaveLength(2)
    expect(bob.texts.filter((text) => text === "once")).toHaveLength(1)
  })
})
