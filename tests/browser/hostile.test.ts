import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { eventually, paneOf } from "./support/pane.ts"
import { CHROMIUM, openSite, type Site } from "./support/site.ts"

/** Each must arrive as it was written and change nothing but its own bubble. */
const NAUGHTY: Readonly<Record<string, string>> = {
  markup: "<img src=x onerror=alert(1)><script>alert(1)</script>",
  "closing tags": "</span></li></ol></main>",
  "a template": "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
  "direction controls": "\u202egnp.exe\u202c \u2067abc",
  "combining marks": `Z${"\u0301\u0316\u0488".repeat(3_000)}`,
  "control sequences": "\u001b[2J\u001b]0;owned\u0007\u0000\u0008",
  "one long word": "W".repeat(3_000),
  "many lines": "line\n".repeat(200).trim(),
  "zero width": "a\u200b\u200c\u200d\ufeffb",
  "right to left": "مرحبا بك في الدردشة",
  "an object": "[object Object]",
  prototype: "__proto__",
}

describe.skipIf(CHROMIUM === "")("what a hostile peer writes", () => {
  let site: Site

  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(() => site.close())
  afterEach(async () => {
    expect(await site.leave()).toEqual([])
  })

  test("is shown as text, in its own bubble, at 360 pixels", async () => {
    const { page } = await site.visit("/?as=alice&demo=evil", { width: 360, height: 740 })
    const { page: other } = await site.visit("/?as=bob&demo=evil")
    const alice = paneOf(page, "alice")
    const bob = paneOf(other, "bob")
    await bob.toBe("yellow")
    for (const [name, naughty] of Object.entries(NAUGHTY)) {
      await bob.field.fill(naughty)
      await bob.field.press("Enter")
      const shown = alice.root.locator(".message .text").last()
      await eventually(() => shown.textContent()).toBe(naughty.trim())
      expect(await shown.locator("*").count(), name).toBe(0)
    }
    expect(await alice.root.locator(".message").count()).toBe(Object.keys(NAUGHTY).length)
    const overflow = await page.evaluate(() => ({
      page: document.documentElement.scrollWidth - innerWidth,
      bubbles: [...document.querySelectorAll(".bubble")].filter(
        (bubble) => bubble.getBoundingClientRect().right > innerWidth,
      ).length,
    }))
    expect(overflow).toEqual({ page: 0, bubbles: 0 })
    expect(await page.title()).toBe("Alice · SecureChat")
  })

  test("links are text that opens elsewhere without telling where from", async () => {
    const { page } = await site.visit("/?as=alice&demo=links")
    const { page: other } = await site.visit("/?as=bob&demo=links")
    await paneOf(other, "bob").toBe("yellow")
    await paneOf(other, "bob").write("see https://example.org/a?b=1, or javascript:alert(1)")
    // Not the whole log: an empty conversation shows its invitation, which is a link too.
    const links = paneOf(page, "alice").root.locator(".message").getByRole("link")
    await links.first().waitFor()
    expect(await links.count()).toBe(1)
    expect(await links.first().getAttribute("href")).toBe("https://example.org/a?b=1")
    expect(await links.first().getAttribute("rel")).toBe("noopener noreferrer")
  })
})
