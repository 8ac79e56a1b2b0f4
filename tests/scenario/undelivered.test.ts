/** A message that was accepted arrives, or its sender is told. */
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type World, createWorld } from "../support/world.ts"

const DAY_MS = 86_400_000

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

describe("a message nobody confirms", () => {
  it("fails after thirty days, and is sent again on its sender's word only", async () => {
    const [alice, bob] = await world.pair()
    // The relay takes everything and keeps nothing.
    let losing = true
    world.evil.answer("alice", "submit", ({ request, envelopeId }) =>
      losing ? { type: "accepted", request, envelopeId, repeated: false } : undefined,
    )
    const toBob = await alice.with(bob)
    const lost = await toBob.send("lost")
    await toBob.waitFor(lost.id, "sent")
    await Promise.all([alice.chat.close(), bob.chat.close()])

    world.clock.jump(world.clock.nowMs() + 29 * DAY_MS)
    await alice.restart()
    expect(alice.chat.getSnapshot().outbox).toBe(1)
    await alice.chat.close()
    world.clock.jump(world.clock.nowMs() + 2 * DAY_MS)
    await alice.restart()
    await alice.until(() => alice.updates.at(-1)?.status === "failed")
    expect(alice.updates.at(-1)).toMatchObject({ id: lost.id, problem: { code: "ERR_TIMEOUT" } })
    expect(alice.chat.getSnapshot().outbox).toBe(0)
    losing = false

    // Its number stays empty: the recipient is told, and what comes after is confirmed all the same.
    await bob.restart()
    const again = await alice.with(bob)
    const after = await again.send("after")
    await again.waitFor(after.id, "delivered")
    expect(bob.gaps).toMatchObject([{ first: 2, last: 2 }])
    expect(bob.texts).not.toContain("lost")
    await alice.until(() => alice.chat.getSnapshot().outbox === 0)

    const retried = await again.retry(lost.id)
    expect(retried.id).toBe(lost.id)
    await bob.hears("lost")
    await again.waitFor(lost.id, "delivered")
    const page = await again.page()
    expect(page.items.map((item) => ("text" in item ? [item.text, item.status] : []))).toEqual([
      ["first of alice", "delivered"],
      ["first of bob", undefined],
      ["lost", "delivered"],
      ["after", "delivered"],
    ])
    expect(bob.texts.filter((text) => text === "lost")).toHaveLength(1)
  })
})
