import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { eventually, paneOf } from "./support/pane.ts"
import { CHROMIUM, openSite, type Site } from "./support/site.ts"

declare global {
  interface Window {
    __firstTheme?: string
  }
}

const SIZES = [
  [360, 740],
  [899, 740],
  [900, 700],
  [1440, 900],
] as const

describe.skipIf(CHROMIUM === "")("the page", () => {
  let site: Site

  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(() => site.close())
  afterEach(async () => {
    expect(await site.leave()).toEqual([])
  })

  test("fits any window between a small phone and a desktop", async () => {
    const { page } = await site.visit("/")
    const alice = paneOf(page, "alice")
    await alice.toBe("yellow")
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height })
      await eventually(() => paneOf(page, "bob").root.isVisible()).toBe(width >= 900)
      const spill = await page.evaluate(() => ({
        x: document.documentElement.scrollWidth - innerWidth,
        y: document.documentElement.scrollHeight - innerHeight,
      }))
      expect(spill).toEqual({ x: 0, y: 0 })
      for (const part of [alice.pill, alice.field, page.getByRole("button", { name: "Demo" })]) {
        const box = await part.boundingBox()
        expect(box?.x).toBeGreaterThanOrEqual(0)
        expect((box?.x ?? width) + (box?.width ?? 0)).toBeLessThanOrEqual(width)
        expect((box?.y ?? height) + (box?.height ?? 0)).toBeLessThanOrEqual(height)
      }
    }
  })

  test("under 900 pixels the panes are two tabs, and the hidden one counts what is unread", async () => {
    const { page } = await site.visit("/", { width: 360, height: 740 })
    const alice = paneOf(page, "alice")
    await alice.toBe("yellow")
    await alice.write("over here")
    const tab = page.getByRole("tab", { name: /Bob/ })
    await tab.getByLabel(/unread/).waitFor()
    await page.getByRole("tab", { name: /Alice/ }).press("ArrowRight")
    expect(await tab.getAttribute("aria-selected")).toBe("true")
    await paneOf(page, "bob").message("over here").waitFor()
    await tab.getByLabel(/unread/).waitFor({ state: "detached" })
    await page.getByRole("tab", { name: /Alice/ }).click()
    await alice.message("over here").getByRole("img", { name: "Read" }).waitFor()
  })

  test("the theme follows the system until it is chosen, and the choice is there before the app is", async () => {
    const { page } = await site.visit("/", { dark: true })
    const scheme = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)
    const background = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const dark = await background()
    await page.getByRole("button", { name: "Theme: system" }).click()
    expect(await scheme()).toBe("light")
    expect(await background()).not.toBe(dark)
    // The document is parsed, no module has run yet.
    await page.addInitScript(() => {
      document.addEventListener("readystatechange", () => {
        window.__firstTheme ??= document.documentElement.dataset["theme"] ?? "none"
      })
    })
    await page.reload()
    expect(await page.evaluate(() => window.__firstTheme)).toBe("light")
    await page.getByRole("button", { name: "Theme: light" }).click()
    expect(await scheme()).toBe("dark")
    expect(await background()).toBe(dark)
  })

  test("with reduced motion nothing is animated", async () => {
    const { page } = await site.visit("/", { reducedMotion: true })
    await paneOf(page, "alice").toBe("yellow")
    const animated = await page.evaluate(() => document.getAnimations().length)
    expect(animated).toBe(0)
  })

  test("the keyboard alone reaches the sheet, answers it and comes back to where it was", async () => {
    const { page } = await site.visit("/")
    const alice = paneOf(page, "alice")
    await alice.toBe("yellow")
    await alice.pill.focus()
    await page.keyboard.press("Enter")
    await alice.sheet.locator(".digits li").nth(11).waitFor()
    expect(
      await alice.sheet.getByRole("heading", { name: "Compare keys with Bob" }).evaluate(isFocused),
    ).toBe(true)
    expect(await alice.root.locator(".chat").evaluate((chat: HTMLElement) => chat.inert)).toBe(true)
    await page.keyboard.press("Escape")
    await alice.sheet.waitFor({ state: "detached" })
    await eventually(() => alice.pill.evaluate(isFocused)).toBe(true)
    expect(await alice.pill.getAttribute("data-level")).toBe("yellow")
  })

  test("a screen reader hears of a message once, and of a red light at once", async () => {
    const { page } = await site.visit("/")
    const alice = paneOf(page, "alice")
    await alice.toBe("yellow")
    expect(await alice.log.getAttribute("aria-live")).toBe("off")
    await alice.root.getByRole("status").getByText("New message from Bob").waitFor({ state: "attached" })
    await page.getByRole("button", { name: "Demo", exact: true }).click()
    await page.locator("[data-action=renew-bob]").click()
    await alice.root
      .locator("[aria-live=assertive]")
      .getByText("Bob’s key changed")
      .waitFor({ state: "attached" })
  })

  test("a lost relay is told, writing goes on and the light stays what it was", async () => {
    const lonely = await openSite()
    try {
      const { page } = await lonely.visit("/")
      const alice = paneOf(page, "alice")
      await alice.toBe("yellow")
      await lonely.relay.close({ drainMs: 0 })
      await alice.write("into the void")
      await alice.message("into the void").getByRole("img", { name: "Waiting to be sent" }).waitFor()
      await alice.root.getByText("No connection to the relay.").waitFor()
      await alice.toBe("yellow")
      expect(await alice.send.isVisible()).toBe(true)
      // The browser itself tells the console of an attempt that failed.
      const own = lonely.complaints().filter((line) => !line.includes("WebSocket connection to"))
      expect(own).toEqual([])
    } finally {
      await lonely.close()
    }
  })

  test("is served under a policy that names nobody else", async () => {
    const response = await fetch(site.url)
    const policy = response.headers.get("content-security-policy") ?? ""
    expect(policy).toContain("default-src 'self'")
    expect(policy).not.toContain("unsafe")
    const page = await response.text()
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/)
    const addresses = Array.from(page.matchAll(/(?:src|href)="([^"]+)"/g), ([, address]) => address)
    expect(addresses.every((address) => address?.startsWith("/"))).toBe(true)
  })
})

const isFocused = (element: Element): boolean => document.activeElement === element
