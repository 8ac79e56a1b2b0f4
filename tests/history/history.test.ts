/**
 * A long conversation on the durable stores, in Node and in Chromium. `npm run test:long history` reads 100,000 messages
 * and prints what it took; what is asserted everywhere is that everything is found and that memory does not grow with it.
 */
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { chromium } from "playwright-core"
import { afterAll, describe, expect, it } from "vitest"
import { servePage } from "../browser/support/bundle.ts"
import { CHROMIUM, FLAGS } from "../browser/support/site.ts"

/** As `packages/core/test/history/history.ts` gives them. */
interface Figures {
  readonly messages: number
  readonly openReads: number
  readonly hits: number
  readonly seen: number
  readonly growthBytes: number
}
declare const inPage: { run(name: string, count: number, isSealed: boolean): Promise<Figures> }

const MESSAGES = Number(process.env["HISTORY_MESSAGES"] ?? 2_000)
/** Far less than 100,000 messages take, which is about 100 MB; a page of the store is a few hundred kilobytes. */
const MOST_BYTES = 8 * 2 ** 20
const MOST_READS = 20
const TIMEOUT_MS = 60_000 + MESSAGES * 6

const HERE = new URL("../../packages/core/test/history/", import.meta.url)
const folder = mkdtempSync(join(tmpdir(), "securechat-history-"))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const inNode = async (how: "sealed" | "plain"): Promise<Figures> => {
  const options = ["--conditions=@securechat/source", "--disable-warning=ExperimentalWarning", "--expose-gc"]
  const script = new URL("node.ts", HERE).pathname
  const file = join(folder, `${how}.db`)
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...options,
    script,
    file,
    String(MESSAGES),
    how,
  ])
  return JSON.parse(stdout) as Figures
}

const inChromium = async (how: "sealed" | "plain"): Promise<Figures> => {
  await using served = await servePage(new URL("page.ts", HERE))
  const args = [...FLAGS, "--enable-precise-memory-info", "--js-flags=--expose-gc"]
  const browser = await chromium.launch({ executablePath: CHROMIUM, args })
  try {
    const page = await browser.newPage()
    await page.goto(served.url)
    return await page.evaluate(([count, isSealed]) => inPage.run("history", count, isSealed), [
      MESSAGES,
      how === "sealed",
    ] as const)
  } finally {
    await browser.close()
  }
}

const check = (where: string, figures: Figures): void => {
  if (MESSAGES >= 10_000) console.log(where, JSON.stringify(figures))
  expect(figures).toMatchObject({ messages: MESSAGES, seen: MESSAGES, hits: 3 })
  // A few records: nothing of the history.
  expect(figures.openReads).toBeLessThan(MOST_READS)
  expect(figures.growthBytes).toBeLessThan(MOST_BYTES)
}

describe(`a conversation of ${String(MESSAGES)} messages`, () => {
  it("[D11] is read and searched whole in Node, in bounded memory", { timeout: TIMEOUT_MS }, async () => {
    check("SQLite, sealed", await inNode("sealed"))
  })
  it("[D11] is read and searched whole in Chromium, in bounded memory", { timeout: TIMEOUT_MS }, async () => {
    check("IndexedDB, sealed", await inChromium("sealed"))
  })
  it("is read in Node without sealing, to tell what sealing costs", { timeout: TIMEOUT_MS }, async () => {
    check("SQLite, plain", await inNode("plain"))
  })
})
