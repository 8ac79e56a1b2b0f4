/** Many clients of one machine: descriptors, addresses to come from, and connections that stay. */
import { readFileSync } from "node:fs"
import { expect } from "vitest"
import type { WireClient } from "../relay/support/wire-client.ts"
import { figure } from "./figure.ts"
import { inBatches, member } from "./pairs.ts"
import { startServer } from "./process.ts"

/** Server and generator each hold one descriptor a connection; where there are fewer, fewer are held and that is said. */
export const bounded = (wanted: number): number => {
  const most = Number(/Max open files\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 1_000)
  const count = Math.min(wanted, most - 500)
  if (count < wanted) console.log(`${count} connections instead of ${wanted}: too few descriptors`)
  return count
}

const ADDRESSES = 250
/** One of 250 addresses of the loopback: 20 logins at a time may come from each. */
export const addressOf = (client: number): string => `127.0.1.${(client % ADDRESSES) + 1}`

const HEARTBEAT_MS = 20_000

/** The relay hangs up on a minute's silence, and so many logins take longer. @returns its end. */
export function heartbeat(clients: () => Iterable<WireClient>): () => void {
  const timer = setInterval(() => {
    for (const client of clients()) client.send({ type: "ping", request: 0, nonce: new Uint8Array(8) })
  }, HEARTBEAT_MS)
  return () => {
    clearInterval(timer)
  }
}

/** Connections that are logged in and say nothing but that they are there: what does one take? */
export async function hold(wanted: number, what: string, atMostKb: number): Promise<void> {
  const count = bounded(wanted)
  const server = await startServer("relay")
  const before = await server.memory()
  const clients: WireClient[] = []
  const still = heartbeat(() => clients)
  await inBatches(count, async () => clients.push(await member(server.port, false)))
  const after = await server.memory()
  const kb = (of: (usage: NodeJS.MemoryUsage) => number): number => (of(after) - of(before)) / count / 1000
  figure(
    `${count} ${what} held, each`,
    kb(({ rss }) => rss),
    " kB",
    { atMost: atMostKb },
  )
  console.log(
    `  of it heap ${kb(({ heapUsed }) => heapUsed).toFixed(1)} kB in ${kb(({ heapTotal }) => heapTotal).toFixed(1)}, external ${kb(({ external }) => external).toFixed(1)}`,
  )
  expect(clients.every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true)
  still()
  for (const { socket } of clients) socket.terminate()
  await server.stop()
}
