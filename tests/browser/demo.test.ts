import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { compareKeys, eventually, paneOf, type Pane } from "./support/pane.ts"
import { CHROMIUM, openSite, type Site, type Visit } from "./support/site.ts"

const GREETING = "Hi Bob! Can anyone else read this?"
const ANSWER = "Hi Alice! Only you and me. Look at the wire: the relay gets the scrambled version."
const NEW_PHONE = "It’s me again, with a new phone. Do you recognise the key?"

describe.skipIf(CHROMIUM === "")("the demo page", () => {
  let site: Site
  let visit: Visit | undefined
  let alice: Pane
  let bob: Pane

  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(() => site.close())
  /** Every test also shows: no request elsewhere, no refusal by the policy, nothing on the console. */
  afterEach(() => {
    expect(site.complaints()).toEqual([])
  })

  const open = async (): Promise<Visit> => {
    expect(await site.leave()).toEqual([])
    visit = await site.visit("/")
    alice = paneOf(visit.page, "alice")
    bob = paneOf(visit.page, "bob")
    await alice.message(ANSWER).waitFor()
    return visit
  }
  /** The page of the test before, where that left nothing behind that matters. */
  const stay = async (): Promise<Visit> => visit ?? (await open())

  const renew = async ({ page }: Visit, role: "alice" | "bob"): Promise<void> => {
    await page.getByRole("button", { name: "Demo", exact: true }).click()
    await page.locator(`[data-action=renew-${role}]`).click()
  }

  test("shows Alice and Bob greeting each other over two connections of their own", async () => {
    const visit = await open()
    for (const pane of [alice, bob]) {
      await pane.message(GREETING).waitFor()
      await pane.message(ANSWER).waitFor()
      await eventually(() => pane.root.locator(".connection").textContent()).toBe("Online")
    }
    expect(visit.sockets()).toBe(2)
    expect(await alice.root.locator(".pane-label .handle").textContent()).toMatch(/^alice-[a-z0-9]{4}$/)
    expect(site.relay.stats().connections).toBe(2)
  })

  test("begins red, turns yellow by itself and green when both have compared", async () => {
    const visit = await stay()
    await alice.toBe("yellow", "unverified")
    await bob.toBe("yellow", "unverified")
    await compareKeys(alice, bob)
    await alice.toBe("green", "verified")
    await bob.toBe("green", "verified")
    const looks = await visit.levels()
    for (const role of ["alice", "bob"]) {
      const levels = looks.filter(({ pane }) => pane === role).map(({ level }) => level)
      expect([...new Set(levels)]).toEqual(["red", "yellow", "green"])
    }
    await alice.root.getByText("Encrypted. You compared keys with Bob.").waitFor()
  })

  test("a message goes from pane to wire to pane, and is read", async () => {
    const visit = await stay()
    await alice.write("Lunch at noon?")
    await bob.message("Lunch at noon?").waitFor()
    await alice.message("Lunch at noon?").getByRole("img", { name: "Read" }).waitFor()
    expect(await alice.field.inputValue()).toBe("")
    const newest = visit.page.getByRole("complementary", { name: "The wire" }).locator(".wire-entry").first()
    expect(await newest.textContent()).toContain("Alice to Bob")
    expect(await newest.textContent()).toMatch(/[\d,]+ B/)
    expect(await newest.locator("code").textContent()).toMatch(/^gAAAAAAAAAAA/)
    expect(await visit.page.locator(".wire").textContent()).not.toContain("Lunch")
  })

  test("Shift+Enter breaks the line, Enter sends", async () => {
    await stay()
    await alice.field.fill("first")
    await alice.field.press("Shift+Enter")
    await alice.field.pressSequentially("second")
    await alice.field.press("Enter")
    await eventually(() => bob.root.locator(".message .text").last().textContent()).toBe("first\nsecond")
  })

  test("someone who types is seen to type", async () => {
    await stay()
    await bob.field.pressSequentially("hm")
    await alice.root.getByText("Bob is typing").waitFor({ state: "attached" })
    await bob.field.press("Enter")
    await alice.message("hm").waitFor()
    await alice.root.getByText("Bob is typing").waitFor({ state: "detached" })
  })

  test("a new identity turns the other pane red and nothing leaves until it is accepted", async () => {
    const visit = await open()
    await renew(visit, "bob")
    await alice.toBe("red", "identity-changed")
    expect(await alice.message(NEW_PHONE).count()).toBe(0)

    await alice.field.focus()
    await visit.page.keyboard.type("secret plan")
    await visit.page.keyboard.press("Enter")
    expect(await alice.field.getAttribute("aria-disabled")).toBe("true")
    expect(await alice.send.isDisabled()).toBe(true)
    const reasons = (await alice.field.getAttribute("aria-describedby"))?.split(" ") ?? []
    const described = await Promise.all(reasons.map((id) => visit.page.locator(`[id="${id}"]`).textContent()))
    expect(described.join(" ")).toContain("Bob’s key changed")

    await alice.button("Accept new key").click()
    await alice.toBe("yellow", "change-accepted")
    await alice.message(NEW_PHONE).waitFor()
    await alice.write("Welcome back")
    await bob.message("Welcome back").waitFor()
    expect(await bob.root.locator(".message .text").allTextContents()).not.toContain("secret plan")

    await compareKeys(alice, bob)
    await alice.toBe("green")
  })

  test("a verified contact who changes asks for a comparison first, and comparing is enough", async () => {
    const visit = await open()
    await compareKeys(alice, bob)
    await alice.toBe("green")
    await renew(visit, "bob")
    await alice.toBe("red", "verification-violation")
    expect(await alice.button("Accept without comparing").count()).toBe(0)
    await alice.button("I can’t compare now").click()
    await alice.button("Accept without comparing").waitFor()

    await bob.toBe("yellow")
    await compareKeys(alice, bob)
    await alice.toBe("green")
    await alice.message(NEW_PHONE).waitFor()
  })

  test("numbers that differ turn the chat red for good, until it is started over", async () => {
    const visit = await open()
    await alice.safetyNumber()
    await alice.button("They don’t match").click()
    await alice.toBe("red", "sas-mismatch")
    await alice.sheet.getByText("The numbers differ").waitFor()
    await visit.page.keyboard.press("Escape")
    await alice.sheet.waitFor({ state: "detached" })
    expect(await alice.send.isDisabled()).toBe(true)
    await alice.button("Start over").click()
    await eventually(() => alice.pill.getAttribute("data-reason")).not.toBe("sas-mismatch")
  })

  test("a pane taken offline keeps what is written and sends it when it is back", async () => {
    const visit = await open()
    await compareKeys(alice, bob)
    const plug = visit.page.getByRole("switch", { name: "Take Alice offline" })
    await visit.page.getByRole("button", { name: "Demo", exact: true }).click()
    await plug.click()
    await visit.page.keyboard.press("Escape")
    await alice.root.getByText("Taken offline in the demo.").waitFor()
    await alice.write("from the tunnel")
    await alice.message("from the tunnel").getByRole("img", { name: "Waiting to be sent" }).waitFor()
    // Connection is not security.
    await alice.toBe("green")
    expect(await bob.message("from the tunnel").count()).toBe(0)

    await alice.button("Go online").click()
    await bob.message("from the tunnel").waitFor()
    await alice.message("from the tunnel").getByRole("img", { name: "Read" }).waitFor()
    expect(await bob.message("from the tunnel").count()).toBe(1)
  })

  test("what still waited when the light turned red is held, and leaves only on a word", async () => {
    const visit = await open()
    await visit.page.getByRole("button", { name: "Demo", exact: true }).click()
    await visit.page.getByRole("switch", { name: "Take Alice offline" }).click()
    await visit.page.keyboard.press("Escape")
    await alice.write("in confidence")
    await alice.safetyNumber()
    await alice.button("They don’t match").click()
    await alice.toBe("red", "sas-mismatch")
    await visit.page.keyboard.press("Escape")

    const held = alice.message("in confidence")
    await held.getByRole("img", { name: "Held back" }).waitFor()
    await alice.blocked.getByText("1 message of yours is held.").waitFor()
    await alice.button("Start over").click()
    await alice.button("Go online").click()
    await alice.toBe("yellow")
    // Being able to send is not being told to.
    await held.getByRole("img", { name: "Held back" }).waitFor()
    expect(await bob.message("in confidence").count()).toBe(0)
    await alice.button("Send it now").click()
    await bob.message("in confidence").waitFor()
    await held.getByRole("img", { name: "Read" }).waitFor()
  })

  test("each load is a new pair: a reload meets no handle of the load before", async () => {
    const visit = await open()
    const handle = alice.root.locator(".pane-label .handle")
    const before = await handle.textContent()
    await visit.page.reload()
    await alice.message(ANSWER).waitFor()
    expect(await handle.textContent()).not.toBe(before)
    await alice.toBe("yellow")
  })
})
