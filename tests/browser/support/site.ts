/**
 * The example app as people get it: built, served by a real relay on a free port, opened in Debian's Chromium.
 * Everything a page says, asks for and sends is watched from its first byte.
 */
import { fileURLToPath } from "node:url"
import { silentLogger } from "@securechat/core/transport"
import { createRelay, type Relay } from "@securechat/server"
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core"

const DIST = fileURLToPath(new URL("../../../examples/web/dist", import.meta.url))

/** Empty: the test runner looked for it and there is none. */
export const CHROMIUM: string = process.env["CHROMIUM"] ?? "/usr/bin/chromium"

/** A bound for one step on a machine that does much else, not an expectation. */
export const STEP_MS = 20_000

export const FLAGS: string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

interface Level {
  readonly pane: string
  readonly level: string
  readonly reason: string
}

export interface Visit {
  readonly page: Page
  /** Binary frames in order, as bytes. */
  readonly sent: readonly Buffer[]
  readonly received: readonly Buffer[]
  readonly sockets: () => number
  /** Paths of the WebSockets it opened, in order. */
  readonly socketPaths: () => readonly string[]
  /** What must stay empty: console errors, exceptions, refused policy, requests to elsewhere. */
  readonly complaints: readonly string[]
  /** Every look of every pill since the page began, in order. */
  readonly levels: () => Promise<readonly Level[]>
}

export interface VisitOptions {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  readonly reducedMotion?: boolean
}

export interface Site {
  readonly url: string
  readonly relay: Relay
  /** A context of its own: another browser, as far as the page can tell. */
  visit(path: string, options?: VisitOptions): Promise<Visit>
  /** Watches a page that another one opened. */
  watch(page: Page): Promise<Visit>
  /** What the open visits complained about. */
  complaints(): readonly string[]
  /** Closes the visits and says what they complained about. */
  leave(): Promise<readonly string[]>
  close(): Promise<void>
}

declare global {
  interface Window {
    __levels?: Level[]
  }
}

/** Runs in the page before its own scripts: notes each look of each pill, and every refusal of the policy. */
const observePills = (): void => {
  const levels: Level[] = []
  window.__levels = levels
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`policy refused ${event.violatedDirective} ${event.blockedURI}`)
  })
  const look = (): void => {
    for (const pill of document.querySelectorAll<HTMLElement>(".pane .pill")) {
      const pane = pill.closest<HTMLElement>(".pane")?.dataset["role"] ?? ""
      const { level = "", reason = "" } = pill.dataset
      const last = levels.findLast((known) => known.pane === pane)
      if (last?.level !== level || last.reason !== reason) levels.push({ pane, level, reason })
    }
  }
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-level", "data-reason"],
  })
}

const bytesOf = ({ payload }: { payload: string | Buffer }): Buffer => Buffer.from(payload)

const watchPage = (page: Page, origin: string): Visit => {
  const sent: Buffer[] = []
  const received: Buffer[] = []
  const complaints: string[] = []
  const socketPaths: string[] = []
  page.on("websocket", (socket) => {
    socketPaths.push(new URL(socket.url()).pathname)
    if (!socket.url().startsWith(origin.replace(/^http/, "ws"))) complaints.push(`socket to ${socket.url()}`)
    socket.on("framesent", (frame) => sent.push(bytesOf(frame)))
    socket.on("framereceived", (frame) => received.push(bytesOf(frame)))
  })
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`)
  })
  page.on("pageerror", (error) => complaints.push(`exception: ${error.stack ?? error.message}`))
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`request to ${request.url()}`)
  })
  const levels = (): Promise<readonly Level[]> => page.evaluate(() => window.__levels ?? [])
  return {
    ...{ page, sent, received, complaints, levels },
    sockets: () => socketPaths.length,
    socketPaths: () => socketPaths,
  }
}

const contextOptions = (options: VisitOptions): Parameters<Browser["newContext"]>[0] => ({
  viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
  colorScheme: options.dark === true ? "dark" : "light",
  reducedMotion: options.reducedMotion === true ? "reduce" : "no-preference",
  permissions: ["clipboard-read", "clipboard-write"],
})

export const openSite = async (): Promise<Site> => {
  const relay = createRelay({ port: 0, app: DIST, logger: silentLogger })
  const { port } = await relay.listen()
  const url = `http://localhost:${port}`
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  let contexts: readonly BrowserContext[] = []
  let visits: readonly Visit[] = []

  const watch = async (page: Page): Promise<Visit> => {
    const visit = watchPage(page, url)
    visits = [...visits, visit]
    await page.addInitScript(observePills)
    return visit
  }
  const complaintsOf = (): readonly string[] => visits.flatMap((visit) => visit.complaints)
  const leave = async (): Promise<readonly string[]> => {
    await Promise.all(contexts.map((context) => context.close()))
    const complaints = complaintsOf()
    contexts = []
    visits = []
    return complaints
  }
  return {
    url,
    relay,
    watch,
    leave,
    complaints: complaintsOf,
    visit: async (path, options = {}) => {
      const context = await browser.newContext(contextOptions(options))
      contexts = [...contexts, context]
      context.setDefaultTimeout(STEP_MS)
      const visit = await watch(await context.newPage())
      await visit.page.goto(url + path)
      return visit
    },
    close: async () => {
      await leave()
      await browser.close()
      await relay.close()
    },
  }
}
