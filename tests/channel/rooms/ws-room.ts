/** The broadcast server of the `ws` package's own README, and a memory. It knows nothing of channels. */
import { on, once } from "node:events"
import type { AddressInfo } from "node:net"
import { webSocket } from "@securechat/transport-ws"
import { WebSocket, WebSocketServer } from "ws"
import type { StrangersRoom } from "./room.ts"

const serve = (seen: Buffer[]): WebSocketServer => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 })
  server.on("connection", (socket) => {
    socket.on("error", console.error)
    socket.on("message", (data, isBinary) => {
      seen.push(data as Buffer)
      for (const client of server.clients)
        if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary })
    })
  })
  return server
}

export const wsRoom = async (): Promise<StrangersRoom> => {
  const seen: Buffer[] = []
  const server = serve(seen)
  await once(server, "listening")
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/room/42`
  return {
    join: () => webSocket(url),
    chat: async (text) => {
      const socket = new WebSocket(url)
      await once(socket, "open")
      socket.send(text)
      for await (const [data] of on(socket, "message")) if (String(data) === text) break
      socket.terminate()
    },
    seen: () => Promise.resolve(Buffer.concat(seen)),
    [Symbol.asyncDispose]: async () => {
      for (const client of server.clients) client.terminate()
      server.close()
      await once(server, "close")
    },
  }
}
