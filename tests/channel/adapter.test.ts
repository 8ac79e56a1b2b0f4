/** The adapter of the guide's last chapter, held to what the chapter says of it: its length, and the suite of transports. */
import { transportSuite } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { broadcastAdapter, loadBroadcastAdapter } from "./rooms/broadcast-room.ts"

const adapter = await loadBroadcastAdapter()
let pairs = 0
let newest = ""

describe("the BroadcastChannel adapter of the guide", () => {
  it("has at most 20 lines", () => {
    expect(broadcastAdapter().trim().split("\n").length).toBeLessThanOrEqual(20)
  })

  transportSuite(
    { describe, it },
    () => {
      newest = `pair-${(pairs += 1)}`
      return Promise.resolve([adapter(newest), adapter(newest)] as const)
    },
    {
      hearsClose: false,
      maxFrameBytes: 1024 * 1024,
      garbage: () => {
        const other = new BroadcastChannel(newest)
        for (const talk of ["hi all", 7, { frame: 1 }]) other.postMessage(talk)
        other.close()
      },
    },
  )
})
