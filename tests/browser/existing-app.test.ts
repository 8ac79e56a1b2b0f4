/**
 * The example that was there before us: a small chat on Socket.IO, as it was and as it is with end-to-end encryption.
 * Both are started as a reader would start them and used in Chromium; what the server is told, it prints.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Browser, type Page, chromium } from "playwright-core"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { CHROMIUM, FLAGS, STEP_MS } from "./support/site.ts"

const APP = fileURLToPath(new URL("../../examples/existing-socketio-app/", import.meta.url))
const file = (name: string): readonly string[] => readFileSync(APP + name, "utf8").split("\n")

/** Lines that a diff would show with - and with +: those outside the longest common part. */
const changedLines = (before: readonly string[], after: readonly string[]): number => {
  let row = new Array<number>(after.length + 1).fill(0)
  for (const line of before) {
    const next = [0]
    for (const [i, other] of after.entries())
      next.push(line === other ? row[i]! + 1 : Math.max(row[i + 1]!, next[i]!))
    row = next
  }
  return before.length + after.length - 2 * row.at(-1)!
}

interface App {
  readonly url: string
  /** What the server printed. */
  readonly printed: () => string
  readonly stop: () => Promise<void>
}
const start = async (which: "before" | "after"): Promise<App> => {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [`${APP}${which}/server.ts`], {
    env: { ...process.env, PORT: "0" },
  })
  let printed = ""
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (part: Buffer) => {
      printed += part.toString()
      const [found] = /http:\/\/localhost:\d+/.exec(printed) ?? []
      if (found !== undefined) resolve(found)
    })
    child.stderr.on("data", (part: Buffer) => (printed += part.toString()))
    child.once("exit", () => {
      reject(new Error(`the server ended: ${printed}`))
    })
  })
  return {
    url: await url,
    printed: () => printed,
    stop: async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
    },
  }
}

const said = (page: Page, name: string, text: string): Promise<void> =>
  page.locator("#log li", { hasText: text }).filter({ hasText: name }).waitFor({ timeout: STEP_MS })
const say = async (page: Page, text: string): Promise<void> => {
  await page.getByRole("textbox", { name: "Message" }).fill(text)
  await page.getByRole("button", { name: "Send" }).click()
}
const level = (page: Page): ReturnType<Page["locator"]> => page.getByRole("status")

describe("a chat on Socket.IO that was there before", () => {
  let browser: Browser
  let app: App | undefined
  const complaints: string[] = []
  const enter = async (name: string, dark = false): Promise<Page> => {
    const context = await browser.newContext({ colorScheme: dark ? "dark" : "light" })
    const page = await context.newPage()
    page.on("pageerror", (error) => complaints.push(error.message))
    page.on("console", (line) => {
      if (line.type() === "error") complaints.push(line.text())
    })
    await page.goto(`${app!.url}/?name=${name}&room=tea`)
    return page
  }
  /** Each says a line, and both have both, in order. */
  const converse = async (ada: Page, bo: Page): Promise<void> => {
    await say(ada, "meet me behind the old mill")
    await said(bo, "ada", "meet me behind the old mill")
    await say(bo, "bring the lantern along")
    await said(ada, "bo", "bring the lantern along")
    const lines = ["adameet me behind the old mill", "bobring the lantern along"]
    for (const page of [ada, bo]) expect(await page.locator("#log li").allTextContents()).toEqual(lines)
  }

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  })
  beforeEach(() => {
    complaints.length = 0
  })
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()))
    await app?.stop()
    expect(complaints).toEqual([])
  })
  afterAll(() => browser.close())

  it("needs at most 15 changed lines in the page and none in the server", () => {
    expect(changedLines(["a", "b", "c"], ["a", "x", "c", "d"])).toBe(3)
    expect(changedLines(file("before/client.ts"), file("after/client.ts"))).toBeLessThanOrEqual(15)
    expect(file("after/server.ts")).toEqual(file("before/server.ts"))
  })

  it("works without, and its server reads along", async () => {
    app = await start("before")
    const [ada, bo] = [await enter("ada"), await enter("bo", true)]
    expect(await level(ada).textContent()).toBe("not encrypted")
    await converse(ada, bo)
    expect(app.printed()).toContain("meet me behind the old mill")
    expect(app.printed()).toContain("bring the lantern along")
  })

  it("works with it, yellow on both sides, and its server has only ciphertext", async () => {
    app = await start("after")
    const ada = await enter("ada")
    await level(ada).getByText("red: handshaking").waitFor({ timeout: STEP_MS })
    expect(await ada.getByRole("textbox", { name: "Message" }).isDisabled()).toBe(true)
    const bo = await enter("bo", true)
    for (const page of [ada, bo])
      await level(page).getByText("yellow: unverified").waitFor({ timeout: STEP_MS })
    await converse(ada, bo)
    const printed = app.printed()
    // Hellos, first messages and two lines, each printed as what it is: text without meaning.
    expect(printed.match(/^tea [\w-]{100,}$/gm)?.length).toBeGreaterThan(4)
    for (const words of ["meet me", "old mill", "lantern"]) expect(printed).not.toContain(words)
  })
})
