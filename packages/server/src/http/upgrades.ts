/**
 * One `upgrade` listener for all transports, which chooses by path: engine.io would end upgrades it does
 * not know after a second (relay.md §2). Each transport's `Listener` is given a server of its own look.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import type { HttpServerLike, Listener } from "@securechat/core/transport"

type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void
type OnRequest = (request: IncomingMessage, response: ServerResponse) => void

interface Route {
  readonly path: string
  upgrade: OnUpgrade | undefined
  request: OnRequest | undefined
}

export interface UpgradeRouterOptions {
  /** Header fields a request may have. */
  readonly headers: number
  /** The server is another app's: what is not ours is left to it. */
  readonly foreign: boolean
}

/** Path of a request target, without query; undefined for what is no path. */
export const pathOf = (request: IncomingMessage): string | undefined => {
  const target = request.url ?? ""
  return target.startsWith("/") ? target.split("?", 1)[0] : undefined
}

/** More header fields than anybody needs. The parser bounds their bytes. */
export const hasTooManyHeaders = (request: IncomingMessage, headers: number): boolean =>
  request.rawHeaders.length > 2 * headers

const refuse = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

export interface UpgradeRouter {
  /** The server as this listener sees it: only what is under its path. */
  serverFor(listener: Pick<Listener, "path">): HttpServerLike
  readonly onUpgrade: OnUpgrade
  /** True when a transport has taken the request. */
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => boolean
}

export const upgradeRouter = ({ headers, foreign }: UpgradeRouterOptions): UpgradeRouter => {
  const routes: Route[] = []
  const routeOf = (request: IncomingMessage): Route | undefined => {
    const path = pathOf(request)
    return routes.find((route) => path === route.path || path?.startsWith(`${route.path}/`) === true)
  }
  return {
    serverFor: ({ path }) => {
      const route: Route = { path, upgrade: undefined, request: undefined }
      routes.push(route)
      return {
        on: (event, fn) => {
          if (event === "upgrade") route.upgrade = fn as OnUpgrade
          else route.request = fn as OnRequest
        },
      }
    },
    onUpgrade: (request, socket, head) => {
      const route = routeOf(request)
      // A client that goes away while it is refused must not end the process.
      if (route === undefined && foreign) return
      socket.on("error", () => socket.destroy())
      if (route?.upgrade === undefined) refuse(socket, "404 Not Found")
      else if (hasTooManyHeaders(request, headers)) refuse(socket, "431 Request Header Fields Too Large")
      else route.upgrade(request, socket, head)
    },
    onRequest: (request, response) => {
      const route = routeOf(request)
      if (route?.request === undefined) return false
      if (hasTooManyHeaders(request, headers)) response.writeHead(431, { "Content-Length": "0" }).end()
      else route.request(request, response)
      return true
    },
  }
}
