import { describe, expect, it } from "vitest"
import { SecureChatError } from "../errors.ts"
import { type GuardedConnection, type Medium, guardConnection } from "./guard.ts"
import { type CloseInfo, type Logger, type TransportContext, silentLogger } from "./transport.ts"

const gone: CloseInfo = { clean: true, retry: "backoff" }

const make = (
  o: {
    readonly medium?: Partial<Medium>
    readonly handlers?: Partial<Pick<TransportContext, "onFrame" | "onClose">>
    readonly log?: Logger
  } = {},
) => {
  const calls: string[] = []
  const guarded: GuardedConnection = guardConnection(
    {
      bufferedBytes: () => 7,
      send: (frame) => void calls.push(`send ${frame.join(" ")}`),
      close: (code, reason) => void calls.push(`shut ${code ?? "–"} ${reason ?? "–"}`),
      ...o.medium,
    },
    {
      name: "test",
      log: o.log ?? silentLogger,
      maxFrameBytes: 3,
      handlers: {
        onFrame: (frame) => void calls.push(`frame ${frame.join(" ")}`),
        onClose: (info) => void calls.push(`close ${info.code ?? "–"}`),
        ...o.handlers,
      },
    },
  )
  return { calls, guarded, connection: guarded.connection }
}

describe("guardConnection", () => {
  it("tells the close once, and hands on nothing after a close has begun", async () => {
    const { calls, guarded, connection } = make()
    guarded.received(Uint8Array.of(1))
    const closing = connection.close({ code: 1000, reason: "bye" })
    guarded.received(Uint8Array.of(2))
    guarded.ended({ ...gone, code: 1000 })
    guarded.ended({ ...gone, code: 1006 })
    guarded.received(Uint8Array.of(3))
    await Promise.all([closing, connection.close()])
    expect(calls).toEqual(["frame 1", "shut 1000 bye", "close 1000"])
    expect(connection.bufferedBytes).toBe(0)
  })

  it("refuses what is too large before the medium sees it", async () => {
    const { calls, connection } = make()
    await expect(connection.send(new Uint8Array(4))).rejects.toMatchObject({
      code: "ERR_FRAME_TOO_LARGE",
      details: { bytes: 4, maxBytes: 3 },
    })
    await connection.send(Uint8Array.of(1, 2, 3))
    expect(calls).toEqual(["send 1 2 3"])
  })

  it("keeps the code a medium refuses with, and names any other failure closed", async () => {
    const full = new SecureChatError("ERR_QUEUE_FULL", "full")
    const one = make({ medium: { send: () => Promise.reject(full) } })
    await expect(one.connection.send(Uint8Array.of(1))).rejects.toBe(full)
    const reset = new Error("reset")
    const two = make({ medium: { send: () => Promise.reject(reset) } })
    await expect(two.connection.send(Uint8Array.of(1))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CLOSED",
      cause: reset,
    })
  })

  it("ends the connection of a handler that throws, and logs a place without the message", () => {
    const logged: unknown[] = []
    const log: Logger = { ...silentLogger, error: (_, context) => logged.push(context) }
    const { calls, guarded } = make({
      log,
      handlers: {
        onFrame: () => {
          throw new TypeError("secret bytes")
        },
      },
    })
    guarded.received(Uint8Array.of(1))
    guarded.received(Uint8Array.of(2))
    expect(calls).toEqual(["shut 1011 –"])
    expect(logged).toEqual([
      { transport: "test", error: "TypeError", at: expect.stringMatching(/^at .*guard\.test/) },
    ])
    expect(JSON.stringify(logged)).not.toContain("secret")
  })

  it("settles close() even when the close handler throws", async () => {
    const { guarded, connection } = make({
      handlers: {
        onClose: () => {
          throw new SecureChatError("ERR_INTERNAL", "bug")
        },
      },
    })
    const closing = connection.close()
    guarded.ended(gone)
    await closing
    expect(connection.bufferedBytes).toBe(0)
  })
})
