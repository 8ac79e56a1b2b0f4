/**
 * Between clients and a relay, packet by packet: what a hostile relay, or a hostile client, says beside what is right, and
 * what really crossed the network. Over a WebSocket a packet is a frame.
 */
import { once } from "node:events"
import { type IncomingMessage, createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { WebSocket, WebSocketServer } from "ws"

type Packet = string | Uint8Array
/** `up`: from a client. */
export type PacketWay = "up" | "down"

export interface PacketProxy {
  readonly url: string
  /** Where the packets go on to; set before the first client comes. */
  relay: string
  /** Connections of clients so far. */
  readonly connections: number
  /** Looks at each packet, as it came over the network; false: it gets no further. Default: every one goes on. */
  onPacket: (way: PacketWay, data: Buffer) => boolean
  /** Says these to the newest client, in the relay's name. */
  inject(packets: readonly Packet[]): void
  close(): Promise<void>
}

const handOn = (
  from: WebSocket,
  to: WebSocket,
  goesOn: (data: Buffer) => boolean,
  early: [Buffer, boolean][],
): void => {
  from.on("message", (data: Buffer, isBinary) => {
    if (!goesOn(data)) return
    if (to.readyState === WebSocket.OPEN) to.send(data, { binary: isBinary })
    else early.push([data, isBinary])
  })
  from.on("error", () => undefined)
  from.on("close", () => {
    to.close()
  })
}

/** @param how `transparent`: the relay is told the name that the client dialled, and must know it as one of its own. */
export const packetProxy = async (how: { readonly transparent?: boolean } = {}): Promise<PacketProxy> => {
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  http.listen(0, "127.0.0.1")
  await once(http, "listening")
  const clients: WebSocket[] = []
  const proxy: PacketProxy = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    relay: "",
    onPacket: () => true,
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
    const protocols = request.headers["sec-websocket-protocol"]?.split(/, */) ?? []
    const { host = "" } = request.headers
    const headers = how.transparent === true ? { host } : {}
    const target = `${proxy.relay.replace(/^http/, "ws")}${request.url ?? ""}`
    const onward = new WebSocket(target, protocols, { headers })
    const early: [Buffer, boolean][] = []
    handOn(client, onward, (data) => proxy.onPacket("up", data), early)
    handOn(onward, client, (data) => proxy.onPacket("down", data), [])
    onward.once("open", () => {
      for (const [data, isBinary] of early) onward.send(data, { binary: isBinary })
    })
  })
  return proxy
}
