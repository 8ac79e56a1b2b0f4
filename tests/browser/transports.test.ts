/** The transports that exist in browsers, in Debian's Chromium: the suite every transport passes. */
import { chromium, type Browser, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Served, servePage } from "./support/bundle.ts"
import { collect } from "./support/runner.ts"
import { CHROMIUM, FLAGS } from "./support/site.ts"
import { type FarEnds, farEnds } from "./transports/far-ends.ts"
import { type InPage, type Kind, SUITES } from "./transports/page.ts"

/** What the page's script exports. */
declare const inPage: InPage

let served: Served
let far: FarEnds
let browser: Browser
let page: Page

beforeAll(async () => {
  served = await servePage(new URL("transports/page.ts", import.meta.url))
  far = await farEnds()
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  page = await browser.newPage()
  await page.goto(served.url)
  await page.evaluate((url) => {
    inPage.serveFrom(url)
  }, far.url)
})
afterAll(async () => {
  await browser.close()
  await far[Symbol.asyncDispose]()
  await served[Symbol.asyncDispose]()
})

describe.each(Object.keys(SUITES) as Kind[])("%s in Chromium", (kind) => {
  for (const [number, { name }] of collect(SUITES[kind]).entries())
    it(name, async () => {
      expect(
        await page.evaluate(([which, n]) => inPage.run(which, n), [kind, number] as const),
      ).toBeUndefined()
    })
})
