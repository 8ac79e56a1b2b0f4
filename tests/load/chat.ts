/**
 * What a person waits for: `send()` on one client to the `message` event on the other, through a relay of its own process. All
 * clients live here, over real sockets, with memory stores and everything switched on as it comes.
 */
import { SecureChat } from "@securechat/core"
import { webSocket } from "@securechat/transport-ws"
import { chatClock, closedLoop } from "./closed-loop.ts"
import { startServer } from "./process.ts"

interface Load {
  readonly bytes: number
  /** Pairs of people, each with a client of its own. */
  readonly pairs: number
  /** Messages under way at a time in each conversation. */
  readonly window: number
}

export const tasks = {
  sdk: async ({ bytes, pairs, window }: Load) => {
    const server = await startServer("relay")
    const clients: SecureChat[] = []
    const person = async (user: string): Promise<SecureChat> => {
      const chat = await SecureChat.open({ user, transport: webSocket(`ws://127.0.0.1:${server.port}`) })
      clients.push(chat)
      await chat.whenOnline()
      return chat
    }
    const text = "x".repeat(bytes)
    const sends: (() => void)[] = []
    const loop = closedLoop(sends, window)
    for (let i = 0; i < pairs; i++) {
      const [ada, bo] = [await person(`ada${i}`), await person(`bo${i}`)]
      const toBo = await ada.direct(`bo${i}`)
      const toAda = await bo.direct(`ada${i}`)
      // An answer, so that no message carries the handshake any more.
      for (const [from, to] of [[toBo, bo] as const, [toAda, ada] as const]) {
        const heard = to.once("message")
        await from.send("hello")
        await heard
      }
      sends.push(() => void toBo.send(text))
      bo.on("message", () => {
        loop.arrived(i)
      })
    }
    const clock = chatClock(server)
    return {
      measure: async (forMs: number) => {
        const beganMs = clock()
        const messages = await loop.run(forMs)
        return (messages * 1000) / (clock() - beganMs)
      },
      end: async () => {
        await Promise.all(clients.map((chat) => chat.close()))
        await server.stop()
      },
    }
  },
}
