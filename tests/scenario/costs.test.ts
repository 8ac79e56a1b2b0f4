/** What one message costs on the wire and in the store, counted: see packages/core/test/property/costs.test.ts for the rest. */
import { type Store, type Transport, memoryStore } from "@securechat/core"
import { type FrameName, frameCodec } from "@securechat/core/wire"
import { describe, expect, it } from "vitest"
import { world } from "../support/people.ts"
import { way } from "../support/transports.ts"

interface Crossed {
  readonly type: FrameName
  readonly bytes: number
}

const watched = (inner: Transport, crossed: Crossed[]): Transport => ({
  ...inner,
  connect: async (context) => {
    const note = (frame: Uint8Array): void => {
      crossed.push({ type: frameCodec.decode(frame).type, bytes: frame.length })
    }
    const connection = await inner.connect({
      ...context,
      onFrame: (frame) => {
        note(frame)
        context.onFrame(frame)
      },
    })
    return {
      get bufferedBytes() {
        return connection.bufferedBytes
      },
      send: (frame) => {
        note(frame)
        return connection.send(frame)
      },
      close: (info) => connection.close(info),
    }
  },
})

const counting = (batches: { count: number }): Store => {
  const inner = memoryStore()
  return {
    ...inner,
    batch: (ops) => {
      batches.count += 1
      return inner.batch(ops)
    },
  }
}

describe("the cost of a message", () => {
  it("of 100 bytes is one batch before send() resolves, one frame of at most 560 bytes, and one answer", async () => {
    await using relay = await world()
    const crossed: Crossed[] = []
    const batches = { count: 0 }
    const transport = watched(way().dial(relay.url), crossed)
    const alice = await relay.join("alice", { store: counting(batches), transport })
    const bob = await relay.join("bob")
    const toBob = await alice.direct("bob")
    // Both sides have answered, so that no message carries a handshake or a KEM key any more.
    for (const [from, to] of [[toBob, bob] as const, [await bob.direct("alice"), alice] as const]) {
      for (let turn = 0; turn < 2; turn++) {
        const { id } = await from.send("hello")
        await from.waitFor(id, "delivered")
      }
      expect(to.getSnapshot().outbox).toBe(0)
    }
    await toBob.waitFor((await toBob.send("the chain's first")).id, "delivered")
    await toBob.waitFor((await toBob.send("settled")).id, "delivered")

    crossed.length = 0
    batches.count = 0
    const message = await toBob.send("x".repeat(100))
    expect(batches.count).toBe(1)
    await toBob.waitFor(message.id, "delivered")
    const frames = (type: FrameName): readonly Crossed[] => crossed.filter((frame) => frame.type === type)
    expect(frames("submit").map(({ bytes }) => bytes <= 560)).toEqual([true])
    expect(frames("accepted")).toHaveLength(1)
    // Its receipt, and the ack of that.
    expect(frames("deliver")).toHaveLength(1)
    expect(crossed.length).toBeLessThanOrEqual(4)
    expect(batches.count).toBeLessThanOrEqual(3)
  })
})
