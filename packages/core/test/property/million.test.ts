import { describe, expect, it } from "vitest"
import { LongRun } from "./million.ts"

/** `npm run test:long million` sends a million. */
const MESSAGES = Number(process.env["MILLION_MESSAGES"] ?? 20_000)
const SEED = Number(process.env["MILLION_SEED"] ?? 1)

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

describe("two devices that go on for a long time", () => {
  it(
    `[D13] [D11] open everything in ${MESSAGES} messages with loss, reorder, repeats, restarts and handshakes of both sides at once`,
    () => {
      const run = new LongRun(SEED)
      const started = performance.now()
      const sizes: number[] = []
      // The state after each tenth: it levels off, however long the run is.
      for (let tenth = 1; tenth <= 10; tenth++) {
        run.totals.maxLinkBytes = 0
        run.run((MESSAGES * tenth) / 10)
        sizes.push(run.totals.maxLinkBytes)
        if (MESSAGES >= 1_000_000)
          console.log(
            `${run.totals.sent} sent, heap ${megabytes(process.memoryUsage().heapUsed)}, state at most ${run.totals.maxLinkBytes} B`,
          )
      }
      const { totals } = run
      const seconds = (performance.now() - started) / 1_000
      console.log(
        `seed ${SEED}: ${JSON.stringify(totals)}, ${Math.round(totals.sent / seconds)} messages a second`,
      )
      expect(totals.opened + totals.lost).toBe(totals.sent)
      expect(Math.max(...sizes.slice(5))).toBeLessThan(2 * Math.max(...sizes.slice(0, 5)))
      for (const count of [totals.lost, totals.late, totals.repeats, totals.restarts, totals.handshakes - 2])
        expect(count).toBeGreaterThan(0)
    },
    Math.max(60_000, MESSAGES * 5),
  )

  // Short, for the faults of \`tests/plants\` that these runs must find.
  it("open everything in a run's first thousand messages, whoever begins again", () => {
    const run = new LongRun(SEED + 1)
    run.run(1_000)
    const { opened, lost, sent, late } = run.totals
    expect(opened + lost).toBe(sent)
    expect(late).toBeGreaterThan(0)
  })
})
