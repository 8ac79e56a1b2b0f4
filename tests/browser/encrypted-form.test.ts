import { Fernet } from "@securechat/core/fernet"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { paneOf, type Pane } from "./support/pane.ts"
import { CHROMIUM, openSite, type Site, type Visit } from "./support/site.ts"

const SECRET = "the tide turns at 05:17"

describe.skipIf(CHROMIUM === "")("the encrypted form", () => {
  let site: Site
  let sender: Visit
  let receiver: Visit
  let alice: Pane
  let bob: Pane

  beforeAll(async () => {
    site = await openSite()
    sender = await site.visit("/?as=alice&demo=form")
    receiver = await site.visit("/?as=bob&demo=form")
    alice = paneOf(sender.page, "alice")
    bob = paneOf(receiver.page, "bob")
    await alice.root.locator(".pill[data-level=yellow]").waitFor()
    await alice.write(SECRET)
    await bob.message(SECRET).waitFor()
  })
  afterAll(() => site.close())
  afterEach(() => {
    expect([...sender.complaints, ...receiver.complaints]).toEqual([])
  })

  const tokenIn = async (pane: Pane): Promise<string> => {
    await pane.root.getByRole("switch", { name: "Show encrypted form" }).click()
    const token = await pane.root.locator("[data-token]").last().textContent()
    await pane.root.getByRole("switch", { name: "Show encrypted form" }).click()
    return token ?? ""
  }

  test("is the same at both ends, and is the bytes that were on the wire", async () => {
    const token = await tokenIn(alice)
    expect(await tokenIn(bob)).toBe(token)
    const bytes = Buffer.from(token, "base64url")
    expect(bytes[0]).toBe(0x80)
    expect(bytes.subarray(1, 9)).toEqual(Buffer.alloc(8))
    expect(sender.sent.filter((frame) => frame.includes(bytes))).toHaveLength(1)
    expect(receiver.received.filter((frame) => frame.includes(bytes))).toHaveLength(1)
    expect(await sender.page.locator(".wire-entry code").first().textContent()).toBe(`${token.slice(0, 24)}…`)
  })

  test("stands in its parts: version, timestamp, IV, ciphertext and HMAC", async () => {
    await alice.root.getByRole("switch", { name: "Show encrypted form" }).click()
    const parts = alice.root.locator("[data-token]").last().locator("[data-part]")
    expect(await parts.evaluateAll((all) => all.map((part) => part.getAttribute("data-part")))).toEqual([
      "version",
      "timestamp",
      "iv",
      "ciphertext",
      "hmac",
    ])
    const colors = await parts.evaluateAll((all) => all.map((part) => getComputedStyle(part).color))
    expect(new Set(colors).size).toBe(5)
    await alice.root.getByRole("switch", { name: "Show encrypted form" }).click()
  })

  test("can be copied whole, and turned over one message at a time", async () => {
    const row = alice.message(SECRET)
    await row.hover()
    await row.getByRole("button", { name: "Show encrypted form of this message" }).click()
    const token = await alice.root.locator("[data-token]").textContent()
    await alice.button("Copy token").click()
    await alice.root.getByText("Copied").waitFor()
    expect(await sender.page.evaluate(() => navigator.clipboard.readText())).toBe(token)
    await alice.root.getByRole("button", { name: "Show text of this message" }).click()
    await alice.message(SECRET).waitFor()
  })

  test("the text never crosses the wire, and nothing on the page opens the token", async () => {
    const token = await tokenIn(alice)
    const forms = ["utf8", "utf16le"] as const
    for (const frame of [...sender.sent, ...sender.received, ...receiver.sent, ...receiver.received])
      for (const form of forms) expect(frame.includes(Buffer.from(SECRET, form))).toBe(false)
    const page = await sender.page.content()
    const candidates = page.match(/[A-Za-z0-9_-]{43}=?/g) ?? []
    for (const key of new Set(candidates)) {
      const padded = key.length === 43 ? `${key}=` : key
      expect(() => new Fernet(padded).decrypt(token)).toThrow()
    }
  })
})
