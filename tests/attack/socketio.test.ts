/** Rows about a hostile relay, its clients and what it sees, once more over Socket.IO. */
import { describe, expect, it } from "vitest"
import { goBy } from "../support/transports.ts"
import { createWorld } from "../support/world.ts"

goBy("socket.io")

describe("over Socket.IO", async () => {
  it("there is no other connection, says the relay", async () => {
    const world = await createWorld({ relay: { metrics: { prometheus: true } } })
    await world.pair()
    await world.clock.advance(1_000)
    const figures = await (await fetch(`${world.url}/metrics`)).text()
    expect(figures).toContain('securechat_connections{transport="socket.io"} 2')
    expect(figures).not.toContain('transport="websocket"')
    await world.close()
  })

  await import("./relay-sees.test.ts")
  await import("./hygiene.test.ts")
  await import("./beside.test.ts")
  await import("./withheld.test.ts")
})
