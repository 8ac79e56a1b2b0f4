/** What waits to leave stays readable, however much is said the other way meanwhile. */
import { RELAY_CODE } from "@securechat/core/wire"
import { afterEach, beforeEach, expect, it } from "vitest"
import { type World, createWorld } from "../support/world.ts"

/** More than the turns of a ratchet after which the key of a message that has not come is dropped. */
const TURNS = 6
/** Longer than a receipt waits. */
const RECEIPT_MS = 500
const PAUSE_MS = 5_000

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

it("a backlog that leaves slowly is not overtaken by receipts, which would cost its keys", async () => {
  const [alice, bob] = await world.pair()
  for (const one of [alice, bob]) await one.until(() => one.chat.getSnapshot().outbox === 0)
  const submits = (): number => world.evil.frames("alice", "submit").length
  const before = submits()
  let first = true
  world.evil.answer("alice", "submit", ({ request }) => {
    if (!first) return undefined
    first = false
    return { type: "nack", request, code: RELAY_CODE.limited, retryAfterMs: PAUSE_MS }
  })
  const toBob = await alice.with(bob)
  await toBob.send("one")
  await toBob.send("two")
  const last = await toBob.send("three")

  for (let turn = 0; turn < TURNS; turn++) {
    await bob.says(alice, `meanwhile ${turn}`)
    await world.clock.advance(RECEIPT_MS)
  }
  expect(submits() - before).toBe(1)
  await world.clock.advance(PAUSE_MS)
  await bob.hears("three")
  expect(bob.texts.slice(-3)).toEqual(["one", "two", "three"])
  expect(bob.unreadable).toEqual([])

  // Then the receipt goes, with nothing more said.
  await toBob.waitFor(last.id, "sent")
  await world.clock.advance(RECEIPT_MS)
  await bob.until(() => bob.chat.getSnapshot().outbox === 0)
})
