/**
 * The relay's side: a `Listener` on the upgrades of an HTTP server that somebody else brings. Not its
 * concern: who may log in, how many, and from where; `admit` is asked.
 */
import type { IncomingMessage } from "node:http"
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
  MAX_WS_CHUNKS,
  MAX_WS_FRAGMENTS,
  SLOW_READER_MS,
  type TransportConnection,
  originOf,
  pathOf,
  platformTimers,
  socketAddress,
} from "@securechat/core/transport"
import { WebSocketServer } from "ws"
import { type ConnectionLimits, type Upgraded, accept } from "./accepted.ts"
import { GOING_AWAY } from "./close.ts"
import { RELAY_PATH, SUBPROTOCOL } from "./subprotocol.ts"

export interface WebSocketListenerOptions extends Partial<ConnectionLimits> {
  /** Default `/ws`. Upgrades of other paths are left alone. */
  readonly path?: string | undefined
  /** The client's address; default the socket's. A relay behind a proxy reads the header it trusts. */
  readonly addressOf?: ((request: IncomingMessage) => string) | undefined
}

const DEFAULTS: ConnectionLimits = {
  maxFrameBytes: MAX_FRAME_BYTES,
  maxBufferedBytes: MAX_BUFFERED_BYTES,
  heartbeatMs: HEARTBEAT_MS,
  heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
  slowMs: SLOW_READER_MS,
  closeTimeoutMs: CLOSE_TIMEOUT_MS,
  timers: platformTimers,
  nowMs: () => performance.now(),
}

/** The header is a list; a client that offers more than ours is answered with ours. */
const offersOurs = (request: IncomingMessage): boolean =>
  (request.headers["sec-websocket-protocol"] ?? "").split(",").some((name) => name.trim() === SUBPROTOCOL)

/**
 * Takes WebSocket upgrades of one path. An upgrade that is none is answered 400 or 405, one without the
 * subprotocol 400, one that `admit` refuses 403, any after `close()` 503.
 *
 * A connection takes binary messages only (else 1003) of at most `maxFrameBytes` (1009) in at most 64
 * fragments (1008). Its `send` rejects with ERR_QUEUE_FULL instead of exceeding `maxBufferedBytes`, and its
 * promise resolves when the kernel has the frame. It ends with 1006 when the peer does not answer a ping,
 * with 4009 when it takes nothing for `slowMs`.
 */
export const webSocketListener = (options: WebSocketListenerOptions = {}): Listener => {
  const { path = RELAY_PATH, addressOf = socketAddress, ...given } = options
  const limits: ConnectionLimits = { ...DEFAULTS, ...given }
  const servers: WebSocketServer[] = []
  const open = new Set<TransportConnection>()
  let closing: Promise<void> | undefined

  const take = (upgraded: Upgraded, request: IncomingMessage, context: ListenerContext): void => {
    const { connection } = accept(upgraded, limits, context, originOf(request, addressOf(request)))
    open.add(connection)
    upgraded.socket.on("close", () => open.delete(connection))
  }

  const shut = async (): Promise<void> => {
    for (const server of servers) server.close()
    await Promise.all([...open].map((one) => one.close({ code: GOING_AWAY, reason: "going away" })))
  }

  return {
    name: "websocket",
    path,
    maxFrameBytes: limits.maxFrameBytes,
    attach: (server: HttpServerLike, context: ListenerContext) => {
      const upgrades = upgradesFor(limits.maxFrameBytes, (request) =>
        context.admit(originOf(request, addressOf(request))),
      )
      // Closed before it was attached: answers 503 from the start.
      if (closing !== undefined) upgrades.close()
      servers.push(upgrades)
      server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (pathOf(request) !== path) return
        upgrades.handleUpgrade(request, socket, head, (ws) => {
          take({ socket: ws, raw: socket }, request, context)
        })
      })
    },
    close: () => (closing ??= shut()),
  }
}

const upgradesFor = (maxPayload: number, admit: (request: IncomingMessage) => boolean): WebSocketServer =>
  new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Compression beside encryption leaks lengths (CRIME) and inflates into memory.
    perMessageDeflate: false,
    maxPayload,
    // Below 8.21 many tiny fragments exhaust memory under maxPayload (CVE-2026-48779).
    maxFragments: MAX_WS_FRAGMENTS,
    maxBufferedChunks: MAX_WS_CHUNKS,
    handleProtocols: () => SUBPROTOCOL,
    // Asked after the headers were checked and right before the answer, so that nothing is admitted that then fails.
    verifyClient: ({ req }, answer) => {
      if (!offersOurs(req)) answer(false, 400, `subprotocol ${SUBPROTOCOL} required`)
      else answer(admit(req), 403)
    },
  })
