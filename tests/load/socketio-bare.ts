/**
 * A forwarder as one writes it with Socket.IO: an event names its receiver, Socket.IO's own acknowledgement says that it was taken, and
 * the receiver answers with an event. It checks nothing. Both ends of it: the server's, and a pair of clients.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Server, type Socket as Peer } from "socket.io"
import { io, type Socket } from "socket.io-client"
import type { Pair } from "./pairs.ts"

/** Returns its port. */
export async function socketIoForwarder(): Promise<number> {
  const http = createServer()
  const server = new Server(http, { transports: ["websocket"], serveClient: false })
  const peers: Peer[] = []
  server.on("connection", (peer) => {
    peers[Number(peer.handshake.auth["number"])] = peer
    peer.on("submit", (to: number, body: Buffer, accepted: () => void) => {
      accepted()
      peers[to]?.emit("deliver", body)
    })
  })
  await new Promise<void>((resolve) => http.listen({ port: 0, host: "127.0.0.1", backlog: 2048 }, resolve))
  return (http.address() as AddressInfo).port
}

const connected = async (port: number, number: number): Promise<Socket> => {
  const socket = io(`http://127.0.0.1:${port}`, {
    ...{ transports: ["websocket"], forceNew: true, reconnection: false, auth: { number } },
  })
  await new Promise((resolve, reject) => {
    socket.once("connect", () => {
      resolve(undefined)
    })
    socket.once("connect_error", reject)
  })
  return socket
}

/** @param number of the pair. */
export async function socketIoPair(port: number, number: number, bytes: number): Promise<Pair> {
  const [from, to] = [2 * number, 2 * number + 1]
  const [sender, receiver] = [await connected(port, from), await connected(port, to)]
  const body = Buffer.alloc(bytes, 7)
  const nothing = (): void => undefined
  const pair: Pair = {
    submit: () => {
      sender.emit("submit", to, body, () => {
        pair.onAccepted()
      })
    },
    onDelivered: nothing,
    onAccepted: nothing,
    ping: nothing,
    end: () => {
      sender.disconnect()
      receiver.disconnect()
    },
  }
  receiver.on("deliver", () => {
    receiver.emit("received")
    pair.onDelivered()
  })
  return pair
}
