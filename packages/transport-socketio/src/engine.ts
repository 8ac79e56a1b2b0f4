/** The engine below Socket.IO, with everything off that a chat does not need and everything bounded that it does. */
import type { IncomingMessage } from "node:http"
import { CLOSE_TIMEOUT_MS, MAX_WS_CHUNKS, MAX_WS_FRAGMENTS } from "@securechat/core/transport"
import { Server as Engine, type Socket, type Transport } from "engine.io"
import { type ServerOptions, WebSocketServer } from "ws"

export interface EngineLimits {
  readonly maxFrameBytes: number
  readonly polling: boolean
  readonly heartbeatMs: number
  readonly heartbeatTimeoutMs: number
}

/** The largest frame in base64, its head and what the engine puts between packets. */
const pollingBytes = (maxFrameBytes: number): number => Math.ceil(maxFrameBytes / 3) * 4 + 256

/** What polling takes beyond what it announces: clients reckon base64 at 1.33 bytes a byte. */
const UNDERRATED = 1.01

/** What the engine keeps per transport and takes no option for. */
export const settlePolling = (
  transport: Transport,
  limits: { readonly maxFrameBytes: number; readonly closeTimeoutMs: number },
): void => {
  if (transport.name !== "polling") return
  Object.assign(transport, {
    maxHttpBufferSize: Math.ceil(pollingBytes(limits.maxFrameBytes) * UNDERRATED),
    // Half a minute by itself, in which a client that polls no more would keep the process alive.
    closeTimeout: limits.closeTimeoutMs,
  })
}

/** What `ws` knows and its types do not. */
const WEBSOCKET_BOUNDS: ServerOptions & { readonly closeTimeout: number } = {
  // Below 8.21 many tiny fragments exhaust memory under maxPayload (CVE-2026-48779).
  maxFragments: MAX_WS_FRAGMENTS,
  maxBufferedChunks: MAX_WS_CHUNKS,
  closeTimeout: CLOSE_TIMEOUT_MS,
}

const boundedWebSockets = (maxPayload: number): new (options: ServerOptions) => WebSocketServer =>
  class extends WebSocketServer {
    constructor(options: ServerOptions) {
      super({ ...options, ...WEBSOCKET_BOUNDS, maxPayload })
    }
  }

export class RelayEngine extends Engine {
  constructor({ maxFrameBytes, polling, heartbeatMs, heartbeatTimeoutMs }: EngineLimits) {
    super({
      transports: polling ? ["polling", "websocket"] : ["websocket"],
      allowUpgrades: polling,
      upgradeTimeout: CLOSE_TIMEOUT_MS,
      pingInterval: heartbeatMs,
      pingTimeout: heartbeatTimeoutMs,
      // Compression beside encryption leaks lengths (CRIME) and inflates into memory.
      perMessageDeflate: false,
      httpCompression: false,
      maxHttpBufferSize: polling ? pollingBytes(maxFrameBytes) : maxFrameBytes,
      wsEngine: boundedWebSockets(maxFrameBytes) as typeof WebSocketServer,
    })
  }

  /** Does this request come from another page than the one that began the session? `admit` was asked about that one. */
  isForeign(session: string, request: IncomingMessage): boolean {
    const clients = this.clients as Readonly<Record<string, Socket>>
    const client = Object.hasOwn(clients, session) ? clients[session] : undefined
    return client !== undefined && client.request.headers.origin !== request.headers.origin
  }
}
