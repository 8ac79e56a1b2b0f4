/** The relay and what it is compared with, for `npm run bench` and `npm run test:long load`: one task each. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { mosquittoPair, startMosquitto } from "./mosquitto.ts"
import { type Pair, barePair, drive, inBatches, relayPair } from "./pairs.ts"
import { startServer } from "./process.ts"
import { startRedis } from "./redis.ts"
import { socketIoPair } from "./socketio-bare.ts"

const HEARTBEAT_MS = 20_000

interface Load {
  readonly pairs: number
  readonly bytes: number
  readonly window: number
}
interface Contest {
  /** Messages per second of the server's processor time, or of the clock with `BENCH_CLOCK=wall`. */
  measure(forMs: number): Promise<number>
  end(): Promise<void>
}

const PAIRS = {
  bare: barePair,
  "socket.io": socketIoPair,
  mosquitto: mosquittoPair,
  relay: (port: number, _number: number, bytes: number) => relayPair(port, bytes),
}

async function contest(
  kind: keyof typeof PAIRS,
  { pairs, bytes, window }: Load,
  mailbox?: unknown,
): Promise<Contest> {
  const server = kind === "mosquitto" ? await startMosquitto() : await startServer(kind, mailbox)
  const makePair = PAIRS[kind]
  const made: Pair[] = await inBatches(pairs, (number) => makePair(server.port, number, bytes))
  const heartbeat = setInterval(() => {
    for (const pair of made) pair.ping()
  }, HEARTBEAT_MS)
  const clock = process.env["BENCH_CLOCK"] === "wall" ? () => performance.now() : () => server.cpuMs()
  return {
    measure: async (forMs) => {
      const beganMs = clock()
      const delivered = await drive(made, window, forMs)
      return (delivered * 1000) / (clock() - beganMs)
    },
    end: async () => {
      clearInterval(heartbeat)
      for (const pair of made) pair.end()
      await server.stop()
    },
  }
}

export const tasks = {
  bare: (load: Load) => contest("bare", load),
  socketIo: (load: Load) => contest("socket.io", load),
  mosquitto: (load: Load) => contest("mosquitto", load),
  memory: (load: Load) => contest("relay", load),
  sqlite: async (load: Load) => {
    const folder = mkdtempSync(join(tmpdir(), "securechat-load-"))
    const made = await contest("relay", load, { sqlite: join(folder, "relay.db") })
    return {
      ...made,
      end: async () => {
        await made.end()
        rmSync(folder, { recursive: true })
      },
    }
  },
  redis: async (load: Load) => {
    const redis = await startRedis()
    const made = await contest("relay", load, { redis: redis.url })
    return {
      ...made,
      end: async () => {
        await made.end()
        await redis.stop()
      },
    }
  },
}
