/**
 * What the load runs against, in a process of its own: `server.ts bare`, `server.ts socket.io`, or `server.ts relay <mailbox as
 * JSON>`. Says its port on the first line; each line in is answered with its memory after a collection.
 */
import { createInterface } from "node:readline"
import { silentLogger } from "@securechat/core/transport"
import { createRelay } from "@securechat/server"
import { WebSocketServer, type WebSocket } from "ws"
import { BARE } from "./bare.ts"
import { socketIoForwarder } from "./socketio-bare.ts"

const say = (value: object): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** Forwards to the connection whose number the message names, acknowledges to its sender, checks nothing. */
async function bare(): Promise<number> {
  const sockets: WebSocket[] = []
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false, backlog: 2048 })
  server.on("connection", (socket, request) => {
    sockets[Number(request.url?.slice(1))] = socket
    socket.on("message", (data: Buffer) => {
      if (data[0] !== BARE.submit) return
      const accepted = Buffer.allocUnsafe(5)
      accepted[0] = BARE.accepted
      data.copy(accepted, 1, 1, 5)
      socket.send(accepted)
      const to = sockets[data.readUInt32BE(5)]
      data[0] = BARE.deliver
      to?.send(data)
    })
  })
  await new Promise((resolve) => server.once("listening", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

/** As it is: only the buckets, and how many connections one address may have, make room for a load. */
async function relay(
  mailbox: "memory" | { readonly sqlite: string } | { readonly redis: string },
): Promise<number> {
  const open = { size: 1e9, perSecond: 1e9 }
  const calls = { lookup: open, claim: open, publish: open }
  const buckets = { login: open, deviceLogin: open, submit: open, deviceSubmit: open, ...calls }
  const made = createRelay({
    port: 0,
    logger: silentLogger,
    mailbox,
    allowVolatile: true,
    limits: { connectionsPerAddress: 0, accounts: 100_000, buckets },
  })
  return (await made.listen()).port
}

const [kind, mailbox = '"memory"'] = process.argv.slice(2)
const forwarders: Readonly<Record<string, () => Promise<number>>> = { bare, "socket.io": socketIoForwarder }
const begin = forwarders[kind ?? ""] ?? (() => relay(JSON.parse(mailbox) as "memory"))
say({ port: await begin() })
for await (const _ of createInterface({ input: process.stdin })) {
  globalThis.gc?.()
  say(process.memoryUsage())
}
process.exit(0)
