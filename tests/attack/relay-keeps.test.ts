/**
 * What a relay leaves on disk, in SQLite and in Redis' log of writes, searched for every text and every secret of a
 * conversation. What passes through it and what it logs is in `relay-sees.test.ts`.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Canary, canarySearch } from "@securechat/testkit"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { keysThatOpen, secretsIn } from "../../packages/core/test/support/secrets.ts"
import { REDIS_SERVER, type RedisServer, startRedis } from "../../scripts/redis.ts"
import { type World, createWorld } from "../support/world.ts"

const TEXTS = ["canary: under the third stone from the left", "canary: nobody followed me, 誰も"] as const
const folder = mkdtempSync(join(tmpdir(), "securechat-keeps-"))
let redis: RedisServer | undefined
let world: World | undefined

beforeAll(async () => {
  if (REDIS_SERVER !== "") redis = await startRedis()
})
afterEach(() => world?.close())
afterAll(async () => {
  await redis?.close()
  rmSync(folder, { recursive: true })
})

const filesIn = (path: string): readonly Buffer[] =>
  readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))

/** A conversation with mail that waits, and everything in it that nobody else may have. */
const converse = async (here: World): Promise<readonly Canary[]> => {
  const [alice, bob] = await here.pair()
  for (let turn = 0; turn < 4; turn++) {
    await alice.says(bob, `${TEXTS[0]} ${turn}`)
    await bob.says(alice, `${TEXTS[1]} ${turn}`)
  }
  await bob.chat.close()
  const waiting = await (await alice.with("bob")).send(TEXTS[0])
  await (await alice.with("bob")).waitFor(waiting.id, "sent")
  const submits = here.evil.seen.flatMap(({ way, frame }) =>
    way === "up" && frame.type === "submit" ? [frame.body] : [],
  )
  const opened = submits.flatMap((body) =>
    [alice, bob].flatMap(({ store }) => keysThatOpen(body, store.written) ?? []),
  )
  expect(opened.length).toBeGreaterThan(8)
  const secrets = [alice, bob].flatMap(({ store, drawn }) => [
    ...secretsIn(store.written),
    ...drawn.map((bytes) => ({ name: "a seed that was drawn", bytes })),
  ])
  return [...TEXTS.map((text) => ({ name: text, bytes: Buffer.from(text) })), ...secrets, ...opened]
}

/** Each kind of thing that is looked for would be found, and none is. */
const expectNone = (files: readonly Buffer[], canaries: readonly Canary[], own: Uint8Array): void => {
  const search = canarySearch(canaries)
  expect(files.some((file) => file.includes(Buffer.from(own)))).toBe(true)
  expect(files.flatMap((file) => search(file))).toEqual([])
  for (const { name, bytes } of canaries) expect(search(Buffer.concat([own, bytes, own]))).toContain(name)
}

describe("what the relay keeps", () => {
  it("[C9] in a file and its journal holds no text and no secret", async () => {
    world = await createWorld({ relay: { mailbox: { sqlite: join(folder, "relay.db") } } })
    const canaries = await converse(world)
    const [publish] = world.evil.frames("alice", "publish")
    expectNone(filesIn(folder), canaries, publish?.certificate ?? new Uint8Array(0))
  })

  it.skipIf(REDIS_SERVER === "")("[C9] in Redis holds no text and no secret", async () => {
    if (redis === undefined) throw new Error("no Redis")
    world = await createWorld({ relay: { mailbox: { redis: redis.fresh() } } })
    const canaries = await converse(world)
    const [publish] = world.evil.frames("alice", "publish")
    // Every write, as it came, whatever was deleted since.
    expectNone(filesIn(redis.folder), canaries, publish?.certificate ?? new Uint8Array(0))
  })
})
