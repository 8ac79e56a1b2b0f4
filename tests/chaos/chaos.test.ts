/** Nothing promised is lost, nothing is shown twice, no order is lost silently, whatever dies. relay.md, T4 */
import { assertHistory, unsafeSeeded } from "@securechat/testkit"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { REDIS_SERVER, type RedisServer, startRedis } from "../../scripts/redis.ts"
import { type ChaosFault, Story, type Where } from "./story.ts"

const MESSAGES = Number(process.env["CHAOS_MESSAGES"] ?? 120)
const SEED = Number(process.env["CHAOS_SEED"] ?? 1)
const LIMIT_MS = 60_000 + MESSAGES * 200
/** Of a short run; a long one draws its own. */
const SHORT: readonly ChaosFault[] = ["kill", "kill-relay", "cut", "kill"]

describe("people, relays and a network as processes", () => {
  let redis: RedisServer | undefined
  beforeAll(async () => {
    if (REDIS_SERVER !== "") redis = await startRedis()
  })
  afterAll(async () => {
    await redis?.close()
  })

  const run = async (where: Where, kills: () => Promise<void>): Promise<void> => {
    const random = unsafeSeeded(SEED)
    await using story = new Story(random)
    await story.begin(["ada", "bob"], where)
    const long = MESSAGES > 1_000
    const faults = long ? Math.floor(MESSAGES / 500) : SHORT.length
    for (let count = 0; count < faults; count++) {
      const enough = Math.floor((MESSAGES * (count + 1)) / (faults + 1))
      await story.until(() => story.promised >= enough)
      if (long && count % 50 === 49) await kills()
      else await story.fault(long ? undefined : SHORT[count])
    }
    await story.until(() => story.promised >= MESSAGES)
    await story.rest()
    assertHistory(story.history, `CHAOS_SEED=${SEED} CHAOS_MESSAGES=${MESSAGES} vitest run tests/chaos`)
    console.log(`${story.promised} promised, ${faults} faults, ${story.unreadable} asked for again`)
    expect(story.promised).toBeGreaterThanOrEqual(MESSAGES)
  }

  it(
    "lose and repeat nothing with a relay on SQLite",
    async () => {
      await run({ sqlite: true }, () => Promise.resolve())
    },
    LIMIT_MS,
  )

  it.skipIf(REDIS_SERVER === "")(
    "lose and repeat nothing with two relays behind one Redis, killed too",
    async () => {
      await run({ redis: redis!.fresh() }, async () => {
        await redis!.kill()
        await redis!.restart()
      })
    },
    LIMIT_MS,
  )
})
