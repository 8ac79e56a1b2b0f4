// @securechat/transport-socketio: the client side.
import { makeWire } from "#wire"
import { type Transport, platformTimers } from "@securechat/core/transport"
import type { SocketIoOptions } from "./target.ts"
import { socketIoOn } from "./transport.ts"

export type { SocketIoOptions } from "./target.ts"
export type { Encoding } from "./payload.ts"

/**
 * A Socket.IO connection to a relay, or to any server that passes an event on. WebSocket below it; its own
 * reconnection and recovery are off.
 *
 * @param url absolute, `http:` or `https:` (`ws:` and `wss:` are taken for them); its path is a namespace.
 * @throws ERR_CONFIG_INVALID. Connecting throws ERR_ABORTED, ERR_TRANSPORT_UNREACHABLE, ERR_TRANSPORT_PROTOCOL.
 */
export const socketIo = (url: string | URL, options: SocketIoOptions = {}): Transport =>
  socketIoOn({ makeWire, timers: platformTimers }, url, options)
