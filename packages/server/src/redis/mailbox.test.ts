import type { DeviceId } from "@securechat/core/wire"
import { silentLogger } from "@securechat/core/transport"
import { type ManualClock, manualClock, unsafeSeeded } from "@securechat/testkit"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { REDIS_SERVER, type RedisServer, startRedis } from "../../../../scripts/redis.ts"
import { type MailboxUnderTest, mailboxSuite } from "../../test/suites/mailbox.ts"
import { RedisLink } from "./link.ts"
import { redisMailbox } from "./mailbox.ts"

const caps = { messages: 20, bytes: 200, dedupMs: 86_400_000 }
const { random } = unsafeSeeded(5)
const a = "a" as DeviceId
const opened: RedisLink[] = []
let server: RedisServer

interface Opened extends MailboxUnderTest {
  readonly link: RedisLink
}
const openOn = async (url: string, clock: ManualClock): Promise<Opened> => {
  const { nowMs, advance } = clock
  const link = new RedisLink({ url, log: silentLogger })
  opened.push(link)
  const mailbox = redisMailbox(link, { nowMs, random, relay: "one", ...caps })
  await link.connect()
  const reopen = async (): Promise<Opened> => {
    await server.kill()
    await mailbox.close()
    await server.restart()
    return openOn(url, clock)
  }
  return { link, mailbox, nowMs, advance, reopen }
}
const make = (): Promise<Opened> => openOn(server.fresh(), manualClock())

describe.skipIf(REDIS_SERVER === "")("Redis", () => {
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(async () => {
    for (const link of opened) await link.close()
    await server.close()
  })

  mailboxSuite({ describe, it }, make, { ...caps, survivesRestart: true })

  describe("Redis mailboxes", () => {
    const put = async ({ mailbox, nowMs }: MailboxUnderTest, id: string, to = a): Promise<string> =>
      mailbox.append(to, new Uint8Array(10), { id, expiresAt: new Date(nowMs() + 1_000) })

    it("[R13] reject while Redis is away, and go on by themselves when it is back", async () => {
      const box = await make()
      expect(await put(box, "1")).toBe("stored")
      await server.kill()
      await expect(put(box, "2")).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" })
      const back = new Promise<void>((resolve) => {
        box.link.onConnect(resolve)
      })
      await server.restart()
      await back
      expect(await put(box, "1")).toBe("duplicate")
      expect(await put(box, "2")).toBe("stored")
      expect(await box.mailbox.read(a, { limit: 9 })).toHaveLength(2)
    })

    it("are another epoch once Redis has lost them", async () => {
      const url = server.fresh()
      const box = await openOn(url, manualClock())
      await put(box, "1")
      const [item] = await box.mailbox.read(a, { limit: 1 })
      await box.link.command("FLUSHDB")
      const again = await openOn(url, manualClock())
      expect((await again.mailbox.resume(a, item?.cursor ?? "")).resumed).toBe(false)
    })

    it("are full when Redis has no memory left", async () => {
      const url = server.fresh()
      const before = await openOn(url, manualClock())
      await before.mailbox.resume(a, "")
      await put(before, "0")
      const box = await openOn(url, manualClock())
      await box.link.command("CONFIG", "SET", "maxmemory", "1")
      expect(await put(box, "1")).toBe("full")
      // What is there can still be read.
      expect(await box.mailbox.resume(a, "")).toMatchObject({ backlog: 1 })
      expect(await box.mailbox.read(a, { limit: 1 })).toHaveLength(1)
      await box.link.command("CONFIG", "SET", "maxmemory", "0")
      expect(await put(box, "1")).toBe("stored")
    })

    it("know their scripts again after somebody made Redis forget them", async () => {
      const box = await make()
      await put(box, "1")
      await box.link.command("SCRIPT", "FLUSH")
      expect(await put(box, "2")).toBe("stored")
    })

    it("leave nothing in Redis for ever", async () => {
      const box = await make()
      await put(box, "1")
      await box.mailbox.ack(a, (await box.mailbox.read(a, { limit: 1 }))[0]?.cursor ?? "")
      // The next sweep, which any append may bring, tidies what is empty.
      await box.advance(60_000)
      await put(box, "2", "b")
      const keys = await box.link.command<readonly Buffer[]>("KEYS", "*:a")
      expect(keys.map(String).sort()).toEqual(["sc:i:a", "sc:m:a"])
      for (const key of keys)
        expect(await box.link.command("PTTL", key.toString())).toBeGreaterThan(caps.dedupMs / 2)
    })
  })
})
