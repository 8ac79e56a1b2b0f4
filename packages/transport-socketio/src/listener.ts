/**
 * The relay's side: a `Listener` on the requests and upgrades of an HTTP server that somebody else brings.
 * The engine is never attached to that server: it would end upgrades it does not know. Not its concern:
 * who may log in, how many, and from where; `admit` is asked.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import {
  CLOSE_TIMEOUT_MS,
  HEARTBEAT_MS,
  HEARTBEAT_TIMEOUT_MS,
  type HttpServerLike,
  type Listener,
  type ListenerContext,
  MAX_BUFFERED_BYTES,
  MAX_FRAME_BYTES,
  SLOW_READER_MS,
  type TransportConnection,
  originOf,
  pathOf,
  platformTimers,
  socketAddress,
} from "@securechat/core/transport"
import type { Socket as EngineSocket } from "engine.io"
import { type ConnectionLimits, accept } from "./accepted.ts"
import { RelayEngine, settlePolling } from "./engine.ts"
import { RELAY_PATH } from "./packet.ts"

export interface SocketIoListenerOptions extends Partial<ConnectionLimits> {
  /** Default `/socket.io`. Requests and upgrades of other paths are left alone. */
  readonly path?: string | undefined
  /** The client's address; default the socket's. A relay behind a proxy reads the header it trusts. */
  readonly addressOf?: ((request: IncomingMessage) => string) | undefined
  /** Also long polling over plain requests, for networks that let no WebSocket through. Default false. */
  readonly polling?: boolean | undefined
  /** Silence after which the engine asks, and further silence after which the peer is dead. */
  readonly heartbeatMs?: number | undefined
  readonly heartbeatTimeoutMs?: number | undefined
}

type EngineRequest = Parameters<RelayEngine["handleUpgrade"]>[0]

const DEFAULTS: ConnectionLimits = {
  maxFrameBytes: MAX_FRAME_BYTES,
  maxBufferedBytes: MAX_BUFFERED_BYTES,
  slowMs: SLOW_READER_MS,
  closeTimeoutMs: CLOSE_TIMEOUT_MS,
  timers: platformTimers,
  nowMs: () => performance.now(),
}

const refuseUpgrade = (socket: Duplex, status: string): void => {
  // A client that goes away while it is refused must not end the process.
  socket.on("error", () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

const refuseRequest = (response: ServerResponse, status: number): void => {
  response.writeHead(status, { "Content-Length": "0", "Cache-Control": "no-store" }).end()
}

/** The session a request belongs to, else undefined: it begins one. */
const sessionOf = (request: IncomingMessage): string | undefined =>
  new URLSearchParams((request.url ?? "").split("?", 2)[1]).get("sid") ?? undefined

const REFUSED = {
  400: "400 Bad Request",
  403: "403 Forbidden",
  503: "503 Service Unavailable",
} as const

class SocketIoListener implements Listener {
  readonly name = "socket.io"
  readonly path: string
  readonly #limits: ConnectionLimits
  readonly #addressOf: (request: IncomingMessage) => string
  readonly #newEngine: () => RelayEngine
  readonly #polling: boolean
  readonly #engines: RelayEngine[] = []
  readonly #open = new Set<TransportConnection>()
  #closing: Promise<void> | undefined

  constructor(options: SocketIoListenerOptions) {
    const { path = RELAY_PATH, addressOf = socketAddress, polling = false, ...given } = options
    const { heartbeatMs = HEARTBEAT_MS, heartbeatTimeoutMs = HEARTBEAT_TIMEOUT_MS, ...limits } = given
    this.path = path
    this.#limits = { ...DEFAULTS, ...limits }
    this.#addressOf = addressOf
    this.#polling = polling
    const engineLimits = { ...this.#limits, polling, heartbeatMs, heartbeatTimeoutMs }
    this.#newEngine = () => new RelayEngine(engineLimits)
  }

  get maxFrameBytes(): number {
    return this.#limits.maxFrameBytes
  }

  attach(server: HttpServerLike, context: ListenerContext): void {
    const engine = this.#newEngine()
    this.#engines.push(engine)
    engine.on("connection", (socket: EngineSocket) => {
      settlePolling(socket.transport, this.#limits)
      this.#take(socket, context)
    })
    server.on("upgrade", (request: EngineRequest, socket: Duplex, head: Buffer) => {
      if (!this.#isOurs(request)) return
      const status = this.#refusal(request, engine, context)
      if (status === undefined) engine.handleUpgrade(request, socket, head)
      else refuseUpgrade(socket, REFUSED[status])
    })
    if (!this.#polling) return
    server.on("request", (request: EngineRequest, response: ServerResponse) => {
      if (!this.#isOurs(request)) return
      const status = this.#refusal(request, engine, context)
      if (status === undefined) poll(engine, request, response)
      else refuseRequest(response, status)
    })
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#shut())
  }

  #isOurs(request: IncomingMessage): boolean {
    return [this.path, `${this.path}/`].includes(pathOf(request))
  }

  /** Status of the refusal, or undefined: the engine may answer. */
  #refusal(
    request: IncomingMessage,
    engine: RelayEngine,
    context: ListenerContext,
  ): keyof typeof REFUSED | undefined {
    const session = sessionOf(request)
    if (session === undefined) {
      if (this.#closing !== undefined) return 503
      return context.admit(originOf(request, this.#addressOf(request))) ? undefined : 403
    }
    // A session over a WebSocket needs no second socket: it would be one that nobody admitted.
    if (!this.#polling) return 400
    return engine.isForeign(session, request) ? 403 : undefined
  }

  #take(socket: EngineSocket, context: ListenerContext): void {
    const from = originOf(socket.request, this.#addressOf(socket.request))
    const { connection } = accept(socket, this.#limits, context, from)
    this.#open.add(connection)
    socket.on("close", () => this.#open.delete(connection))
  }

  async #shut(): Promise<void> {
    await Promise.all([...this.#open].map((one) => one.close()))
    for (const engine of this.#engines) engine.close()
  }
}

const poll = (engine: RelayEngine, request: EngineRequest, response: ServerResponse): void => {
  response.setHeader("X-Content-Type-Options", "nosniff")
  const { origin } = request.headers
  // Admitted above; without the header a page of another origin may send and not read.
  if (origin !== undefined)
    response.setHeader("Access-Control-Allow-Origin", origin).setHeader("Vary", "Origin")
  engine.handleRequest(request, response)
}

/**
 * Takes Socket.IO connections to the default namespace on one path. What `admit` refuses is answered 403, what
 * comes after `close()` 503, all else that begins no connection 400.
 *
 * A connection takes frames only: events `securechat.v1` with exactly one binary argument (else 1002) of at most
 * `maxFrameBytes` (1009), in at most 64 WebSocket fragments (1008). Its `send` rejects with ERR_QUEUE_FULL
 * instead of exceeding `maxBufferedBytes`, and its promise resolves when the network has the frame. It ends with
 * 1006 when the peer does not answer the engine's ping, with 4009 when it takes nothing for `slowMs`.
 */
export const socketIoListener = (options: SocketIoListenerOptions = {}): Listener =>
  new SocketIoListener(options)
