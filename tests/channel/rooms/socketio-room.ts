/** The chat server of Socket.IO's own tutorial, and a memory. It knows nothing of channels. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { isDeepStrictEqual } from "node:util"
import { type SocketIoOptions, socketIo } from "@securechat/transport-socketio"
import { Server } from "socket.io"
import { io } from "socket.io-client"
import type { StrangersRoom } from "./room.ts"

interface Said {
  readonly event: string
  readonly join: SocketIoOptions["join"]
  readonly payload: unknown
}

/** Somebody with the app's own client says this; resolves when it has come back. */
export const appTalk = async (url: string, { event, join, payload }: Said): Promise<void> => {
  const socket = io(url, { transports: ["websocket"], forceNew: true })
  const back = new Promise<void>((resolve) => {
    const text = (of: unknown): unknown => (of as { readonly text?: unknown } | null)?.text ?? of
    socket.on(event, (said: unknown) => {
      if (isDeepStrictEqual(text(said), text(payload))) resolve()
    })
  })
  await new Promise<void>((resolve) => socket.on("connect", resolve))
  if (join !== undefined) socket.emit(join.event, join.payload)
  socket.emit(event, payload)
  await back
  socket.disconnect()
}

export const socketIoRoom = async (): Promise<StrangersRoom> => {
  const seen: Buffer[] = []
  const http = createServer()
  const server = new Server(http)
  server.on("connection", (socket) => {
    socket.on("chat message", (message: Buffer | string) => {
      seen.push(Buffer.from(message))
      server.emit("chat message", message)
    })
  })
  http.listen(0, "127.0.0.1")
  await once(http, "listening")
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const event = "chat message"
  return {
    join: () => socketIo(url, { event }),
    chat: (text) => appTalk(url, { event, join: undefined, payload: text }),
    seen: () => Promise.resolve(Buffer.concat(seen)),
    [Symbol.asyncDispose]: async () => {
      await server.close()
    },
  }
}
