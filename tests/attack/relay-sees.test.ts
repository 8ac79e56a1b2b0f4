/**
 * What the relay received and stored during a conversation of several clients, searched for every text, every private
 * key and every message key in every spelling a leak would have.
 */
import type { Message } from "@securechat/core"
import { type Mailbox, jsonLogger, memoryMailbox } from "@securechat/server"
import { type Canary, canaryForms, canarySearch } from "@securechat/testkit"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { keysThatOpen, secretsIn } from "../../packages/core/test/support/secrets.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

/** A mailbox that remembers everything it was given. */
const recordingMailbox = (stored: Uint8Array[]): Mailbox => {
  const inner = memoryMailbox({ nowMs: () => 0, epoch: new Uint8Array(16).fill(7), ...ROOM })
  return {
    ...inner,
    append: async (device, envelope, options) => {
      stored.push(Buffer.from(`${device} ${options.id}`), envelope.slice())
      return inner.append(device, envelope, options)
    },
  }
}
const ROOM = { messages: 10_000, bytes: 2 ** 26, totalBytes: 2 ** 29, dedupMs: 86_400_000 }

const TEXTS = [
  "canary: meet me behind the old mill at nine",
  "canary: бери с собой фонарь и карту",
  "canary: 長い夜になりそうだね、気をつけて",
  `canary: ${"a long one ".repeat(400)}`,
  "canary: an answer written while the other was away",
  "canary: between other people",
  "canary: over new keys",
] as const

const stored: Uint8Array[] = []
const lines: string[] = []
let world: World
let people: readonly Person[]
let metrics = ""

const confirm = async (one: Person, other: Person): Promise<void> => {
  const [mine, theirs] = await Promise.all([one.with(other), other.with(one)])
  const [shown, scanned] = await Promise.all([
    mine.members[0]!.safetyNumber(),
    theirs.members[0]!.safetyNumber(),
  ])
  expect(shown.digits).toBe(scanned.digits)
  expect(await mine.members[0]!.verify(scanned.qr)).toBe(true)
  expect(await theirs.members[0]!.verify(scanned)).toBe(true)
}
const read = async (sender: Person, to: Person, message: Message): Promise<void> => {
  await (await to.with(sender)).markRead()
  await (await sender.with(to)).waitFor(message.id, "read")
}
const typeTo = async (one: Person, other: Person): Promise<void> => {
  const before = other.typing.length
  ;(await one.with(other)).typing()
  await other.until(() => other.typing.length > before)
}

beforeAll(async () => {
  world = await createWorld({
    relay: {
      mailbox: recordingMailbox(stored),
      logger: jsonLogger("debug", { write: (line) => void lines.push(line) }),
      metrics: { prometheus: true },
      logAddresses: true,
    },
  })
  const [alice, bob, carol] = await Promise.all(["alice", "bob", "carol"].map((name) => world.person(name)))
  people = [alice!, bob!, carol!]
  await read(alice!, bob!, await alice!.says(bob!, TEXTS[0]))
  await read(bob!, alice!, await bob!.says(alice!, TEXTS[1]))
  await confirm(alice!, bob!)
  // Enough turns for a step with ML-KEM in mid-conversation.
  for (let turn = 0; turn < 10; turn++) {
    await alice!.says(bob!, `${TEXTS[2]} ${turn}`)
    await bob!.says(alice!, `${TEXTS[3]} ${turn}`)
  }
  await typeTo(alice!, bob!)
  await typeTo(bob!, alice!)
  await carol!.says(alice!, TEXTS[5])
  await alice!.says(carol!, TEXTS[5])
  await bob!.chat.close()
  const waiting = await (await alice!.with("bob")).send(TEXTS[4])
  await world.evil.until(({ frame }) => frame.type === "submit")
  await bob!.restart()
  await bob!.hears(TEXTS[4])
  await read(alice!, bob!, waiting)
  await (await bob!.with(alice!)).members[0]!.reset()
  await bob!.says(alice!, TEXTS[6])
  metrics = await (await fetch(`${world.url}/metrics`)).text()
})
afterAll(() => world.close())

const recorded = (): readonly Uint8Array[] => [
  ...world.evil.seen.map(({ bytes }) => bytes),
  ...stored,
  ...[...lines, metrics].map((text) => Buffer.from(text)),
]
const hexId = ({ envelopeId }: { readonly envelopeId: Uint8Array }): string =>
  Buffer.from(envelopeId).toString("hex")
/** Every envelope that passed, with the person it was for. */
const envelopes = (): readonly { readonly body: Uint8Array; readonly to: Person }[] =>
  world.evil.seen.flatMap(({ way, frame }) => {
    if (way !== "up" || (frame.type !== "submit" && frame.type !== "signal")) return []
    const device = Buffer.from(frame.deviceId).toString("base64url")
    const to = people.find(({ chat }) => chat.deviceId === device)
    return to === undefined ? [] : [{ body: frame.body, to }]
  })
const canaries = (): readonly Canary[] => [
  ...TEXTS.map((text, index) => ({ name: `text ${index}`, bytes: Buffer.from(text) })),
  ...people.flatMap(({ name, store, drawn }) =>
    [...secretsIn(store.written), ...drawn.map((bytes) => ({ name: "a seed that was drawn", bytes }))].map(
      (canary) => ({ name: `${name}: ${canary.name}`, bytes: canary.bytes }),
    ),
  ),
  ...envelopes().flatMap(({ body, to }) => keysThatOpen(body, to.store.written) ?? []),
]

describe("what the relay received, stored, logged and counted", () => {
  it("was a conversation: texts, receipts, typing, verification, new keys", () => {
    const types = new Set(world.evil.seen.map(({ frame }) => frame.type))
    for (const type of ["publish", "handleSet", "claim", "submit", "deliver", "signal", "ack"] as const)
      expect(types).toContain(type)
    expect(people[0]!.changes.some(({ status }) => status.level === "green")).toBe(true)
    expect(stored.length).toBeGreaterThan(60)
    expect(lines.length).toBeGreaterThan(5)
    expect(metrics).toContain("securechat_submits_total")
    expect(people.flatMap(({ errors }) => errors)).toEqual([])
  })

  it("[C9] is known whole: each envelope has the key that opens it, and each was stored as it was recorded", () => {
    const all = envelopes()
    expect(all.length).toBeGreaterThan(50)
    expect(all.filter(({ body, to }) => keysThatOpen(body, to.store.written) === undefined).length).toBe(0)
    const kept = Buffer.concat(stored)
    // What was answered last may come in while this is being read.
    const accepted = new Set(people.flatMap(({ name }) => world.evil.frames(name, "accepted").map(hexId)))
    const submits = people.flatMap(({ name }) => world.evil.frames(name, "submit"))
    expect(submits.filter((frame) => accepted.has(hexId(frame))).length).toBeGreaterThan(40)
    expect(
      submits
        .filter((frame) => accepted.has(hexId(frame)))
        .filter(({ body }) => !kept.includes(Buffer.from(body))).length,
    ).toBe(0)
  })

  it("[C9] holds no text, no private key, no session key and no message key in any spelling", () => {
    const all = canaries()
    for (const kind of ["account private key", "prekey (pqopk)", "KEM seed", "message key", "Fernet key"])
      expect(all.some(({ name }) => name.includes(kind))).toBe(true)
    const search = canarySearch(all)
    expect(recorded().flatMap((bytes) => search(bytes))).toEqual([])
  })

  it("would have shown any of them: each kind planted in each spelling is found", () => {
    const all = canaries()
    const kinds = new Map(all.map((canary) => [canary.name, canary]))
    const search = canarySearch(all)
    const frame = Buffer.from(world.evil.frames("alice", "submit")[0]!.body)
    for (const { name, bytes } of kinds.values()) {
      const whole = [bytes, Buffer.from(bytes).toString("hex"), Buffer.from(bytes).toString("base64")]
      for (const form of [...whole, Buffer.from(bytes).toString("base64url"), ...canaryForms(bytes)]) {
        const planted = typeof form === "string" ? Buffer.from(form, "latin1") : form
        expect(search(Buffer.concat([frame.subarray(0, 31), planted, frame.subarray(31)]))).toContain(name)
      }
    }
  })
})
