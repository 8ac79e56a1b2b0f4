import { manualClock } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { SecureChatError } from "../errors.ts"
import { HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS, RETRY_RESET_MS } from "../limits.ts"
import { memoryPipe } from "../transport/memory.ts"
import {
  type CloseInfo,
  type Transport,
  type TransportConnection,
  type TransportContext,
  silentLogger,
} from "../transport/transport.ts"
import { Connection, type ConnectionOptions } from "./connection.ts"
import type { ConnectionChange } from "./types.ts"

type Handlers = ConnectionOptions["handlers"]

/** Dials the near end of a fresh in-process pair each time; the test holds the far ends. */
const dialler = (): {
  transport: Transport
  far: TransportConnection[]
  frames: Uint8Array[]
  down: boolean
} => {
  const state = {
    far: [] as TransportConnection[],
    frames: [] as Uint8Array[],
    down: false,
    transport: {
      name: "test",
      connect: async (context: TransportContext): Promise<TransportConnection> => {
        if (state.down) throw new SecureChatError("ERR_TRANSPORT_UNREACHABLE", "down")
        const [near, farEnd] = memoryPipe()
        const connection = await near.connect(context)
        const far = await farEnd.connect({
          signal: new AbortController().signal,
          log: silentLogger,
          token: () => Promise.resolve(undefined),
          onFrame: (frame) => state.frames.push(frame),
          onClose: () => undefined,
        })
        state.far.push(far)
        return connection
      },
    },
  }
  return state
}

const make = (
  transport: Transport,
  handlers: Partial<Handlers> = {},
): {
  connection: Connection
  changes: ConnectionChange[]
  lost: Date[]
  clock: ReturnType<typeof manualClock>
  wake: () => void
} => {
  const clock = manualClock()
  const changes: ConnectionChange[] = []
  const lost: Date[] = []
  let wake = (): void => undefined
  const connection = new Connection({
    ...{ transport, timers: clock.timers, nowMs: clock.nowMs, log: silentLogger, jitter: () => 0.5 },
    handlers: { onFrame: () => undefined, ...handlers },
    token: () => Promise.resolve(undefined),
    onChange: (change) => changes.push(change),
    onLost: (since) => lost.push(since),
    onWake: (work) => {
      wake = work
      return () => undefined
    },
  })
  return {
    connection,
    changes,
    lost,
    clock,
    wake: () => {
      wake()
    },
  }
}
const states = (changes: readonly ConnectionChange[]): string[] => changes.map((change) => change.state)

describe("a connection", () => {
  it("goes online, and after a loss comes back by itself", async () => {
    const wire = dialler()
    const { connection, changes, clock } = make(wire.transport)
    connection.start()
    await clock.advance(0)
    expect(connection.state).toBe("online")
    await wire.far[0]?.close()
    await clock.advance(30_000)
    expect(states(changes)).toEqual(["connecting", "online", "reconnecting", "reconnecting", "online"])
    expect(changes[2]?.retryAt).toBeInstanceOf(Date)
    await connection.close()
    expect(clock.pending).toBe(0)
  })

  it("never gives up, waits longer each time up to its bound, and tells a lasting outage once", async () => {
    const wire = dialler()
    wire.down = true
    const { connection, changes, clock, lost } = make(wire.transport)
    connection.start()
    await clock.advance(10 * 60_000)
    const waits = changes.filter((change) => change.retryAt !== undefined)
    expect(waits.length).toBeGreaterThan(20)
    expect(waits.at(-1)?.error?.code).toBe("ERR_TRANSPORT_UNREACHABLE")
    expect(lost).toHaveLength(1)
    wire.down = false
    await clock.advance(30_000)
    expect(connection.state).toBe("online")
    await connection.close()
    expect(clock.pending).toBe(0)
  })

  it("tries at once when the platform wakes", async () => {
    const wire = dialler()
    wire.down = true
    const { connection, clock, wake } = make(wire.transport)
    connection.start()
    await clock.advance(120_000)
    wire.down = false
    wake()
    await clock.advance(0)
    expect(connection.state).toBe("online")
    await connection.close()
  })

  it("stops for good where trying again cannot help, and goes on only by another start", async () => {
    const wire = dialler()
    let refused = true
    const { connection, changes, clock, wake } = make(wire.transport, {
      login: () =>
        refused ? Promise.reject(new SecureChatError("ERR_AUTH_REJECTED", "no")) : Promise.resolve(),
    })
    connection.start()
    await clock.advance(10 * 60_000)
    expect(states(changes)).toEqual(["connecting", "offline"])
    expect(changes[1]).toMatchObject({ error: { code: "ERR_AUTH_REJECTED" } })
    expect(changes[1]?.retryAt).toBeUndefined()
    refused = false
    wake()
    await clock.advance(60_000)
    expect(connection.state).toBe("offline")
    connection.start()
    await clock.advance(0)
    expect(connection.state).toBe("online")
    await connection.close()
  })

  it("waits at least as long as a limited far end asks", async () => {
    const wire = dialler()
    const limited = new SecureChatError("ERR_RATE_LIMITED", "slow", { retryAfterMs: 45_000 })
    let attempts = 0
    const { connection, clock } = make(wire.transport, {
      login: () => {
        attempts += 1
        return Promise.reject(limited)
      },
    })
    connection.start()
    await clock.advance(44_000)
    expect(attempts).toBe(1)
    await clock.advance(2_000)
    expect(attempts).toBe(2)
    await connection.close()
  })

  it("is online only when what waited has been read", async () => {
    const wire = dialler()
    let finish = (): void => undefined
    const { connection, clock } = make(wire.transport, {
      resume: () => new Promise((resolve) => (finish = resolve)),
    })
    connection.start()
    await clock.advance(HEARTBEAT_MS - 1)
    expect(connection.state).toBe("connecting")
    finish()
    await clock.advance(0)
    expect(connection.state).toBe("online")
    await connection.close()
  })

  it("gives up an attempt that does not get through its sign-in", async () => {
    const wire = dialler()
    const { connection, changes, clock } = make(wire.transport, { login: () => new Promise(() => undefined) })
    connection.start()
    await clock.advance(16_000)
    expect(changes.find((change) => change.error !== undefined)?.error?.code).toBe("ERR_TIMEOUT")
    await connection.close()
    expect(clock.pending).toBe(0)
  })

  it("pings in silence, keeps a connection that answers and ends one that does not", async () => {
    const wire = dialler()
    let answering = true
    const { connection, clock } = make(wire.transport, {
      ping: (link) => {
        link.post(Uint8Array.of(1))
        if (answering) void wire.far.at(-1)?.send(Uint8Array.of(2))
      },
    })
    connection.start()
    await clock.advance(5 * (HEARTBEAT_MS + HEARTBEAT_TIMEOUT_MS))
    expect(wire.far).toHaveLength(1)
    expect(wire.frames.length).toBeGreaterThanOrEqual(4)
    answering = false
    await clock.advance(2 * HEARTBEAT_MS + HEARTBEAT_TIMEOUT_MS + RETRY_RESET_MS)
    expect(wire.far.length).toBeGreaterThan(1)
    await connection.close()
    expect(clock.pending).toBe(0)
  })

  it("ends a link whose frame handler throws", async () => {
    const wire = dialler()
    const { connection, changes, clock } = make(wire.transport, {
      onFrame: () => {
        throw new SecureChatError("ERR_TRANSPORT_PROTOCOL", "not a frame")
      },
    })
    connection.start()
    await clock.advance(0)
    await wire.far[0]?.send(Uint8Array.of(1))
    await clock.advance(0)
    expect(changes.at(-1)).toMatchObject({ state: "reconnecting", error: { code: "ERR_TRANSPORT_PROTOCOL" } })
    await connection.close()
  })

  it("does not come back where the far end said never", async () => {
    const closing: ((info: CloseInfo) => void)[] = []
    const transport: Transport = {
      name: "test",
      connect: (context) => {
        closing.push(context.onClose)
        return Promise.resolve({
          bufferedBytes: 0,
          send: () => Promise.resolve(),
          close: () => Promise.resolve(),
        })
      },
    }
    const { connection, clock } = make(transport)
    connection.start()
    await clock.advance(0)
    closing[0]?.({ clean: true, code: 4008, retry: "never" })
    await clock.advance(10 * 60_000)
    expect([connection.state, closing.length]).toEqual(["offline", 1])
    await connection.close()
    expect(connection.state).toBe("closed")
  })
})
