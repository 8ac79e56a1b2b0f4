/** The contract of `Transport` and `Listener` over real sockets, with both platforms' WebSocket. */
import { transportSuite } from "@securechat/testkit"
import { afterAll, beforeAll, describe, it } from "vitest"
import { type Started, startListener } from "../test/server.ts"
import { openSocket as globalSocket } from "./socket.default.ts"
import { openSocket as wsSocket } from "./socket.node.ts"
import { platformTimers } from "./timers.ts"
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

  transportSuite(
    { describe, it },
    () =>
      Promise.resolve([
        webSocketOn({ openSocket, timers: platformTimers }, started.url),
        started.transport,
      ] as const),
    { dials: "first", cut: () => started.sockets.at(-1)?.destroy() },
  )
})
