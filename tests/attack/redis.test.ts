/** What a relay keeps back and brings again, once more where its mailboxes lie in Redis. */
import { afterAll, beforeAll, describe } from "vitest"
import { REDIS_SERVER, type RedisServer, startRedis } from "../../scripts/redis.ts"
import { keepIn } from "../relay/support/place.ts"

let redis: RedisServer
keepIn(() => ({ redis: redis.fresh() }))

describe.skipIf(REDIS_SERVER === "")("on Redis", async () => {
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.close())
  await import("./withheld.test.ts")
})
