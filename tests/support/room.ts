/**
 * The backend an app already has: a WebSocket server that hands every frame to everybody in the room, the speaker
 * included. It knows nothing of channels.
 */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { WebSocketServer } from "ws"

export interface Room extends AsyncDisposable {
  readonly url: string
  /** Everything that was ever said here. */
  readonly said: readonly Buffer[]
  /** What becomes of a frame on its way; undefined: it is lost. Default: nothing. */
  onFrame: (frame: Buffer) => Buffer | undefined
  /** Cuts every connection, as a proxy does; people may come back. */
  cut(): void
}

export const room = async (): Promise<Room> => {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http })
  const said: Buffer[] = []
  const here: Room = {
    url: "",
    said,
    onFrame: (frame) => frame,
    cut: () => {
      for (const socket of sockets.clients) socket.terminate()
    },
    [Symbol.asyncDispose]: async () => {
      here.cut()
      sockets.close()
      http.close()
      http.closeAllConnections()
      await once(http, "close")
    },
  }
  sockets.on("connection", (socket) => {
    socket.on("error", () => {
      socket.terminate()
    })
    socket.on("message", (data: Buffer) => {
      said.push(data)
      const frame = here.onFrame(data)
      if (frame === undefined) return
      for (const other of sockets.clients) other.send(frame, { binary: true })
    })
  })
  http.listen(0, "127.0.0.1")
  await once(http, "listening")
  const { port } = http.address() as AddressInfo
  return Object.assign(here, { url: `ws://127.0.0.1:${port}/room/42` })
}
