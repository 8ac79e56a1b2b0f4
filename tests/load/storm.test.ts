/**
 * The relay dies under all its clients, comes back on its file, and everybody reconnects at once: each resumes at its own
 * cursor and finds the one message it had not acknowledged, and nothing else.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import type { FrameOf } from "@securechat/core/wire"
import { type RelayDevice, relayDevice } from "@securechat/testkit"
import { expect, it } from "vitest"
import { type WireClient, dial } from "../relay/support/wire-client.ts"
import { addressOf, bounded, heartbeat } from "./clients.ts"
import { figure, median } from "./figure.ts"
import { clientDeps, inBatches, publish } from "./pairs.ts"
import { type Server, startServer } from "./process.ts"

const CLIENTS = Number(process.env["LOAD_STORM"] ?? 40)
/** Full jitter of a client's brain: up to twice as long after each failure. */
const FIRST_PAUSE_MS = 500
const MOST_PAUSE_MS = 30_000

interface Person {
  readonly number: number
  readonly device: RelayDevice
  /** Up to here everything is stored. */
  cursor: Uint8Array<ArrayBuffer>
  client: WireClient
}

const connect = async (server: Server, number: number, device: RelayDevice): Promise<WireClient> =>
  dial(`http://127.0.0.1:${server.port}`, device, {
    perMessageDeflate: false,
    localAddress: addressOf(number),
  })

const submit = async (from: Person, to: Person, value: number): Promise<void> => {
  const answer = await from.client.ask((request) =>
    from.device.submit(request, to.device, new Uint8Array(512).fill(value)),
  )
  expect(answer).toMatchObject({ type: "accepted" })
}

interface Back {
  readonly ms: number
  readonly attempts: number
  readonly resumed: boolean
  readonly deliveries: readonly FrameOf<"deliver">[]
}

/** Tries until it is in, as a client would. */
async function comeBack(server: Server, person: Person, sinceMs: number): Promise<Back> {
  for (let attempts = 1; ; attempts++) {
    await pause(Math.random() * Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1)))
    try {
      const client = await connect(server, person.number, person.device)
      const { resumed } = await client.login(person.cursor)
      await client.next("caughtUp")
      person.client = client
      const deliveries = client.frames.filter((frame) => frame.type === "deliver")
      return { ms: performance.now() - sinceMs, attempts, resumed, deliveries }
    } catch (error) {
      if (performance.now() - sinceMs > 300_000) throw error
    }
  }
}

it("lets everybody back in after it was killed, with what each had not acknowledged", async () => {
  const count = bounded(CLIENTS)
  const folder = mkdtempSync(join(tmpdir(), "securechat-storm-"))
  const mailbox = { sqlite: join(folder, "relay.db") }
  const before = await startServer("relay", mailbox)
  const connected: WireClient[] = []
  const still = heartbeat(() => connected)
  const people = await inBatches(count, async (number): Promise<Person> => {
    const device = relayDevice(clientDeps)
    const client = await connect(before, number, device)
    await client.login()
    connected.push(client)
    await publish(client)
    return { number, device, cursor: new Uint8Array(0), client }
  })
  const next = (person: Person): Person => people[(person.number + 1) % count] as Person
  await inBatches(count, async (number) => {
    const person = people[number] as Person
    await submit(person, next(person), 1)
    const { cursor } = await next(person).client.next("deliver")
    next(person).cursor = cursor
    next(person).client.send({ type: "ack", request: 0, cursor })
    await submit(person, next(person), 2)
  })
  still()
  const gone = people.map(({ client }) => client.ended)
  before.kill()
  await Promise.all(gone)
  const server = await startServer("relay", mailbox)
  const sinceMs = performance.now()
  const back = await Promise.all(people.map((person) => comeBack(server, person, sinceMs)))
  expect(back.filter(({ resumed }) => !resumed)).toEqual([])
  const bodies = back.map(({ deliveries }) => deliveries.map(({ body }) => body[0]))
  expect(bodies.filter((values) => values.length !== 1 || values[0] !== 2)).toEqual([])
  figure(
    `${count} clients back after a kill, the last after`,
    Math.max(...back.map(({ ms }) => ms)) / 1000,
    " s",
    {
      atMost: 30,
    },
  )
  console.log(
    `  half of them within ${(median(back.map(({ ms }) => ms)) / 1000).toFixed(1)} s, attempts: ${median(back.map(({ attempts }) => attempts))} each, ${Math.max(...back.map(({ attempts }) => attempts))} at most`,
  )
  for (const { client } of people) client.socket.terminate()
  await server.stop()
  rmSync(folder, { recursive: true })
}, 1_200_000)
