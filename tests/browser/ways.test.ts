/** The demo over Socket.IO: chosen by its address or in mid-conversation, by keyboard, and kept by the address. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { compareKeys, eventually, paneOf } from "./support/pane.ts"
import { CHROMIUM, openSite, type Site, type Visit } from "./support/site.ts"

const ANSWER = "Hi Alice! Only you and me. Look at the wire: the relay gets the scrambled version."
const SOCKET_IO = "/socket.io/"
const WEBSOCKET = "/ws"

describe.skipIf(CHROMIUM === "")("the demo, by another way", () => {
  let site: Site

  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(() => site.close())
  afterEach(async () => {
    expect(await site.leave()).toEqual([])
  })

  const open = async (path: string) => {
    const visit = await site.visit(path)
    const [alice, bob] = [paneOf(visit.page, "alice"), paneOf(visit.page, "bob")]
    await alice.message(ANSWER).waitFor()
    return { visit, page: visit.page, alice, bob }
  }
  const chosen = ({ page }: Visit) => page.getByRole("radio", { checked: true })
  const newest = ({ socketPaths }: Visit) => Promise.resolve(socketPaths().slice(-2))
  const say = async ({ alice, bob }: Awaited<ReturnType<typeof open>>, text: string): Promise<void> => {
    await alice.write(text)
    await bob.message(text).waitFor()
    await bob.write(`${text}, yes`)
    await alice.message(`${text}, yes`).waitFor()
  }

  test("two people chat over Socket.IO, with nothing readable on the way", async () => {
    const here = await open("/?over=socketio")
    await say(here, "over the other way")
    const { visit } = here
    expect(visit.socketPaths()).toEqual([SOCKET_IO, SOCKET_IO])
    const passed = Buffer.concat([...visit.sent, ...visit.received])
    expect(passed.length).toBeGreaterThan(10_000)
    for (const text of ["over the other way", "Hi Alice", "Can anyone else"])
      expect(passed.includes(text)).toBe(false)
    // One event a frame, and no long polling before it.
    expect(visit.sent.some((bytes) => bytes.toString().startsWith('451-["securechat.v1",'))).toBe(true)
    expect(site.relay.stats().connections).toBe(2)
  })

  test("a chat goes on when its way is changed by keyboard: same keys, same light, nothing lost", async () => {
    const here = await open("/")
    const { visit, page, alice, bob } = here
    await compareKeys(alice, bob)
    await alice.toBe("green", "verified")
    await page.getByRole("button", { name: "Demo", exact: true }).click()
    await page.getByRole("radio", { name: "WebSocket" }).focus()
    await page.keyboard.press("ArrowRight")
    expect(await chosen(visit).getAttribute("value")).toBe("socketio")
    await page.keyboard.press("Escape")
    await eventually(() => newest(visit)).toEqual([SOCKET_IO, SOCKET_IO])
    await say(here, "after the change")
    await alice.toBe("green", "verified")
    await bob.toBe("green", "verified")
    expect(new URL(page.url()).searchParams.get("over")).toBe("socketio")
    for (const { root } of [alice, bob])
      expect(await root.locator("a[target=_blank]").first().getAttribute("href")).toContain("&over=socketio")

    await page.getByRole("button", { name: "Demo", exact: true }).click()
    await page.getByRole("radio", { name: "WebSocket" }).click()
    await page.keyboard.press("Escape")
    await eventually(() => newest(visit)).toEqual([WEBSOCKET, WEBSOCKET])
    await say(here, "and back")
    expect(new URL(page.url()).search).toBe("")
    expect(await visit.levels()).not.toContainEqual(
      expect.objectContaining({ level: "red", reason: "changed" }),
    )
  })

  test("the choice survives a reload, and two windows may go different ways", async () => {
    const alone = await site.visit("/?as=alice&demo=ways&over=socketio")
    const address = alone.page.url()
    expect(new URL(address).searchParams.get("over")).toBe("socketio")
    await alone.page.reload()
    expect(alone.page.url()).toBe(address)
    await alone.page.getByRole("button", { name: "Demo", exact: true }).click()
    expect(await chosen(alone).getAttribute("value")).toBe("socketio")
    await alone.page.keyboard.press("Escape")

    const demo = new URL(address).searchParams.get("demo") ?? ""
    const other = await site.visit(`/?as=bob&demo=${demo}`)
    const [alice, bob] = [paneOf(alone.page, "alice"), paneOf(other.page, "bob")]
    await bob.toBe("yellow")
    await bob.write("I came by the usual way")
    await alice.message("I came by the usual way").waitFor()
    expect([alone.socketPaths().at(-1), other.socketPaths().at(-1)]).toEqual([SOCKET_IO, WEBSOCKET])
  })
})
