/**
 * The relay under load, beside a bare forwarder in the same run. `npm run test:long load` takes 200 pairs and 10,000
 * connections and prints the figures of docs/operations.md; nothing here asserts a time.
 */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type { WireClient } from "../relay/support/wire-client.ts"
import { barePair, drive, inBatches, member, relayPair } from "./pairs.ts"
import { startServer } from "./process.ts"

const PAIRS = Number(process.env["LOAD_PAIRS"] ?? 10)
const FOR_MS = Number(process.env["LOAD_MS"] ?? 300)
const WANTED = Number(process.env["LOAD_CONNECTIONS"] ?? 100)
const BYTES = 512
const WINDOW = 8
const HEARTBEAT_MS = 20_000
const LONG_MS = 600_000

/** Server and generator each hold one descriptor a connection; where there are fewer, fewer are held and that is said. */
const descriptors = (): number =>
  Number(/Max open files\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 1_000)

describe("the relay under load", () => {
  it(
    "delivers what it accepts, and what a message costs beside a bare forwarder is told",
    async () => {
      const costs: number[] = []
      for (const kind of ["bare", "relay", "bare", "relay"] as const) {
        const server = await startServer(kind)
        const pairs = await inBatches(PAIRS, (number) =>
          kind === "bare" ? barePair(server.port, number, BYTES) : relayPair(server.port, BYTES),
        )
        await drive(pairs, WINDOW, FOR_MS)
        const beganMs = server.cpuMs()
        const delivered = await drive(pairs, WINDOW, FOR_MS)
        expect(delivered).toBeGreaterThan(PAIRS)
        costs.push((server.cpuMs() - beganMs) / delivered)
        for (const pair of pairs) pair.end()
        await server.stop()
      }
      const [bare, relay, again, relayAgain] = costs.map((ms) => ms * 1000) as [
        number,
        number,
        number,
        number,
      ]
      const worst = Math.min(bare / relay, again / relayAgain)
      console.log(
        `${PAIRS} pairs, ${BYTES} B: bare ${bare.toFixed(0)} and ${again.toFixed(0)} µs a message, relay ${relay.toFixed(0)} and ${relayAgain.toFixed(0)}: ratio ${worst.toFixed(2)}, worse of two`,
      )
    },
    LONG_MS,
  )

  it(
    "holds connections that are logged in and say nothing, and what one of them takes is told",
    async () => {
      const count = Math.min(WANTED, descriptors() - 500)
      const server = await startServer("relay")
      const before = await server.memory()
      const clients: WireClient[] = []
      // The relay hangs up on a minute's silence, and so many logins take longer.
      const heartbeat = setInterval(() => {
        for (const client of clients) client.send({ type: "ping", request: 0, nonce: new Uint8Array(8) })
      }, HEARTBEAT_MS)
      await inBatches(count, async () => clients.push(await member(server.port, false)))
      const { rss, heapUsed } = await server.memory()
      const scaled = count === WANTED ? "" : ` (${WANTED} wanted: too few descriptors)`
      console.log(
        `${count} connections${scaled}: ${((rss - before.rss) / count / 1000).toFixed(1)} kB each, ${((heapUsed - before.heapUsed) / count / 1000).toFixed(1)} of it heap`,
      )
      expect(clients.every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true)
      clearInterval(heartbeat)
      for (const { socket } of clients) socket.terminate()
      await server.stop()
    },
    LONG_MS,
  )
})
