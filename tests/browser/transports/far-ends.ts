/**
 * The listeners of both transports in Node, for clients in a page: each connection's far end is handed to the page over a
 * WebSocket of its own, so that one suite sees both. A pair of ends is known by a number in the query of both addresses.
 */
import { once } from "node:events"
import { type IncomingMessage, type ServerResponse, createServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { Duplex } from "node:stream"
import {
  type CloseInfo,
  type ListenerContext,
  type TransportConnection,
  silentLogger,
} from "@securechat/core/transport"
import { socketIoListener } from "@securechat/transport-socketio/server"
import { webSocketListener } from "@securechat/transport-ws/server"
import { type WebSocket, WebSocketServer } from "ws"

/** Hears of what the far end is told, also of what came before it was there. */
interface Hearer {
  onFrame(frame: Uint8Array): void
  onClose(info: CloseInfo): void
}
interface Accepted {
  readonly connection: TransportConnection
  hear(hearer: Hearer): void
}

const addressOf = ({ url, headers }: IncomingMessage): URL =>
  new URL(url ?? "", `http://${headers.host ?? ""}`)
const pairOf = (request: IncomingMessage): string => addressOf(request).searchParams.get("pair") ?? ""

const accept = (connection: TransportConnection): Accepted & Hearer => {
  let hearer: Hearer | undefined
  const early: ((hearer: Hearer) => void)[] = []
  const tell = (event: (hearer: Hearer) => void): void => {
    if (hearer === undefined) early.push(event)
    else event(hearer)
  }
  return {
    connection,
    hear: (one) => {
      hearer = one
      for (const event of early.splice(0)) event(one)
    },
    onFrame: (frame) => {
      tell((one) => {
        one.onFrame(frame)
      })
    },
    onClose: (info) => {
      tell((one) => {
        one.onClose(info)
      })
    },
  }
}

/** Speaks for one accepted connection: frames and their answers as they come, its end as the last word. */
const handOver = ({ connection, hear }: Accepted, control: WebSocket): void => {
  const say = (message: object): void => {
    control.send(JSON.stringify(message))
  }
  control.on("message", (data: Buffer, isBinary) => {
    if (isBinary)
      connection.send(data).then(
        () => {
          say({ sent: true })
        },
        (error: unknown) => {
          say({ sent: false, code: (error as { code?: string }).code })
        },
      )
    else void connection.close()
  })
  control.on("close", () => void connection.close())
  say({ open: true })
  hear({
    onFrame: (frame) => {
      control.send(frame)
    },
    onClose: (info) => {
      say({ closed: info })
    },
  })
}

export interface FarEnds extends AsyncDisposable {
  readonly url: string
}

export const farEnds = async (): Promise<FarEnds> => {
  const accepted = new Map<string, Accepted[]>()
  const waiting = new Map<string, WebSocket[]>()
  const sockets = new Map<string, Socket[]>()
  const meet = (pair: string): void => {
    const [one, control] = [accepted.get(pair)?.[0], waiting.get(pair)?.[0]]
    if (one === undefined || control === undefined) return
    accepted.get(pair)?.shift()
    waiting.get(pair)?.shift()
    handOver(one, control)
  }
  const put = <T>(map: Map<string, T[]>, pair: string, value: T): void => {
    map.set(pair, [...(map.get(pair) ?? []), value])
  }
  const context: ListenerContext = {
    log: silentLogger,
    admit: () => true,
    onConnection: (connection, { address }) => {
      const one = accept(connection)
      put(accepted, address, one)
      meet(address)
      return one
    },
  }
  const act = async (name: string, pair: string): Promise<void> => {
    const socket = sockets.get(pair)?.at(-1)
    if (name === "/cut") socket?.destroy()
    if (name === "/pause") socket?.pause()
    if (name === "/resume") socket?.resume()
    // A frame with reserved bits: RFC 6455 §5.2
    if (name === "/garbage") socket?.write(Uint8Array.of(0xf2, 1, 7))
    if (name === "/ended")
      for (const one of sockets.get(pair) ?? []) if (!one.closed) await once(one, "close")
  }
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    response.setHeader("Access-Control-Allow-Origin", "*")
    void act(addressOf(request).pathname, pairOf(request)).then(() => response.end())
  })
  const control = new WebSocketServer({ noServer: true })
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (addressOf(request).pathname !== "/far") put(sockets, pairOf(request), request.socket)
    else
      control.handleUpgrade(request, socket, head, (one) => {
        put(waiting, pairOf(request), one)
        meet(pairOf(request))
      })
  })
  const listeners = [webSocketListener({ addressOf: pairOf }), socketIoListener({ addressOf: pairOf })]
  for (const listener of listeners) listener.attach(server, context)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const client of control.clients) client.terminate()
      for (const all of sockets.values()) for (const socket of all) socket.destroy()
      await Promise.all(listeners.map((listener) => listener.close()))
      server.close()
      server.closeAllConnections()
    },
  }
}
