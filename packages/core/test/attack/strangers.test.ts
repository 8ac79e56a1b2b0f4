/** Accounts cost nothing: thousands of them write to one person, who answers none. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { beforeAll, describe, expect, it } from "vitest"
import { messageCodec, conversationCodec } from "../../src/client/records.ts"
import { directCodec } from "../../src/client/progress-codec.ts"
import { firstSeen } from "../../src/identity/trust.ts"
import { MAX_ARCHIVED_SESSIONS, MAX_STANDING_SESSIONS, MAX_STRANGER_SESSIONS } from "../../src/limits.ts"
import { linkCodec } from "../../src/session/codec.ts"
import { memoryStore } from "../../src/store/memory.ts"
import type { Store, StoreOp } from "../../src/store/store.ts"
import { formatAccountId } from "../../src/wire/address.ts"
import { Offline, contentsOf } from "../support/engines.ts"
import { Seeded, seededDeps } from "../support/seeded.ts"

/** `npm run test:long strangers`: ten thousand, each with an account and a handshake of its own. */
const STRANGERS = Number(process.env["STRANGERS"] ?? 0)
/** More than fit. */
const MORE = 12
/** Of one device with another. */
const SESSIONS = Math.max(40, STRANGERS)
const HANDSHAKE_EVERY_MS = 3 * 60_000

const write = async (to: Offline, seed: number, text: string): Promise<Offline> => {
  const stranger = await new Offline(memoryStore(), seededDeps(seed)).load()
  await stranger.meet(to.found, await to.bundle())
  await stranger.send(text)
  await to.take(stranger.mail[0]!)
  return stranger
}

/** Records by kind. */
const counted = async (store: Store): Promise<Readonly<Record<string, number>>> => {
  const kinds: Record<string, number> = {}
  for (const { key } of await contentsOf(store)) kinds[key[0]!] = (kinds[key[0]!] ?? 0) + 1
  return kinds
}
const PER_STRANGER = ["conversation", "direct", "link", "message", "place"] as const
const pick = (kinds: Readonly<Record<string, number>>): readonly number[] =>
  PER_STRANGER.map((kind) => kinds[kind] ?? 0)

/** What a stranger has left, as so many others would have left it long before: everything but the handshakes. */
const crowd = (left: readonly StoreOp[], count: number): StoreOp[] => {
  const random = new Seeded(7)
  return Array.from({ length: count }, (_, i) => {
    const pin = { accountId: random.bytes(20), accountKey: random.bytes(32) }
    const account = formatAccountId(pin.accountId)
    const id = `crowd-${i}`
    return left.flatMap((op): StoreOp[] => {
      if (op.type !== "set") return []
      const { key, value } = op
      switch (key[0]) {
        case "conversation": {
          const record = {
            ...conversationCodec.decode(value),
            id,
            trust: firstSeen(account, pin),
            createdAtMs: i,
          }
          return [{ type: "set", key: [key[0], id], value: conversationCodec.encode(record) }]
        }
        case "direct":
          return [
            { type: "set", key: [key[0], account], value: directCodec.encode(directCodec.decode(value)) },
          ]
        case "link": {
          const link = linkCodec.decode(value)
          const sessions = link.sessions.map((session) => ({ ...session, id: random.bytes(16) }))
          const spelled = linkCodec.encode({ ...link, sessions })
          return [{ type: "set", key: [key[0], account, key[2]!], value: spelled }]
        }
        case "message": {
          const record = { ...messageCodec.decode(value), account, peer: account }
          return [{ type: "set", key: [key[0], id, key[2]!], value: messageCodec.encode(record) }]
        }
        case "place":
          return [{ type: "set", key: [key[0], id, ...key.slice(2)], value }]
        default:
          return []
      }
    })
  }).flat()
}

describe("a person whom strangers write to", () => {
  /** Her store, with as many strangers as fit and a friend. */
  let full: readonly StoreOp[]
  let friend: Offline
  beforeAll(async () => {
    const store = memoryStore()
    const alice = await new Offline(store, seededDeps(1)).load()
    friend = await new Offline(memoryStore(), seededDeps(2)).load()
    await alice.meet(friend.found, await friend.bundle())
    await alice.send("hello")
    await friend.take(alice.mail[0]!)
    const before = new Set((await contentsOf(store)).map(({ key }) => key.join("/")))
    await write(alice, 3, "who are you")
    const left = (await contentsOf(store)).filter(({ key }) => !before.has(key.join("/")))
    await store.batch(crowd(left, MAX_STRANGER_SESSIONS - 1))
    full = await contentsOf(store)
  })

  it("[D11] keeps the newest of them, drops the oldest whole, says so, and goes on with her friend", async () => {
    const store = memoryStore()
    await store.batch(full)
    const alice = await new Offline(store, seededDeps(4)).begin()
    const { ledger } = alice.engine
    const before = pick(await counted(store))
    expect(before[0]).toBe(MAX_STRANGER_SESSIONS + 1)
    const sizes = (): readonly number[] => [
      ...[ledger.conversations, ledger.directs].map(({ size }) => size),
      ledger.links().length,
    ]
    const held = sizes()
    for (let i = 0; i < MORE; i++) {
      await write(alice, 100 + i, `newest ${i}`)
      expect(sizes()).toEqual(held)
    }
    expect(pick(await counted(store))).toEqual(before)
    expect(alice.texts).toEqual(Array.from({ length: MORE }, (_, i) => `newest ${i}`))
    expect(alice.errors).toEqual(Array.from({ length: MORE }, () => "ERR_LIMIT"))
    const gone = Array.from({ length: MORE }, (_, i) => `crowd-${i}`)
    expect(gone.filter((id) => ledger.conversations.has(id))).toEqual([])
    expect(ledger.conversations.has(`crowd-${MORE}`)).toBe(true)
    for (const { key } of await contentsOf(store)) expect(gone).not.toContain(key[1])

    // The friend was there before all of them, and is no stranger.
    await friend.send("still there?")
    await alice.take(friend.mail[0]!)
    expect(alice.texts.at(-1)).toBe("still there?")
    const again = await new Offline(store, seededDeps(5)).load()
    expect(again.engine.ledger.conversations.size).toBe(MAX_STRANGER_SESSIONS + 1)
  })

  it(
    `[D11] holds few of ${SESSIONS} sessions that one device begins with her`,
    async () => {
      const store = memoryStore()
      const clock = seededDeps(8)
      const alice = await new Offline(store, clock).load()
      const own = memoryStore()
      const eve = await new Offline(own, seededDeps(9)).load()
      // Her keys and nothing else: each time she has forgotten that they ever met.
      const keys = await contentsOf(own)
      const sizes: number[] = []
      for (let i = 0; i < SESSIONS; i++) {
        const fresh = memoryStore()
        await fresh.batch(keys)
        const again = await new Offline(fresh, { ...seededDeps(10 + i), nowMs: clock.nowMs }).load()
        await again.meet(alice.found, await alice.bundle())
        await again.send(`session ${i}`)
        await alice.take(again.mail[0]!)
        const { account, devices } = eve.found
        const { sessions } = alice.engine.ledger.linkTo(account, devices[0]!)
        sizes.push(sessions.length)
        clock.advance(HANDSHAKE_EVERY_MS)
      }
      expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_STANDING_SESSIONS + MAX_ARCHIVED_SESSIONS)
      expect(sizes.at(-1)).toBe(sizes.at(-10))
      const { link, conversation } = await counted(store)
      expect([link, conversation]).toEqual([1, 1])
    },
    60_000 + SESSIONS * 100,
  )

  if (STRANGERS > 0)
    it(
      `[D11] holds no more after ${STRANGERS} of them than after ${2 * MAX_STRANGER_SESSIONS}`,
      async () => {
        const store = memoryStore()
        const alice = await new Offline(store, seededDeps(6)).begin()
        const figures: (readonly number[])[] = []
        setFlagsFromString("--expose-gc")
        const collect = runInNewContext("gc") as () => void
        for (let i = 1; i <= STRANGERS; i++) {
          await write(alice, 1_000 + i, "hello")
          if (i % MAX_STRANGER_SESSIONS !== 0) continue
          collect()
          const contents = await contentsOf(store)
          const bytes = contents.reduce((sum, op) => sum + (op.type === "set" ? op.value.length : 0), 0)
          const heap = process.memoryUsage().heapUsed / 2 ** 20
          console.log(`${i} strangers: ${contents.length} records of ${bytes} B, heap ${heap.toFixed(1)} MiB`)
          figures.push(pick(await counted(store)))
        }
        expect(figures.slice(1)).toEqual(figures.slice(1).map(() => figures[0]))
      },
      60_000 + STRANGERS * 100,
    )
})
