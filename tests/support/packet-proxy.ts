/** Between Socket.IO clients and a relay, packet by packet: what a hostile relay, or a hostile client, says beside what is right. */
import { once } from "node:events"
import { type IncomingMessage, createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { WebSocket, WebSocketServer } from "ws"

type Packet = string | Uint8Array

export interface PacketProxy {
  readonly url: string
  /** Where the packets go on to; set before the first client comes. */
  relay: string
  /** Connections of clients so far. */
  readonly connections: number
  /** Says these to the newest client, in the relay's name. */
  inject(packets: readonly Packet[]): void
  close(): Promise<void>
}

const handOn = (from: WebSocket, to: WebSocket, early: [Buffer, boolean][]): void => {
  from.on("message", (data: Buffer, isBinary) => {
    if (to.readyState === WebSocket.OPEN) to.send(data, { binary: isBinary })
    else early.push([data, isBinary])
  })
  from.on("error", () => undefined)
  from.on("close", () => {
    to.close()
  })
}

export const packetProxy = async (): Promise<PacketProxy> => {
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  http.listen(0, "127.0.0.1")
  await once(http, "listening")
  const clients: WebSocket[] = []
  const proxy: PacketProxy = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    relay: "",
    get connections() {
      return clients.length
    },
    inject: (packets) => {
      for (const packet of packets) clients.at(-1)?.send(packet)
    },
    close: async () => {
      for (const client of clients) client.terminate()
      http.close()
      await once(http, "close")
    },
  }
  server.on("connection", (client: WebSocket, request: IncomingMessage) => {
    clients.push(client)
    const onward = new WebSocket(`${proxy.relay.replace(/^http/, "ws")}${request.url ?? ""}`)
    const early: [Buffer, boolean][] = []
    handOn(client, onward, early)
    handOn(onward, client, [])
    onward.once("open", () => {
      for (const [data, isBinary] of early) onward.send(data, { binary: isBinary })
    })
  })
  return proxy
}
