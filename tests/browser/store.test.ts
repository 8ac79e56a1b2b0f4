/** The store for browsers, in Debian's Chromium: the suite every driver passes. */
import { chromium, type Browser, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Served, servePage } from "./support/bundle.ts"
import { collect } from "./support/runner.ts"
import { CHROMIUM, FLAGS } from "./support/site.ts"
import { type InPage, suite } from "./store/page.ts"

/** What the page's script exports. */
declare const inPage: InPage

let served: Served
let browser: Browser
let page: Page

beforeAll(async () => {
  served = await servePage(
    new URL("store/page.ts", import.meta.url),
    new URL("store/worker.ts", import.meta.url),
  )
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  page = await browser.newPage()
  await page.goto(served.url)
})
afterAll(async () => {
  await browser.close()
  await served[Symbol.asyncDispose]()
})

describe("IndexedDB in Chromium", () => {
  for (const [number, { name }] of collect(suite).entries())
    it(name, async () => {
      expect(await page.evaluate((n) => inPage.run(n), number)).toBeUndefined()
    })
})

describe("a tab that does not hear that its lock was taken", () => {
  it("[D5] writes nothing all the same: the number in the database is another's", async () => {
    const said = await page.evaluate(async () => {
      const code = (work: Promise<unknown>): Promise<string> =>
        work.then(
          () => "stored",
          (error: unknown) => (error as { code: string }).code,
        )
      const op = (value: number): { type: "set"; key: string[]; value: Uint8Array } => ({
        ...{ type: "set", key: ["a"], value: Uint8Array.of(value) },
      })
      // As a frozen tab sees it: its lock is given, and nothing is ever heard of it again.
      const { request } = navigator.locks
      navigator.locks.request = ((_: string, __: object, hold: (lock: object) => unknown) => {
        void hold({})
        return new Promise(() => undefined)
      }) as never
      const frozen = inPage.indexedDbStore("frozen")
      const first = await code(frozen.batch([op(1)]))
      navigator.locks.request = request
      const other = inPage.indexedDbStore("frozen")
      await other.open?.({ takeover: true })
      const late = [await code(frozen.batch([op(2)])), await code(frozen.get(["a"]))]
      return [first, ...late, String((await other.get(["a"]))?.[0]), await code(other.batch([op(3)]))]
    })
    expect(said).toEqual(["stored", "ERR_OTHER_TAB", "ERR_OTHER_TAB", "1", "stored"])
  })
})

/** A page of a browser that knows nothing yet. */
const inFreshPage = async (work: (page: Page) => Promise<void>): Promise<void> => {
  const context = await browser.newContext()
  const fresh = await context.newPage()
  await fresh.goto(served.url)
  await work(fresh)
  await context.close()
}

describe("storage refused, in Chromium", () => {
  it("[D10] asks the browser not to evict it", () =>
    inFreshPage(async (fresh) => {
      const asked = await fresh.evaluate(async () => {
        let count = 0
        navigator.storage.persist = () => {
          count += 1
          return Promise.resolve(false)
        }
        const store = inPage.indexedDbStore("asked")
        await store.get(["a"])
        return count
      })
      expect(asked).toBe(1)
    }))

  it("[D10] fails a batch past the quota whole, keeps what was stored, and takes the batch once there is space", () =>
    inFreshPage(async (fresh) => {
      const devtools = await fresh.context().newCDPSession(fresh)
      const quota = (quotaSize?: number): Promise<unknown> =>
        devtools.send("Storage.overrideQuotaForOrigin", {
          origin: new URL(served.url).origin,
          ...(quotaSize === undefined ? {} : { quotaSize }),
        })
      const write = (value: number, size: number): Promise<string> =>
        fresh.evaluate(
          async ([first, bytes]) => {
            const page = globalThis as unknown as { store?: ReturnType<typeof inPage.indexedDbStore> }
            const store = (page.store ??= inPage.indexedDbStore("quota"))
            const large = crypto.getRandomValues(new Uint8Array(65_536))
            const ops = Array.from({ length: Math.ceil(bytes / large.length) }, (_, i) => ({
              ...{ type: "set" as const, key: ["large", String(i)], value: large },
            }))
            const failed = await store
              .batch([{ type: "set", key: ["a"], value: Uint8Array.of(first) }, ...ops])
              .then(
                () => "stored",
                (error: unknown) => (error as { code: string }).code,
              )
            let count = 0
            for await (const [path] of store.list(["large"])) count += path.length - 1
            return `${failed}, a = ${String((await store.get(["a"]))?.[0])}, ${String(count)} large`
          },
          [value, size] as const,
        )
      // Before anything is stored: for half a minute the browser goes by the space it saw last.
      await quota(1_000_000)
      expect(await write(1, 0)).toBe("stored, a = 1, 0 large")
      expect(await write(2, 4_000_000)).toBe("ERR_STORE_FULL, a = 1, 0 large")
      await quota()
      expect(await write(3, 4_000_000)).toBe("stored, a = 3, 62 large")
    }))

  it("[D10] writes nothing into a database that was deleted, and makes no empty one in its place", () =>
    inFreshPage(async (fresh) => {
      const codes = await fresh.evaluate(async () => {
        const store = inPage.indexedDbStore("evicted")
        const op = { type: "set" as const, key: ["a"], value: Uint8Array.of(1) }
        await store.open?.({ takeover: false })
        await store.batch([op])
        await new Promise((resolve, reject) => {
          const deleting = indexedDB.deleteDatabase("evicted")
          deleting.onsuccess = resolve
          deleting.onerror = reject
        })
        const code = (work: Promise<unknown> | undefined): Promise<string> =>
          Promise.resolve(work).then(
            () => "done",
            (error: unknown) => (error as { code: string }).code,
          )
        const codes = [await code(store.batch([op])), await code(store.get(["a"]))]
        await store.close?.()
        return [...codes, await code(store.open?.({ takeover: false }))]
      })
      expect(codes).toEqual(["ERR_STORE_UNAVAILABLE", "ERR_STORE_UNAVAILABLE", "ERR_STORE_UNAVAILABLE"])
    }))

  it("[D10] refuses to work where nothing keeps a second tab out", () =>
    inFreshPage(async (fresh) => {
      const code = await fresh.evaluate(async () => {
        Object.defineProperty(navigator, "locks", { value: undefined })
        return inPage
          .indexedDbStore("unlocked")
          .get(["a"])
          .catch((error: unknown) => (error as { code: string }).code)
      })
      expect(code).toBe("ERR_RUNTIME_UNSUPPORTED")
    }))
})
