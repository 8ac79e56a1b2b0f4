/** The contract of `Transport` and `Listener` over real sockets, with both platforms' WebSocket. */
import type { Timers } from "@securechat/core/transport"
import { once } from "node:events"
import type { Socket } from "node:net"
import { type Deaf, transportSuite } from "@securechat/testkit"
import { afterAll, beforeAll, describe, it } from "vitest"
import { type Started, startListener } from "../test/server.ts"
import { openSocket as globalSocket } from "./socket.default.ts"
import { openSocket as wsSocket } from "./socket.node.ts"
import { webSocketOn } from "./transport.ts"

describe.each([
  ["ws", wsSocket],
  ["the global WebSocket", globalSocket],
])("webSocket on %s with webSocketListener", (_, openSocket) => {
  let started: Started
  beforeAll(async () => {
    started = await startListener()
  })
  afterAll(() => started.stop())

  // The client's own, so that its time for a closing handshake passes when a row says so.
  const due = new Set<() => void>()
  const timers: Timers = {
    after: (_, work) => {
      due.add(work)
      return () => due.delete(work)
    },
  }
  const deafen = (): Deaf => {
    const socket = started.sockets.at(-1)
    socket?.pause()
    return {
      wake: () => socket?.resume(),
      timeout: () => {
        for (const work of due) work()
      },
    }
  }
  const ended = (socket: Socket): Promise<unknown> =>
    socket.closed ? Promise.resolve() : once(socket, "close")

  transportSuite(
    { describe, it },
    () => Promise.resolve([webSocketOn({ openSocket, timers }, started.url), started.transport] as const),
    {
      dials: "first",
      cut: () => started.sockets.at(-1)?.destroy(),
      deafen,
      // What the server writes is for the client: a frame with reserved bits. RFC 6455 §5.2
      garbage: () => started.sockets.at(-1)?.write(Uint8Array.of(0xf2, 1, 7)),
      handles: async () => {
        await Promise.all(started.sockets.map(ended))
        return due.size
      },
    },
  )
})
