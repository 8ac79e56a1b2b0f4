/**
 * Hostile input to the relay, and beside it two people with real clients who notice nothing. The close codes and
 * answers themselves, and more kinds of input, are in `tests/relay/hostile.test.ts`.
 */
import { randomBytes } from "node:crypto"
import { RELAY_CODE } from "@securechat/core/wire"
import { relayDevice } from "@securechat/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { rawUpgrade, untilClosed, wsFrame } from "../relay/support/raw-socket.ts"
import { type WireClient, dial } from "../relay/support/wire-client.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

let world: World
let alice: Person
let bob: Person
/** What the two said, in order. */
let said: { readonly by: Person; readonly text: string }[]

/** So many turns each way, each answered before the next. */
const converse = async (turns: number): Promise<void> => {
  for (let turn = 0; turn < turns; turn++)
    for (const [from, to] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const text = `${from.name} ${said.length}`
      said.push({ by: from, text })
      await from.says(to, text)
    }
}
const hostile = (): Promise<WireClient> =>
  dial(
    world.url,
    relayDevice({ random: (length) => new Uint8Array(randomBytes(length)), nowMs: world.clock.nowMs }),
  )
const loggedIn = async (): Promise<WireClient> => {
  const client = await hostile()
  await client.login()
  return client
}
const port = (): number => Number(new URL(world.url).port)

beforeEach(async () => {
  world = await createWorld()
  said = []
  ;[alice, bob] = (await world.pair()) as [Person, Person]
  await converse(2)
})
afterEach(async () => {
  await converse(2)
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    expect(one.texts.slice(1)).toEqual(said.filter(({ by }) => by === other).map(({ text }) => text))
    // One connection from beginning to end, one light, no error.
    expect(world.evil.frames(one.name, "hello")).toHaveLength(1)
    expect([one.chat.connection, one.errors, one.unreadable]).toEqual(["online", [], []])
    expect((await one.with(other)).security.level).toBe("yellow")
  }
  await world.close()
})

describe("two people talk on while the relay is sent", () => {
  it("wrong versions and frames of unknown types", async () => {
    for (const [minVersion, maxVersion] of [
      [2, 9],
      [0, 0],
      [9, 1],
    ] as const) {
      const client = await hostile()
      client.send(client.device.hello({ minVersion, maxVersion }))
      expect((await client.ended).code).toBe(4000 + RELAY_CODE.unsupported)
      await converse(1)
    }
    const client = await loggedIn()
    for (const type of [0x00, 0x13, 0x30, 0x40, 0x50, 0xff]) {
      client.sendBytes(Uint8Array.of(type, 0, 0, 1, 2, 9, 9))
      expect(await client.next("nack")).toMatchObject({ request: 258, code: RELAY_CODE.unsupported })
    }
    await client.leave()
  })

  it("[R1] messages of 10 MB, before and after a login", async () => {
    for (const client of [await hostile(), await loggedIn()]) {
      client.sendBytes(new Uint8Array(10_000_000))
      const [{ code }] = await Promise.all([client.ended, converse(2)])
      // The relay hangs up on what it has not read: the code may be lost with it.
      expect([1009, 1006]).toContain(code)
    }
  })

  it("[R2] one message in 100,000 fragments of one byte", async () => {
    const socket = await rawUpgrade(port())
    const closed = untilClosed(socket)
    const piece = wsFrame(0x00, new Uint8Array(1))
    socket.write(wsFrame(0x02, new Uint8Array(1)))
    for (let thousand = 0; thousand < 100; thousand++) {
      socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => piece)))
      if (thousand % 25 === 0) await converse(1)
    }
    await Promise.all([closed, converse(2)])
  })

  it("[R7] nothing at all, and a proof that was good once", async () => {
    const silent = await hostile()
    const first = await hostile()
    first.send(first.device.hello())
    const proof = first.device.proof(await first.next("challenge"))
    first.send(proof)
    await first.next("ready")
    const second = await dial(world.url, first.device)
    second.send(second.device.hello())
    await second.next("challenge")
    second.send(proof)
    expect((await second.ended).code).toBe(4000 + RELAY_CODE.refused)
    await converse(1)
    await world.clock.advance(5_000)
    expect((await silent.ended).code).toBe(4000 + RELAY_CODE.timeout)
    await first.leave()
  })

  it("bytes that are no frame, by twenty connections at once", async () => {
    const clients = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? hostile() : loggedIn())),
    )
    for (const [n, client] of clients.entries()) {
      client.sendBytes(new Uint8Array(5 + 37 * n).fill(1))
      client.send({ type: "caughtUp", request: 0 })
    }
    const [ends] = await Promise.all([Promise.all(clients.map(({ ended }) => ended)), converse(3)])
    for (const { code } of ends) expect(code).toBe(4000 + RELAY_CODE.malformed)
  })
})
