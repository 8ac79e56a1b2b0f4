import { silentLogger } from "@securechat/core/transport"
import { unsafeSeeded } from "@securechat/testkit"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { REDIS_SERVER, type RedisServer, startRedis } from "../../../../scripts/redis.ts"
import { type DirectoryUnderTest, SUITE_LIMITS, directorySuite } from "../../test/suites/directory.ts"
import { LATER_MS, NOW_MS, many, suitePublication, text } from "../../test/suites/publications.ts"
import type { Directory } from "../directory/directory.ts"
import { redisDirectory } from "./directory.ts"
import { RedisLink } from "./link.ts"

const opened: RedisLink[] = []
let server: RedisServer

interface Opened extends DirectoryUnderTest {
  readonly link: RedisLink
}
const openOn = async (url: string, relay = "one", allowVolatile = false): Promise<Opened> => {
  const link = new RedisLink({ url, log: silentLogger })
  opened.push(link)
  await link.connect()
  const reopen = async (): Promise<Opened> => {
    await server.kill()
    await link.close()
    await server.restart()
    return openOn(url, relay)
  }
  return { link, directory: redisDirectory(link, { limits: SUITE_LIMITS, relay, allowVolatile }), reopen }
}
const make = (): Promise<Opened> => openOn(server.fresh())
const pair = async (): Promise<readonly [Opened, Opened]> => {
  const url = server.fresh()
  return [await openOn(url), await openOn(url, "two")]
}

describe.skipIf(REDIS_SERVER === "")("Redis", () => {
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(async () => {
    for (const link of opened) await link.close()
    await server.close()
  })

  directorySuite({ describe, it }, make, { survivesRestart: true })

  describe("a directory in Redis", () => {
    it("[A10] gives the last key to one of two relays that race for it, 10,000 times", async () => {
      const [one, two] = await pair()
      const seed = 20_261_127
      const { random } = unsafeSeeded(seed)
      const devices = Array.from({ length: 100 }, (_, index) => `device ${index}`)
      for (const device of devices) await one.directory.publish(suitePublication("ann", device))
      const claim = async ({ directory }: Opened, device: string): Promise<string | undefined> => {
        const [keys] = (await directory.claim("ann", [device], NOW_MS)) ?? []
        return typeof keys === "object" ? text(keys.oneTime) : "no bundle"
      }
      for (let round = 0; round < 100; round++) {
        // One key each, laid in behind the relays' backs: publishing 10,000 times is another test.
        const last = devices.map((device) => `${device} round ${round}`)
        for (const [index, key] of last.entries())
          void one.link.command("RPUSH", `sc:o:ann:${devices[index] ?? ""}`, `${LATER_MS}:${key}`)
        await one.link.command("PING")
        const claims = devices.map((device) => {
          const [first, second] = (random(1)[0] ?? 0) % 2 === 0 ? [one, two] : [two, one]
          return Promise.all([claim(first, device), claim(second, device)])
        })
        const given = (await Promise.all(claims)).map((pair) => pair.filter((key) => key !== undefined))
        expect({ seed, given }).toEqual({ seed, given: last.map((key) => [key]) })
      }
    })

    it("takes publications that meet, one after the other, whichever relay they come to", async () => {
      const [one, two] = await pair()
      const at = (index: number): Directory => (index % 2 === 0 ? one : two).directory
      const publications = Array.from({ length: 4 }, async (_, index) =>
        at(index).publish(suitePublication("ann", "phone", { oneTime: many("opk", 1, index + 1) })),
      )
      const results = await Promise.all(publications)
      expect(results.every((result) => typeof result === "object")).toBe(true)
      expect((await one.directory.find("ann", "phone")).oneTimeLeft).toBe(4)
    })

    it("makes only one of two lists the next", async () => {
      const [one, two] = await pair()
      await one.directory.publish(suitePublication("ann", "phone"))
      const results = await Promise.all([
        one.directory.publish(suitePublication("ann", "phone", { version: 2, branch: "a" })),
        two.directory.publish(suitePublication("ann", "phone", { version: 2, branch: "b" })),
      ])
      expect(results.filter((result) => result === "refused")).toHaveLength(1)
    })

    it("is not ready on a Redis that would forget, unless that is wanted", async () => {
      const url = server.fresh()
      const one = await openOn(url)
      await one.directory.check()
      await one.link.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
      await expect(one.directory.check()).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
      await (await openOn(url, "one", true)).directory.check()
      await one.link.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
      await one.link.command("CONFIG", "SET", "appendonly", "no")
      await expect(one.directory.check()).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
      await one.link.command("CONFIG", "SET", "appendonly", "yes")
    })
  })
})
