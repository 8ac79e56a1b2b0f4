/** Work in Debian's Chromium for `npm run bench`, a browser of its own for each contestant: one task each. */
import { chromium } from "playwright-core"
import { servePage } from "./support/bundle.ts"
import { CHROMIUM, FLAGS } from "./support/site.ts"

interface Piece {
  readonly work: () => unknown
}
/** What the page's script exports. */
declare const inPage: { readonly tasks: Readonly<Record<string, (input: object) => Piece | Promise<Piece>>> }

interface Input {
  readonly bytes: number
}
const PEERS = new URL("../../bench/peers/", import.meta.url)
const MATRIX = "node_modules/@matrix-org/matrix-sdk-crypto-wasm/pkg/matrix_sdk_crypto_wasm_bg.wasm"

async function contest(entry: URL, name: string, input: Input, files: Readonly<Record<string, URL>> = {}) {
  const served = await servePage(entry, undefined, files)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  const page = await browser.newPage()
  await page.goto(served.url)
  await page.evaluate(
    async ({ task, given }) => {
      const make = inPage.tasks[task]
      if (make === undefined) throw new Error(`no task ${task}`)
      Object.assign(globalThis, { piece: await make(given) })
    },
    { task: name, given: input },
  )
  const session = await page.context().newCDPSession(page)
  // The processor's time of the page's thread, as in the other rows.
  const timeDomain = process.env["BENCH_CLOCK"] === "wall" ? "timeTicks" : "threadTicks"
  await session.send("Performance.enable", { timeDomain })
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics")
    return metrics.find((metric) => metric.name === "TaskDuration")?.value ?? Number.NaN
  }
  return {
    measure: async (forMs: number) => {
      const began = await busySeconds()
      const times = await page.evaluate(async (ms) => {
        const { piece } = globalThis as unknown as { readonly piece: Piece }
        const endMs = performance.now() + ms
        let count = 0
        for (; performance.now() < endMs; count++) {
          const result = piece.work()
          if (result instanceof Promise) await result
        }
        return count
      }, forMs)
      return times / ((await busySeconds()) - began)
    },
    end: async () => {
      await browser.close()
      await served[Symbol.asyncDispose]()
    },
  }
}

const wasm = { "/pkg/matrix_sdk_crypto_wasm_bg.wasm": new URL(MATRIX, PEERS) }
export const tasks = {
  ours: (input: Input) =>
    contest(new URL("../../packages/core/test/bench/session.ts", import.meta.url), "oneWay", input),
  matrixRoom: (input: Input) => contest(new URL("matrix-page.mjs", PEERS), "room", input, wasm),
  matrixDirect: (input: Input) => contest(new URL("matrix-page.mjs", PEERS), "direct", input, wasm),
}
