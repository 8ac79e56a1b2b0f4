/** What the relay does for devices, once more on Redis. */
import { afterAll, beforeAll, describe } from "vitest"
import { REDIS_SERVER, type RedisServer, startRedis } from "../../scripts/redis.ts"
import { keepIn } from "./support/place.ts"

let redis: RedisServer
keepIn(() => ({ redis: redis.fresh() }))

describe.skipIf(REDIS_SERVER === "")("on Redis", async () => {
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.close())
  await import("./service.test.ts")
})
