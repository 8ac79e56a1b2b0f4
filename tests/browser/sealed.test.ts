/** A sealed store in Chromium, with a profile on the disk: kept over a reload, and nothing in it to be read. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { canarySearch } from "@securechat/testkit"
import { chromium, type BrowserContext, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { world } from "../support/people.ts"
import { type Served, servePage } from "./support/bundle.ts"
import { CHROMIUM, FLAGS } from "./support/site.ts"
import type { SealedPage } from "./store/sealed-page.ts"

/** What the page's script exports. */
declare const inPage: SealedPage

/** A bound for a machine that does much else. */
const LONG = { timeout: 60_000 }
const CANARY = "a canary for the disk"

let served: Served
let profile: string
let context: BrowserContext

const launch = (): Promise<BrowserContext> =>
  chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: FLAGS })
beforeAll(async () => {
  served = await servePage(new URL("store/sealed-page.ts", import.meta.url))
  profile = mkdtempSync(join(tmpdir(), "securechat-"))
  context = await launch()
})
afterAll(async () => {
  await context.close()
  await served[Symbol.asyncDispose]()
  rmSync(profile, { recursive: true })
})
const load = async (): Promise<Page> => {
  const page = await context.newPage()
  await page.goto(served.url)
  return page
}

describe("a sealed store in Chromium", () => {
  it(
    "[D9] keeps account and history over a restart of the browser, and shows no text and no key",
    LONG,
    async () => {
      await using relay = await world()
      const url = relay.url.replace("http", "ws")
      const bob = await relay.join("bob")
      const page = await load()
      const accountId = await page.evaluate((to) => inPage.open(to), url)
      expect(accountId).toMatch(/^sc1/)
      await page.evaluate((text) => inPage.say(text), CANARY)
      expect(await page.evaluate(() => inPage.history())).toEqual([CANARY])

      const words = [CANARY, accountId, bob.accountId].map((name) => ({
        name,
        bytes: new TextEncoder().encode(name),
      }))
      const found = canarySearch(words)
      const { text, keys } = await page.evaluate(() => inPage.dump())
      expect(keys).toEqual(["kept"])
      expect(text.split("\n").length).toBeGreaterThan(100)
      expect(found(new TextEncoder().encode(text))).toEqual([])
      await page.evaluate(() => inPage.close())
      await context.close()

      const files = readdirSync(profile, { recursive: true, encoding: "utf8" }).map((name) =>
        join(profile, name),
      )
      const databases = files.filter((name) => name.includes("IndexedDB") && statSync(name).isFile())
      expect(databases.length).toBeGreaterThan(0)
      for (const name of databases) expect(found(readFileSync(name))).toEqual([])

      context = await launch()
      const again = await load()
      expect(await again.evaluate((to) => inPage.open(to), url)).toBe(accountId)
      expect(await again.evaluate(() => inPage.history())).toEqual([CANARY])

      // Under a passphrase from here on: derived in slices, with progress.
      await again.evaluate(() => inPage.change("correct horse"))
      await again.evaluate(() => inPage.close())
      await again.reload()
      expect(await again.evaluate((to) => inPage.open(to), url)).toBe("ERR_STORE_WRONG_KEY")
      expect(await again.evaluate((to) => inPage.open(to, "wrong horse"), url)).toBe("ERR_STORE_WRONG_KEY")
      expect(await again.evaluate((to) => inPage.open(to, "correct horse"), url)).toBe(accountId)
      await again.evaluate(() => inPage.close())
    },
  )

  it("makes no new key where the one of a store is gone, and no new account", LONG, async () => {
    await using relay = await world()
    const url = relay.url.replace("http", "ws")
    const page = await load()
    await page.evaluate(() => inPage.drop("alice"))
    expect(await page.evaluate((to) => inPage.open(to), url)).toMatch(/^sc1/)
    await page.evaluate(() => inPage.close())
    await page.evaluate(() => inPage.drop("securechat-keys"))
    for (let time = 1; time <= 2; time++)
      expect(await page.evaluate((to) => inPage.open(to), url)).toBe("ERR_STORE_WRONG_KEY")
  })
})
