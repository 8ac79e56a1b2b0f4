/**
 * A stranger says who it is; what it wrote waits until the name is looked up. Whatever the answer changes, it changes in one
 * batch: a death in between must not leave a message behind that nobody lets out any more (simulation, seed 12).
 */
import { memoryStore } from "@securechat/core"
import { turn } from "@securechat/testkit"
import { webSocket } from "@securechat/transport-ws"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Life } from "../support/life.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

const page = async (person: Person): Promise<readonly (string | undefined)[]> => {
  const [conversation] = await person.chat.conversations()
  const { items } = (await conversation?.page()) ?? { items: [] }
  return items.map((item) => ("text" in item ? item.text : undefined))
}

/** Bob dies before this step of what a stranger's first message begins. @returns false where it had fewer. */
const deathAt = async (step: number): Promise<boolean> => {
  let life = new Life(Infinity)
  const inner = memoryStore()
  const name = `bob-${step}`
  const transport = world.evil.transport(name, webSocket(world.url))
  const bob = world.newcomer(name, {
    get store() {
      return life.store(inner)
    },
    get transport() {
      return life.transport(transport)
    },
  })
  await bob.begin()
  const alice = await world.person(`alice-${step}`)
  const first = life
  first.endIn(step)
  const sent = await (await alice.with(bob)).send("it is me")
  await Promise.race([first.died, bob.hears("it is me")])
  if (!first.dead) first.spare()
  life = new Life(Infinity)
  await (first.dead ? bob.reborn() : bob.restart())
  for (let turns = 0; turns < 1_000 && (await page(bob)).length === 0; turns++) await turn()
  expect(await page(bob), `dead before step ${step}: ${first.log.join(", ")}`).toEqual(["it is me"])
  expect(bob.texts.length).toBeLessThanOrEqual(1)
  // It is confirmed to somebody one has answered, and only then.
  await bob.says(alice, "I know")
  await (await alice.with(bob)).waitFor(sent.id, "delivered")
  await Promise.all([alice.chat.close(), bob.chat.close()])
  return first.dead
}

describe("a stranger's first message", () => {
  it("[D2] is let out of quarantine by whoever comes back, before whichever step of the look-up they died", async () => {
    let step = 1
    while (await deathAt(step)) step += 1
    expect(step).toBeGreaterThan(4)
  }, 60_000)
})
