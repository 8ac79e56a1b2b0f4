// @securechat/transport-ws: the client side.
import { openSocket } from "#socket"
import { type Transport, platformTimers } from "@securechat/core/transport"
import type { WebSocketOptions } from "./target.ts"
import { webSocketOn } from "./transport.ts"

export type { WebSocketOptions } from "./target.ts"

/**
 * A WebSocket to a relay, or to any server that passes binary messages on.
 *
 * @param url absolute, `ws:` or `wss:` (`http:` and `https:` are taken for them); without a path it means `/ws`.
 * @throws ERR_CONFIG_INVALID. Connecting throws ERR_ABORTED, ERR_TRANSPORT_UNREACHABLE, ERR_TRANSPORT_PROTOCOL.
 */
export const webSocket = (url: string | URL, options: WebSocketOptions = {}): Transport =>
  webSocketOn({ openSocket, timers: platformTimers }, url, options)
