import { FRAME_TYPE } from "@securechat/core/wire"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { compareKeys, paneOf, type Pane } from "./support/pane.ts"
import { CHROMIUM, openSite, type Site, type Visit, type VisitOptions } from "./support/site.ts"

describe.skipIf(CHROMIUM === "")("two browsers", () => {
  let site: Site
  let pair = 0

  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(() => site.close())
  afterEach(async () => {
    expect(await site.leave()).toEqual([])
  })

  interface Talk {
    readonly visits: readonly [Visit, Visit]
    readonly alice: Pane
    readonly bob: Pane
  }

  /** Alice's window opens first and has to wait for Bob's. */
  const talk = async (second: VisitOptions = {}): Promise<Talk> => {
    pair += 1
    const demo = `t${pair}`
    const one = await site.visit(`/?as=alice&demo=${demo}`)
    const alice = paneOf(one.page, "alice")
    await alice.root.getByText("Waiting for Bob").waitFor()
    const two = await site.visit(`/?as=bob&demo=${demo}`, second)
    const bob = paneOf(two.page, "bob")
    await alice.toBe("yellow")
    await bob.toBe("yellow")
    return { visits: [one, two], alice, bob }
  }

  test("chat through the relay, from red over yellow to green", async () => {
    const { alice, bob, visits } = await talk()
    await alice.write("Is that you?")
    await bob.message("Is that you?").waitFor()
    await bob.write("It is.")
    await alice.message("It is.").waitFor()
    await compareKeys(alice, bob)
    await alice.toBe("green", "verified")
    await bob.toBe("green", "verified")
    for (const visit of visits) {
      const levels = (await visit.levels()).map(({ level }) => level)
      expect([...new Set(levels)]).toEqual(["red", "yellow", "green"])
    }
    await alice.write("Now I know.")
    await bob.message("Now I know.").waitFor()
    await alice.message("Now I know.").getByRole("img", { name: "Read" }).waitFor()
  })

  test("a link in each pane opens one person in a window of their own, and from there the other", async () => {
    const visit = await site.visit("/")
    const href = await visit.page.getByRole("link", { name: "Open Alice’s own window" }).getAttribute("href")
    expect(href).toMatch(/^\/\?as=alice&demo=[a-z0-9]{4}$/)
    const one = await site.visit(href ?? "")
    const peer = one.page.getByRole("link", { name: "Open Bob’s window" }).first()
    const [opened] = await Promise.all([one.page.context().waitForEvent("page"), peer.click()])
    await site.watch(opened)
    const alice = paneOf(one.page, "alice")
    const bob = paneOf(opened, "bob")
    await bob.toBe("yellow")
    await alice.toBe("yellow")
    await bob.write("Found you")
    await alice.message("Found you").waitFor()
  })

  test("a window without a demo id takes one into its address", async () => {
    const { page } = await site.visit("/?as=bob")
    expect(page.url()).toMatch(/\/\?as=bob&demo=[a-z0-9]{4}$/)
    expect(await page.title()).toBe("Bob · SecureChat")
  })

  /** Frames of a page that carry something to the other person: messages, receipts, signs of typing. */
  const spoken = ({ sent }: Visit): number =>
    sent.filter(([type]) => type === FRAME_TYPE.submit || type === FRAME_TYPE.signal).length

  /** Tries to send by keyboard and waits until the page has drawn what came of it. */
  const tryToSend = async ({ page }: Visit, pane: Pane): Promise<void> => {
    await pane.field.focus()
    await page.keyboard.type("not for the wire")
    await page.keyboard.press("Enter")
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    )
    expect(await pane.field.getAttribute("aria-disabled")).toBe("true")
    expect(await pane.send.isDisabled()).toBe(true)
  }

  test("a reload is a new identity under the old handle: red at the other side until accepted", async () => {
    const { alice, bob, visits } = await talk()
    await alice.write("before")
    await bob.message("before").waitFor()
    await visits[1].page.reload()
    await bob.toBe("yellow")
    await bob.write("after the reload")
    await alice.toBe("red", "identity-changed")
    expect(await alice.message("after the reload").count()).toBe(0)
    const before = spoken(visits[0])
    await tryToSend(visits[0], alice)
    expect(spoken(visits[0])).toBe(before)
    await alice.button("Accept new key").click()
    await alice.toBe("yellow", "change-accepted")
    await alice.message("after the reload").waitFor()
    await alice.write("welcome back")
    await bob.message("welcome back").waitFor()
  })

  test("what one calls a mismatch blocks that side, and nothing leaves it", async () => {
    const { alice, bob, visits } = await talk()
    await alice.write("hello")
    await bob.message("hello").waitFor()
    await bob.safetyNumber()
    await bob.button("They don’t match").click()
    await bob.toBe("red", "sas-mismatch")
    await bob.button("Close").first().click()
    const before = spoken(visits[1])
    await tryToSend(visits[1], bob)
    // What arrives while red is neither confirmed nor marked as read.
    await alice.write("are you still there?")
    await bob.log.getByText("are you still there?").waitFor()
    await tryToSend(visits[1], bob)
    expect(spoken(visits[1])).toBe(before)
  })

  test("messages that come while the window is scrolled away are counted and one press away", async () => {
    const { alice, bob } = await talk({ height: 480 })
    for (let line = 1; line <= 10; line++) await alice.write(`line ${line}`)
    await bob.message("line 10").waitFor()
    await bob.log.evaluate((log) => {
      log.scrollTop = 0
    })
    await bob.button("Jump to latest").waitFor()
    await alice.write("are you there?")
    await bob.button("1 new, jump to latest").click()
    await bob.root.getByText("1 new message", { exact: true }).waitFor()
    expect(await bob.message("are you there?").isVisible()).toBe(true)
    await alice.message("are you there?").getByRole("img", { name: "Read" }).waitFor()
  })
})
