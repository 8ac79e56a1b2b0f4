/** Nothing promised is lost, nothing is shown twice, no order is lost silently, whatever dies. relay.md, T4 */
import { assertHistory, unsafeSeeded } from "@securechat/testkit"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { REDIS_SERVER, type RedisServer, startRedis } from "../../scripts/redis.ts"
import { account, showProgress } from "./account.ts"
import { type ChaosFault, faultsOf } from "./faults.ts"
import { Story, type Where } from "./story.ts"

const MESSAGES = Number(process.env["CHAOS_MESSAGES"] ?? 120)
const SEED = Number(process.env["CHAOS_SEED"] ?? 1)
/** A bound for a slow machine; what stands still ends by itself. */
const LIMIT_MS = 240_000 + MESSAGES * 150
const LONG = MESSAGES > 1_000
/** Of each kind in a long run; of deaths twice as many. */
const EACH = Math.ceil(MESSAGES / 5_000)
const DEATHS: readonly ChaosFault[] = ["kill", "kill-relay", "kill-redis"]
const timesOf = (kind: ChaosFault): number => (DEATHS.includes(kind) ? 2 * EACH : EACH)
const PAIRS = [
  ["ada", "bob"],
  ["cyd", "dan"],
  ["eve", "fay"],
] as const

// Side by side: while a relay of one stands still, the other goes on.
describe.concurrent("people, relays and a network as processes", () => {
  let server: RedisServer | undefined
  beforeAll(async () => {
    if (REDIS_SERVER !== "") server = await startRedis()
  })
  afterAll(async () => {
    await server?.close()
  })

  const run = async (name: string, where: Where, few: readonly ChaosFault[]): Promise<void> => {
    const random = unsafeSeeded(SEED)
    const kinds = faultsOf(typeof where === "object")
    const deck = kinds.flatMap((kind) => Array.from({ length: timesOf(kind) }, () => kind))
    const faults = LONG ? shuffled(deck, random) : few
    await using story = new Story(where, random)
    const { record } = story
    const beganMs = Date.now()
    const endProgress = showProgress(name, story, MESSAGES)
    try {
      await story.begin(LONG ? PAIRS : PAIRS.slice(0, 1))
      for (const [at, fault] of faults.entries()) {
        const enough = Math.floor((MESSAGES * (at + 1)) / (faults.length + 1))
        await story.until(() => record.promised >= enough)
        await story.fault(fault)
      }
      await story.until(() => record.promised >= MESSAGES)
      await story.rest()
    } finally {
      endProgress()
      account(name, story, Date.now() - beganMs)
    }
    assertHistory(record.history, `CHAOS_SEED=${SEED} CHAOS_MESSAGES=${MESSAGES} vitest run tests/chaos`)
    expect(record.invented).toEqual([])
    expect(record.promised).toBeGreaterThanOrEqual(MESSAGES)
    // Apart from what was told: what the stores hold in the end.
    expect(record.store).toEqual({ lost: 0, twice: 0 })
    for (const kind of LONG ? kinds : few)
      expect(story.faults.counts.get(kind)).toBeGreaterThanOrEqual(LONG ? timesOf(kind) : 1)
  }

  it(
    "lose and repeat nothing with a relay on SQLite",
    async () => {
      await run("sqlite", "sqlite", ["kill", "kill-relay", "cut", "kill"])
    },
    LIMIT_MS,
  )

  it.skipIf(REDIS_SERVER === "")(
    "lose and repeat nothing with two relays behind one Redis, killed too",
    async () => {
      await run("redis", { server: server!, url: server!.fresh() }, [
        "kill",
        "kill-relay",
        "kill-redis",
        "move",
      ])
    },
    LIMIT_MS,
  )
})

const shuffled = <T>(items: readonly T[], random: ReturnType<typeof unsafeSeeded>): T[] =>
  items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
