import axe, { type AxeResults } from "axe-core"
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { paneOf } from "./support/pane.ts"
import { CHROMIUM, openSite, type Site } from "./support/site.ts"

const LOOKS = [
  { width: 1440, dark: false },
  { width: 360, dark: true },
] as const

declare global {
  interface Window {
    axe: typeof axe
  }
}

describe.skipIf(CHROMIUM === "")("axe finds nothing", () => {
  let site: Site

  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(() => site.close())
  afterEach(async () => {
    expect(await site.leave()).toEqual([])
  })

  /** Evaluated from outside, because the page's policy rightly refuses a script that is not its own. */
  const violations = async (page: Page, state: string): Promise<readonly string[]> => {
    await page.evaluate(axe.source)
    const results: AxeResults = await page.evaluate(() => window.axe.run(document))
    return results.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target }) => `${state}: ${id} at ${target.join(" ")}`),
    )
  }

  test.each(LOOKS)("in any state at $width pixels, dark: $dark", async ({ width, dark }) => {
    const { page } = await site.visit("/", { width, dark, reducedMotion: true })
    const alice = paneOf(page, "alice")
    const found = [await violations(page, "starting")]
    await alice.toBe("yellow")
    await alice.write("hello https://example.org")
    found.push(await violations(page, "chatting"))

    const encrypted = alice.root.getByRole("switch", { name: "Show encrypted form" })
    await encrypted.click()
    found.push(await violations(page, "encrypted form"))
    await encrypted.click()

    await alice.safetyNumber()
    await alice.sheet.locator(".qr path[d^=M]").waitFor()
    found.push(await violations(page, "comparing"))
    await alice.button("They match").click()
    found.push(await violations(page, "compared"))
    await alice.button("Done").click()

    await page.getByRole("button", { name: "Demo", exact: true }).click()
    found.push(await violations(page, "drawer"))
    await page.locator("[data-action=renew-bob]").click()
    await alice.toBe("red")
    found.push(await violations(page, "key changed"))
    expect(found.flat()).toEqual([])
  })
})
