/** An app's own Socket.IO server that knows nothing of us, and a raw server that speaks as the test says. */
import { type Server as HttpServer, createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Server } from "socket.io"
import { type WebSocket, WebSocketServer } from "ws"

export const listen = (server: HttpServer): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port)
    })
  })

export interface BroadcastServer {
  readonly url: string
  readonly io: Server
  readonly seen: readonly { readonly event: string; readonly args: readonly unknown[] }[]
  stop(): Promise<void>
}

/** Passes every event on to everybody, the sender included, as a beginner would write it. */
export const broadcastServer = async (namespaces: readonly string[] = ["/"]): Promise<BroadcastServer> => {
  const http = createServer()
  const io = new Server(http)
  const seen: { readonly event: string; readonly args: readonly unknown[] }[] = []
  for (const name of namespaces)
    io.of(name).on("connection", (socket) => {
      socket.onAny((event: string, ...args: unknown[]) => {
        seen.push({ event, args })
        io.of(name).emit(event, ...args)
      })
    })
  const port = await listen(http)
  return { url: `http://127.0.0.1:${port}`, io, seen, stop: () => io.close() }
}

export interface RawServer {
  readonly url: string
  readonly sockets: readonly WebSocket[]
  stop(): Promise<unknown>
}

/** A WebSocket server at the engine's place: what it says is up to the test. */
export const rawServer = async (onSocket: (socket: WebSocket) => void): Promise<RawServer> => {
  const http = createServer()
  const wss = new WebSocketServer({ server: http })
  const sockets: WebSocket[] = []
  wss.on("connection", (socket) => {
    socket.on("error", () => undefined)
    sockets.push(socket)
    onSocket(socket)
  })
  const port = await listen(http)
  return {
    url: `http://127.0.0.1:${port}`,
    sockets,
    stop: () => {
      for (const socket of sockets) socket.terminate()
      return new Promise((resolve) => http.close(resolve))
    },
  }
}

/** The engine's handshake and the default namespace, as a right server says them. */
export const HANDSHAKE = `0${JSON.stringify({ sid: "s", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1e6 })}`
export const CONNECTED = `40${JSON.stringify({ sid: "t" })}`
/** The head of a frame on a WebSocket: engine message, binary event with one attachment. */
export const HEAD = '451-["securechat.v1",{"_placeholder":true,"num":0}]'
