/**
 * The relay's transports, for rows that must hold over each. A file of such rows dials with `way`; it runs over a WebSocket
 * by itself, and over Socket.IO where a file of its own imports it: `tests/attack/socketio.test.ts`.
 */
import type { Transport } from "@securechat/core"
import { socketIo } from "@securechat/transport-socketio"
import { webSocket } from "@securechat/transport-ws"

export interface Way {
  readonly name: "websocket" | "socket.io"
  /** A client's transport to a relay at this address. */
  dial(url: string): Transport
  /** Request target of the upgrade. */
  readonly path: string
}

const WAYS: Readonly<Record<Way["name"], Way>> = {
  websocket: { name: "websocket", dial: webSocket, path: "/ws" },
  "socket.io": { name: "socket.io", dial: socketIo, path: "/socket.io/?EIO=4&transport=websocket" },
}

let current: Way = WAYS.websocket

/** How this file's clients reach a relay. */
export const way = (): Way => current

/** From here on, in this file: vitest gives each file modules of its own. */
export const goBy = (name: Way["name"]): void => {
  current = WAYS[name]
}
