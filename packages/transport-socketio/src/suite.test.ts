/** The contract of `Transport` and `Listener` over real sockets, with both platforms' WebSocket. */
import { once } from "node:events"
import type { Socket } from "node:net"
import type { Timers } from "@securechat/core/transport"
import { type Deaf, transportSuite } from "@securechat/testkit"
import { afterAll, beforeAll, describe, it } from "vitest"
import { type Started, startListener } from "../test/server.ts"
import { socketIoOn } from "./transport.ts"
import { makeWire as globalWire } from "./wire.default.ts"
import { makeWire as wsWire } from "./wire.node.ts"

describe.each([
  ["ws", wsWire],
  ["the global WebSocket", globalWire],
])("socketIo on %s with socketIoListener", (_, makeWire) => {
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
    () => Promise.resolve([socketIoOn({ makeWire, timers }, started.url), started.transport] as const),
    {
      dials: "first",
      cut: () => started.sockets.at(-1)?.destroy(),
      deafen,
      // What the server writes is for the client: an engine packet of no known type, in a WebSocket text frame.
      garbage: () => started.sockets.at(-1)?.write(Uint8Array.of(0x81, 2, 0x39, 0x39)),
      handles: async () => {
        await Promise.all(started.sockets.map(ended))
        return due.size
      },
    },
  )
})
