/**
 * The frozen vectors computed in Debian's Chromium, where every primitive is JavaScript but the cipher of files, which is WebCrypto:
 * the same bytes as in Node, for handshake, ratchet, safety number, wire and sealed streams.
 */
import { readFileSync } from "node:fs"
import { chromium, type Browser, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Served, servePage } from "./support/bundle.ts"
import { CHROMIUM, FLAGS } from "./support/site.ts"

/** What the page's script exports. */
declare const inPage: { readonly OWN: Readonly<Record<string, () => unknown>> }

const FOLDER = new URL("../../packages/core/test/vectors/own/", import.meta.url)

let served: Served
let browser: Browser
let page: Page
beforeAll(async () => {
  served = await servePage(new URL("compute.ts", FOLDER))
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  page = await browser.newPage()
  await page.goto(served.url)
})
afterAll(async () => {
  await browser.close()
  await served[Symbol.asyncDispose]()
})

describe("the frozen vectors in Chromium", () => {
  it("has WebCrypto, so that files go over it", async () => {
    expect(await page.evaluate(() => isSecureContext && typeof crypto.subtle.encrypt)).toBe("function")
  })

  it.each(["handshake", "ratchet", "safety-number", "wire", "stream"])(
    "of %s are what the code computes there, byte for byte",
    async (name) => {
      const frozen: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"))
      expect(await page.evaluate((of) => inPage.OWN[of]?.(), name)).toEqual(frozen)
    },
  )
})
