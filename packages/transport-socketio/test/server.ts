/** An HTTP server on a free port with one listener, and the sockets behind it. */
import { type Server, createServer } from "node:http"
import type { Socket } from "node:net"
import type { Listener } from "@securechat/core/transport"
import { type Acceptor, type AcceptorOptions, acceptor } from "@securechat/testkit"
import { type SocketIoListenerOptions, socketIoListener } from "../src/listener.ts"
import { listen } from "./plain.ts"

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
  options: SocketIoListenerOptions = {},
  context: AcceptorOptions = {},
): Promise<Started> => {
  const server = createServer()
  const sockets: Socket[] = []
  server.on("connection", (socket) => sockets.push(socket))
  const listener = socketIoListener(options)
  const accepted = acceptor(listener, server, context)
  const port = await listen(server)
  return {
    server,
    listener,
    ...accepted,
    port,
    url: `http://127.0.0.1:${port}`,
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
