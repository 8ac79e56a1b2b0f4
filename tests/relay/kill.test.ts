/** Relays as processes, killed with -9 in the middle of everything: what they accepted is there. relay.md §7, §10 */
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Message, SecureChat, memoryStore } from "@securechat/core"
import { RELAY_CODE as CODE, type Frame, type FrameOf } from "@securechat/core/wire"
import { type RelayDevice, relayDevice } from "@securechat/testkit"
import { webSocket } from "@securechat/transport-ws"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { REDIS_SERVER, type RedisServer, startRedis } from "../../scripts/redis.ts"
import { type RelayProcess, startRelay } from "./support/process.ts"
import { type WireClient, dial } from "./support/wire-client.ts"

const folder = mkdtempSync(join(tmpdir(), "securechat-kill-"))
let redis: RedisServer
const relays: RelayProcess[] = []
const chats: SecureChat[] = []
let files = 0

beforeAll(async () => {
  if (REDIS_SERVER !== "") redis = await startRedis()
})
afterEach(async () => {
  for (const chat of chats.splice(0)) await chat.close()
  for (const relay of relays.splice(0)) await relay.kill()
})
afterAll(async () => {
  if (REDIS_SERVER !== "") await redis.close()
  rmSync(folder, { recursive: true })
})

const running = async (mailbox: string): Promise<RelayProcess> => {
  const relay = await startRelay("--mailbox", mailbox)
  relays.push(relay)
  return relay
}
const device = (): RelayDevice =>
  relayDevice({ random: (length) => new Uint8Array(randomBytes(length)), nowMs: () => Date.now() })
const wire = async ({ url }: RelayProcess, of = device()): Promise<WireClient> => {
  const client = await dial(url, of)
  await client.login()
  return client
}
const joined = async (relay: RelayProcess): Promise<WireClient> => {
  const client = await wire(relay)
  await client.ask((request) => client.device.publish(request))
  return client
}
const numbered = (value: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}
const numberOf = ({ body }: FrameOf<"deliver">): number =>
  new DataView(body.buffer, body.byteOffset).getUint32(0)

const chat = async ({ url }: RelayProcess, user: string): Promise<SecureChat> => {
  const one = await SecureChat.open({
    transport: webSocket(url.replace("http", "ws")),
    retry: { minMs: 20, maxMs: 200 },
    store: memoryStore(),
    user,
  })
  chats.push(one)
  await one.whenOnline()
  return one
}

/** Everything that comes, up to a text, and what to do on the way. */
const listen = async (
  to: SecureChat,
  last: string,
  onMessage: (count: number) => void = () => undefined,
): Promise<readonly string[]> => {
  const texts: string[] = []
  for await (const message of to.events("message")) {
    texts.push((message as Message & { readonly text: string }).text)
    onMessage(texts.length)
    if (texts.at(-1) === last) break
  }
  return texts
}
const lines = (by: string): readonly string[] => Array.from({ length: 24 }, (_, index) => `${by} ${index}`)

/** Two real clients talk; at some messages a relay is killed and comes back. */
const conversation = async (
  alice: SecureChat,
  bob: SecureChat,
  disturb: (count: number) => Promise<void> | undefined,
): Promise<void> => {
  const disturbances: Promise<void>[] = []
  const atBob = listen(bob, "alice end", (count) => {
    const work = disturb(count)
    if (work !== undefined) disturbances.push(work)
  })
  const atAlice = listen(alice, "bob end")
  const toBob = await alice.direct("bob")
  const greeting = await toBob.send("alice hello")
  await toBob.waitFor(greeting.id, "sent")
  const toAlice = await bob.direct("alice")
  const say = async (to: typeof toBob, texts: readonly string[]): Promise<void> => {
    for (const text of texts) {
      const { id } = await to.send(text)
      // One after the other, so that the kills fall into the middle.
      await to.waitFor(id, "sent")
    }
  }
  await Promise.all([say(toBob, lines("alice")), say(toAlice, lines("bob"))])
  await Promise.all(disturbances)
  expect(disturbances.length).toBeGreaterThan(1)
  await toBob.send("alice end")
  await toAlice.send("bob end")
  expect(await atBob).toEqual(["alice hello", ...lines("alice"), "alice end"])
  expect(await atAlice).toEqual([...lines("bob"), "bob end"])
}

/** Where mailboxes lie, each time in a place that nobody has used. */
const drivers: readonly (readonly [string, () => string])[] = [
  ["SQLite", () => `sqlite:${join(folder, `${++files}.db`)}`],
  ...(REDIS_SERVER === "" ? [] : [["Redis", () => redis.fresh()] as const]),
]

/** A bound for a machine that does much else: each start of a relay takes a second of its own. */
const timeout = 120_000

describe.each(drivers)("a relay on %s", { timeout }, (_name, place) => {
  it("[R13] killed with -9 in the middle of a conversation loses nothing and shows nothing twice", async () => {
    const relay = await running(place())
    const [alice, bob] = [await chat(relay, "alice"), await chat(relay, "bob")]
    await conversation(alice, bob, (count) =>
      [8, 20].includes(count) ? relay.kill().then(() => relay.start()) : undefined,
    )
  })

  it("[R13] killed with -9 in a group of appends has what it accepted, and takes the rest again once", async () => {
    const relay = await running(place())
    const [alice, bob] = [await joined(relay), await joined(relay)]
    await bob.leave()
    const submits = Array.from({ length: 60 }, (_, index) =>
      alice.device.submit(alice.number(), bob.device, numbered(index)),
    )
    for (const submit of submits) alice.send(submit)
    for (let i = 0; i < 20; i++) await alice.next("accepted")
    await relay.kill()
    await alice.ended
    const isAccepted = (submit: Frame): boolean =>
      alice.frames.some(({ type, request }) => type === "accepted" && request === submit.request)
    const accepted = submits.flatMap((submit, index) => (isAccepted(submit) ? [index] : []))
    await relay.start()
    const back = await dial(relay.url, bob.device)
    const { backlog } = await back.login()
    expect(backlog).toBeGreaterThanOrEqual(accepted.length)
    const again = await wire(relay, alice.device)
    const answers = await Promise.all(
      submits.map((submit) => again.ask((request) => ({ ...submit, request }))),
    )
    expect(new Set(answers.map(({ type }) => type))).toEqual(new Set(["accepted"]))
    const repeated = answers.flatMap((answer, index) =>
      answer.type === "accepted" && answer.repeated ? [index] : [],
    )
    expect(repeated).toEqual(expect.arrayContaining(accepted))
    const seen: number[] = []
    for (let i = 0; i < submits.length; i++) seen.push(numberOf(await back.next("deliver")))
    expect(seen).toEqual(submits.map((_submit, index) => index))
  })

  it("[R13] killed with -9 around acks delivers again what was not deleted, and keeps accounts, prekeys and handles", async () => {
    const relay = await running(place())
    const [alice, bob] = [await joined(relay), await joined(relay)]
    await alice.ask((request) => alice.device.handleSet(request, "alice"))
    for (let i = 0; i < 20; i++)
      await alice.ask((request) => alice.device.submit(request, bob.device, numbered(i)))
    const deliveries: FrameOf<"deliver">[] = []
    for (let i = 0; i < 20; i++) deliveries.push(await bob.next("deliver"))
    const cursor = deliveries[11]?.cursor ?? new Uint8Array(0)
    bob.send({ type: "ack", request: 0, cursor })
    await relay.kill()
    await relay.start()
    // The cursor of the hello says again what the ack said, should that have been lost.
    const back = await dial(relay.url, bob.device)
    const ready = await back.login(cursor)
    expect(ready).toMatchObject({ resumed: true, backlog: 8, oneTimeLeft: 3, kemLeft: 1 })
    for (let i = 12; i < 20; i++) expect(numberOf(await back.next("deliver"))).toBe(i)
    const found = await back.ask((request) => ({ type: "handleGet", request, handle: "alice" }))
    expect(found.type).toBe("ok")
    const taken = await back.ask((request) => back.device.handleSet(request, "alice"))
    expect(taken).toMatchObject({ type: "nack", code: CODE.refused })
  })
})

describe.skipIf(REDIS_SERVER === "")("two relays behind one Redis", { timeout }, () => {
  it("[R14] killed with -9 in turn lose nothing of a conversation between their clients", async () => {
    const place = redis.fresh()
    const [here, there] = [await running(place), await running(place)]
    const [alice, bob] = [await chat(here, "alice"), await chat(there, "bob")]
    await conversation(alice, bob, (count) => {
      if (count === 8) return here.kill().then(() => here.start())
      return count === 18 ? there.kill().then(() => there.start()) : undefined
    })
  })

  it("[R18] one that drains under load confirms what it took, ends with 0, and its clients go on at the other", async () => {
    const place = redis.fresh()
    const [here, there] = [await running(place), await running(place)]
    const [alice, bob] = [await joined(here), await joined(there)]
    const submits = Array.from({ length: 60 }, (_, index) =>
      alice.device.submit(alice.number(), bob.device, numbered(index)),
    )
    for (const submit of submits) alice.send(submit)
    await alice.next("accepted")
    expect(await here.terminate()).toBe(0)
    await alice.ended
    const answerTo = ({ request }: Frame): Frame | undefined =>
      alice.frames.find((frame) => frame.request === request)
    const open = submits.filter((submit) => answerTo(submit)?.type !== "accepted")
    expect(alice.frames.some(({ type }) => type === "drain")).toBe(true)
    const moved = await wire(there, alice.device)
    for (const submit of open) await moved.ask((request) => ({ ...submit, request }))
    const seen: number[] = []
    for (let i = 0; i < submits.length; i++) seen.push(numberOf(await bob.next("deliver")))
    expect(seen.sort((a, b) => a - b)).toEqual(submits.map((_submit, index) => index))
  })
})
