/** An HTTP server on a free port with one listener, and the sockets behind it. */
import { type Server, createServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { type AcceptorOptions, acceptor } from "@securechat/testkit"
import { type WebSocketListenerOptions, webSocketListener } from "../src/listener.ts"

export const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port)
    })
  })

export const startListener = async (
  options: WebSocketListenerOptions = {},
  context: AcceptorOptions = {},
) => {
  const server = createServer()
  const sockets: Socket[] = []
  server.on("connection", (socket) => sockets.push(socket))
  const listener = webSocketListener(options)
  const accepted = acceptor(listener, server, context)
  const port = await listen(server)
  return {
    server,
    listener,
    ...accepted,
    port,
    url: `ws://127.0.0.1:${port}`,
    /** Server sides of all connections so far, oldest first. */
    sockets,
    stop: async () => {
      await listener.close()
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
export type Started = Awaited<ReturnType<typeof startListener>>
