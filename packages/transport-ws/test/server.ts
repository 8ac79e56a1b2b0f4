/** An HTTP server on a free port with one listener, and the sockets behind it. */
import { type Server, createServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { Listener } from "@securechat/core/transport"
import { type Acceptor, type AcceptorOptions, acceptor } from "@securechat/testkit"
import { type WebSocketListenerOptions, webSocketListener } from "../src/listener.ts"

export const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port)
    })
  })

export interface Started extends Acceptor {
  readonly server: Server
  readonly listener: Listener
  readonly port: number
  readonly url: string
  /** Server sides of all connections so far, oldest first. */
  readonly sockets: readonly Socket[]
  stop(): Promise<void>
}

export const startListener = async (
  options: WebSocketListenerOptions = {},
  context: AcceptorOptions = {},
): Promise<Started> => {
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
    sockets,
    stop: async () => {
      const closing = listener.close()
      // Clients by hand answer no closing handshake, and nobody waits for them here.
      for (const socket of sockets) socket.destroy()
      await closing
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
