/** Two tabs of one browser on one store, in front of a real relay. */
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type World, world } from "../support/people.ts"
import { type Served, servePage } from "./support/bundle.ts"
import { CHROMIUM, FLAGS } from "./support/site.ts"
import type { ChatInPage } from "./store/chat-page.ts"

/** What the page's script exports. */
declare const inPage: ChatInPage

/** A bound for a machine that does much else. */
const LONG = { timeout: 20_000 }

let served: Served
let browser: Browser

beforeAll(async () => {
  served = await servePage(new URL("store/chat-page.ts", import.meta.url))
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
})
afterAll(async () => {
  await browser.close()
  await served[Symbol.asyncDispose]()
})

const tabIn = async (context: BrowserContext): Promise<Page> => {
  const page = await context.newPage()
  await page.goto(served.url)
  return page
}
const openIn = (tab: Page, where: World, tabs: "refuse" | "takeover" = "refuse"): Promise<string> =>
  tab.evaluate(([url, how]) => inPage.open(url, "alice", how), [
    where.url.replace("http", "ws"),
    tabs,
  ] as const)
const sendIn = (tab: Page, text: string): Promise<string> => tab.evaluate((said) => inPage.send(said), text)

describe("two tabs on one store", () => {
  it("[D5] refuses the second, takes over on its word, ends the first, and never has two writers", async () => {
    await using where = await world({ cors: { origins: [new URL(served.url).origin] } })
    const heard: string[] = []
    const bob = await where.join("bob")
    bob.on("message", ({ text = "" }) => heard.push(text))
    bob.on("message:unreadable", ({ problem }) => heard.push(problem.code))
    const context = await browser.newContext()
    const [first, second] = [await tabIn(context), await tabIn(context)]

    expect(await openIn(first, where)).toBe("open")
    expect(await sendIn(first, "of the first")).toBe("of the first")
    expect(await openIn(second, where)).toBe("ERR_OTHER_TAB")
    expect(await sendIn(first, "still the first")).toBe("still the first")

    const third = await tabIn(context)
    expect(await openIn(third, where, "takeover")).toBe("open")
    await expect
      .poll(() => first.evaluate(() => inPage.state()), LONG)
      .toEqual({ connection: "closed", errors: ["ERR_OTHER_TAB"] })
    expect(await sendIn(first, "too late")).toBe("ERR_CLOSED")
    expect(await sendIn(third, "of the third")).toBe("of the third")
    await expect.poll(() => heard, LONG).toEqual(["of the first", "still the first", "of the third"])

    // Closed as a person closes a tab: nothing gives the store back but the browser.
    await third.close()
    await expect.poll(() => openIn(second, where), LONG).toBe("open")
    expect(await sendIn(second, "of the second")).toBe("of the second")
    await expect.poll(() => heard.at(-1), LONG).toBe("of the second")
    expect(heard).toHaveLength(4)
    await context.close()
  })
})
