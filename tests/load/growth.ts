/**
 * What a message costs as something beside it grows, for `npm run bench`: the conversations a client has, and the connections a
 * relay holds. Everything is real: each conversation a handshake with an account of its own, each connection a login.
 */
import { SecureChat } from "@securechat/core"
import { webSocket } from "@securechat/transport-ws"
import type { WireClient } from "../relay/support/wire-client.ts"
import { chatClock, closedLoop } from "./closed-loop.ts"
import { drive, inBatches, member, relayPair } from "./pairs.ts"
import { startServer } from "./process.ts"

interface Sized {
  readonly count: number
}
const BYTES = 100
const PAIRS = 20
/** The relay hangs up on a minute's silence. */
const HEARTBEAT_MS = 20_000

/** So many accounts that published once and went away; the client has agreed on keys with each. */
async function acquaintances(chat: SecureChat, port: number, count: number): Promise<void> {
  await inBatches(count, async () => {
    const { device, socket } = await member(port, true)
    const { security } = await chat.direct(device.identity.accountId)
    if (security.level === "red") throw new Error(`no session: ${security.reason}`)
    socket.terminate()
  })
}

export const tasks = {
  /** From `send()` to the `message` event on a client with so many conversations. */
  conversations: async ({ count }: Sized) => {
    const server = await startServer("relay")
    const transport = () => webSocket(`ws://127.0.0.1:${server.port}`)
    const ada = await SecureChat.open({ user: "ada", transport: transport() })
    const bo = await SecureChat.open({ user: "bo", transport: transport() })
    await Promise.all([ada.whenOnline(), bo.whenOnline()])
    await acquaintances(ada, server.port, count - 1)
    const toBo = await ada.direct("bo")
    const loop = closedLoop([() => void toBo.send("x".repeat(BYTES))], 1)
    bo.on("message", () => {
      loop.arrived(0)
    })
    await loop.run(100)
    const clock = chatClock(server)
    return {
      measure: async (forMs: number) => {
        const beganMs = clock()
        const messages = await loop.run(forMs)
        return (messages * 1000) / (clock() - beganMs)
      },
      end: async () => {
        await Promise.all([ada.close(), bo.close()])
        await server.stop()
      },
    }
  },
  /** Accepted, delivered and acknowledged by a relay that holds so many connections besides. */
  connections: async ({ count }: Sized) => {
    const server = await startServer("relay")
    const held: WireClient[] = []
    const heartbeat = setInterval(() => {
      for (const client of held) client.send({ type: "ping", request: 0, nonce: new Uint8Array(8) })
    }, HEARTBEAT_MS)
    await inBatches(count, async () => held.push(await member(server.port, false)))
    const pairs = await inBatches(PAIRS, () => relayPair(server.port, BYTES))
    return {
      measure: async (forMs: number) => {
        const beganMs = server.cpuMs()
        const messages = await drive(pairs, 8, forMs)
        return (messages * 1000) / (server.cpuMs() - beganMs)
      },
      end: async () => {
        clearInterval(heartbeat)
        for (const pair of pairs) pair.end()
        for (const { socket } of held) socket.terminate()
        await server.stop()
      },
    }
  },
}
