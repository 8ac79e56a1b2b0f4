/** Channels that never leave the browser: between a page and its worker, and between the tabs of one origin. */
import { once } from "node:events"
import { type Server, createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { canarySearch } from "@securechat/testkit"
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { broadcastAdapter } from "../channel/rooms/broadcast-room.ts"
import { bundled } from "../support/docs.ts"
import type { Report } from "./channel/worker.ts"
import { CHROMIUM, FLAGS } from "./support/site.ts"

const HALF = 500
const WORDS = "meet me behind the old mill"

let browser: Browser
let server: Server
let origin: string
let context: BrowserContext
const complaints: string[] = []

const visit = async (path: string): Promise<Page> => {
  const page = await context.newPage()
  page.on("pageerror", (error) => complaints.push(error.message))
  await page.goto(origin + path)
  return page
}
const scripts = async (): Promise<Readonly<Record<string, string>>> => ({
  "/page.js": await bundled('import "./browser/channel/page.ts"', "browser"),
  "/worker.js": await bundled('import "./browser/channel/worker.ts"', "browser"),
  "/tab.js": await bundled(
    `${broadcastAdapter()}
     import { enterAs } from "./browser/channel/tab.ts"
     window.enter = enterAs(broadcastChannel)`,
    "browser",
  ),
})

beforeAll(async () => {
  const files = await scripts()
  server = createServer(({ url = "" }, response) => {
    const script = files[url]
    response.setHeader("content-type", script === undefined ? "text/html" : "text/javascript")
    response.end(
      script ??
        `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${url}.js"></script>`,
    )
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
})
beforeEach(async () => {
  complaints.length = 0
  context = await browser.newContext()
})
afterEach(async () => {
  await context.close()
  expect(complaints).toEqual([])
})
afterAll(async () => {
  await browser.close()
  server.close()
  server.closeAllConnections()
})

const numbered = (who: string, from: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${who} ${from + i}: ${WORDS}`)
/** Hellos pass in the open, and their nonces are drawn as keys are. */
const noncesIn = (seen: Buffer): ReadonlySet<string> => {
  const found = new Set<string>()
  for (
    let at = seen.indexOf(Uint8Array.of(1, 6, 0));
    at >= 0;
    at = seen.indexOf(Uint8Array.of(1, 6, 0), at + 1)
  )
    found.add(seen.subarray(at + 3, at + 3 + 32).toString("hex"))
  return found
}

describe("a SecureChannel in Chromium", () => {
  it("between a page and a worker carries a thousand messages each way through a restart of the worker", async () => {
    const page = await visit("/page")
    await page.waitForFunction(() => "tell" in window)
    const { ada, bo, boBefore, mallory, seen } = await page.evaluate(
      ([half, words]) => window.tell(half, words),
      [HALF, WORDS] as const,
    )
    expect(ada.texts).toEqual([
      ...numbered("bo", 0, HALF),
      "I am back",
      ...numbered("bo", HALF, HALF),
      "good night",
    ])
    expect(boBefore.texts).toEqual(numbered("ada", 0, HALF))
    expect(bo.texts).toEqual([...numbered("ada", HALF, HALF), "good night"])
    const calm = ({ level, missing, errors }: Report): unknown => ({ level, missing, errors })
    for (const one of [ada, boBefore, bo])
      expect(calm(one)).toEqual({ level: "yellow: unverified", missing: 0, errors: [] })
    // Her own light is no promise: while the worker is away she may complete a handshake as a candidate, of which nothing
    // is shown to anybody (protocol.md §5, rule 7).
    expect([ada.strangers.length, mallory.texts]).toEqual([1, []])

    const told = Buffer.from(seen, "latin1")
    expect(told.includes("the app's own talk")).toBe(true)
    const nonces = noncesIn(told)
    const keys = [ada, boBefore, bo].flatMap(({ drawn }) => drawn).filter((key) => !nonces.has(key))
    expect(keys.length).toBeGreaterThan(20)
    const canaries = keys.map((key) => ({ name: "a key", bytes: Buffer.from(key, "hex") }))
    const found = canarySearch([{ name: "a letter", bytes: Buffer.from(WORDS) }, ...canaries])(told)
    expect(found).toEqual([])
  })

  it("between two tabs, over the guide's BroadcastChannel, and a third tab hears nothing", async () => {
    const [ada, bo, mallory] = [await visit("/tab"), await visit("/tab"), await visit("/tab")]
    for (const tab of [ada, bo, mallory]) await tab.waitForFunction(() => "enter" in window)
    const enter = (tab: Page, peer: string): Promise<void> =>
      tab.evaluate(async (name) => {
        window.enter(name)
        await window.member.open()
      }, peer)
    await Promise.all([enter(ada, "bo"), enter(bo, "ada")])
    await mallory.evaluate(() => {
      window.enter()
      window.member.open().catch(() => undefined)
    })
    await ada.evaluate(() => window.member.until(() => window.member.strangers.length > 0))
    const say = (tab: Page, who: string): Promise<void> =>
      tab.evaluate((texts) => window.member.say(texts), numbered(who, 0, 100))
    await Promise.all([say(ada, "ada"), say(bo, "bo")])
    const heard = (tab: Page): Promise<readonly (string | undefined)[]> =>
      tab.evaluate(async () => {
        await window.member.until(() => window.member.messages.length === 100)
        return window.member.texts
      })
    expect(await heard(ada)).toEqual(numbered("bo", 0, 100))
    expect(await heard(bo)).toEqual(numbered("ada", 0, 100))
    expect(await mallory.evaluate(() => window.member.texts)).toEqual([])
  })
})
