/** Clients as real processes on SQLite files, killed with -9 at any moment and started again on the same file. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { decodeEnvelope, prekeyCodec } from "@securechat/core/wire"
import type { RelayOptions } from "@securechat/server"
import { assertHistory, unsafeSeeded } from "@securechat/testkit"
import { webSocket } from "@securechat/transport-ws"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { REDIS_SERVER, type RedisServer, startRedis } from "../../scripts/redis.ts"
import { bundled } from "../chaos/process.ts"
import { Story, type Where } from "../chaos/story.ts"
import { boastOfStock } from "../sim/tricks.ts"
import { EvilRelay } from "../support/evil-relay.ts"
import { packetProxy } from "../support/packet-proxy.ts"
import { world } from "../support/people.ts"
import { Ada } from "./ada.ts"
import { Wire, withoutNumber } from "./wire.ts"

/** On each kind of mailbox. */
const KILLS = Number(process.env["CRASH_KILLS"] ?? 8)
/** Who begins with a prekey each: of a hundred all that were published. */
const PEERS = Number(process.env["CRASH_PEERS"] ?? 3)
const SEED = Number(process.env["CRASH_SEED"] ?? 1)
/** The next death comes after at most so much has happened: some find a process that has not opened its store yet. */
const MAX_BETWEEN = 60

let redis: RedisServer | undefined
beforeAll(async () => {
  if (REDIS_SERVER !== "") redis = await startRedis()
})
afterAll(() => redis?.close())

const MAILBOXES = ["memory", "SQLite", ...(REDIS_SERVER === "" ? [] : ["Redis"])]

describe.each(MAILBOXES)("clients that are killed at any moment, of a relay on %s", (mailbox) => {
  const where = (): Where =>
    mailbox === "Redis" ? { server: redis!, url: redis!.fresh() } : mailbox === "SQLite" ? "sqlite" : "memory"

  it(
    `[D3] [D2] lose nothing, show nothing twice, and use no key for two texts, over ${KILLS} deaths`,
    async () => {
      const random = unsafeSeeded(SEED)
      const replay = `CRASH_SEED=${SEED} CRASH_KILLS=${KILLS} vitest run tests/crash/killed`
      const wire = new Wire()
      await using story = new Story(where(), random, (name, way, frame) => {
        wire.note(name, way, frame)
      })
      await story.begin([["ada", "bob"]])
      // They have met.
      await story.until(() => story.record.promised > 10)
      // One more where none has met an envelope between its submit and its answer: what is sent again is what this is about.
      let kills = 0
      for (; kills < KILLS || wire.repeats === 0; kills++) {
        const at = story.happened + random.below(MAX_BETWEEN)
        await story.until(() => story.happened >= at)
        await story.strike()
      }
      await story.rest()
      console.log(`${story.record.promised} promised, ${kills} deaths, ${wire.repeats} envelopes sent again`)
      assertHistory([...story.record.history, ...wire.sealed], replay)
      expect(wire.problems, replay).toEqual([])
    },
    60_000 + KILLS * 1_000,
  )
})

describe.each(MAILBOXES)("a client that is killed while it publishes, of a relay on %s", (where) => {
  let folder: string
  const mailbox = (): RelayOptions["mailbox"] =>
    where === "Redis"
      ? { redis: redis!.fresh() }
      : where === "SQLite"
        ? { sqlite: join(folder, "relay.db") }
        : "memory"
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "securechat-"))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it(
    `[D4] publishes the same bytes again, is counted once, and each of ${PEERS} peers begins with a key of its own`,
    async () => {
      const tap = await packetProxy({ transparent: true })
      await using relay = await world({ origins: [tap.url], mailbox: mailbox() })
      tap.relay = `http://127.0.0.1:${relay.port}`
      await using ada = new Ada(await bundled("person.ts", folder), join(folder, "ada.db"), tap)
      ada.withhold("publish")
      await ada.live(() => ada.crossed("publish", 1))
      ada.withhold("its answer")
      await ada.live(() => ada.crossed("ok", 1))
      ada.withhold("nothing")
      await ada.live(() => ada.crossed("handleSet", 1))
      const publications = await ada.crossed("publish", 3)
      expect(new Set(publications.map(withoutNumber)).size).toBe(1)

      await ada.start()
      const { oneTime } = publications[0]!
      expect((await ada.crossed("ready", 4))[3]).toMatchObject({ oneTimeLeft: 100, kemLeft: 20 })
      // Her name comes behind her keys: with a full stock there was nothing to publish.
      await ada.crossed("handleSet", 2)
      expect(ada.crossings("publish")).toHaveLength(3)
      // Peers with few keys of their own: a hundred of them are made quickly.
      const evil = new EvilRelay()
      boastOfStock(evil)
      const names = Array.from({ length: PEERS }, (_, i) => `peer-${i}`)
      for (const name of names) {
        const peer = await relay.join(name, {
          transport: evil.transport(name, webSocket(`ws://127.0.0.1:${relay.port}`)),
        })
        await (await peer.direct("ada")).send(`hello of ${name}`)
      }
      await ada.until(() => ada.heard.length >= PEERS)
      expect(ada.heard.toSorted()).toEqual(names.map((name) => `hello of ${name}`).toSorted())
      const ids = new Set(oneTime.map((bytes) => prekeyCodec.decode(bytes).keyId))
      const used = names.map((name) => decodeEnvelope(evil.frames(name, "submit")[0]!.body).handshake?.opkId)
      expect(new Set(used).size).toBe(PEERS)
      expect(used.filter((id) => id !== undefined && ids.has(id))).toHaveLength(PEERS)
    },
    20_000 + PEERS * 1_000,
  )
})
