import { transportSuite } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { messagePort, pipe } from "./pipe.ts"
import { type CloseInfo, type TransportContext, silentLogger } from "./transport.ts"

const context = (
  seen: Uint8Array[] = [],
  closes: CloseInfo[] = [],
  signal = new AbortController().signal,
): TransportContext => ({
  signal,
  log: silentLogger,
  token: () => Promise.resolve(undefined),
  onFrame: (frame) => seen.push(frame),
  onClose: (info) => closes.push(info),
})

describe("messagePort", () => {
  let newest: MessagePort | undefined
  transportSuite(
    { describe, it },
    () => {
      const { port1, port2 } = new MessageChannel()
      newest = port1
      return Promise.resolve([messagePort(port1), messagePort(port2)] as const)
    },
    { reconnects: false, maxFrameBytes: 1024 * 1024, garbage: () => newest?.postMessage("no frame") },
  )

  it("does not pretend that a closed port could be opened again", async () => {
    const { port1, port2 } = new MessageChannel()
    const transport = messagePort(port1)
    const closes: CloseInfo[] = []
    const connection = await transport.connect(context([], closes))
    await connection.close()
    expect(closes).toEqual([{ clean: true, retry: "never" }])
    await expect(transport.connect(context())).rejects.toMatchObject({ code: "ERR_TRANSPORT_UNREACHABLE" })
    port2.close()
  })

  it("hears of a port that closed without a goodbye", async () => {
    const { port1, port2 } = new MessageChannel()
    const closed = new Promise<CloseInfo>((resolve) => {
      void messagePort(port1).connect({ ...context(), onClose: resolve })
    })
    port2.close()
    expect(await closed).toEqual({ clean: true, retry: "never" })
  })

  it("ignores messages that are no bytes", async () => {
    const { port1, port2 } = new MessageChannel()
    const seen: Uint8Array[] = []
    const closed = new Promise<CloseInfo>((resolve) => {
      void messagePort(port1).connect({ ...context(seen), onClose: resolve })
    })
    for (const message of ["text", 7, { frame: 1 }, new ArrayBuffer(3), Uint8Array.of(4), null])
      port2.postMessage(message)
    await closed
    expect(seen).toEqual([Uint8Array.of(4)])
    port2.close()
  })
})

/** An app's own room: every frame goes to everybody, the sender included. */
const room = () => {
  const members = new Set<(frame: Uint8Array) => void>()
  return {
    members,
    say: (frame: Uint8Array) => {
      for (const hear of members) hear(frame)
    },
    join: (hear: (frame: Uint8Array) => void) => {
      members.add(hear)
      return () => members.delete(hear)
    },
  }
}

describe("pipe", () => {
  /** Two functions to everybody else in a room: frames are on their way when `send` is called. */
  const pair = () => {
    const app = room()
    const end = () => {
      let own: ((frame: Uint8Array) => void) | undefined
      return pipe({
        name: "room",
        send: (frame) => {
          for (const hear of app.members) if (hear !== own) hear(frame)
        },
        receive: (hear) => app.join((own = hear)),
      })
    }
    return { app, ends: [end(), end()] as const }
  }
  let newest: ReturnType<typeof pair> | undefined
  transportSuite(
    { describe, it },
    () => {
      newest = pair()
      return Promise.resolve(newest.ends)
    },
    {
      hearsClose: false,
      garbage: () => {
        for (const hear of newest?.app.members ?? []) hear("no frame" as unknown as Uint8Array)
      },
      handles: () => newest?.app.members.size ?? 0,
    },
  )

  it("sends and receives through two functions, echoes included", async () => {
    const app = room()
    const seen: Uint8Array[] = []
    const transport = pipe({ name: "room", send: app.say, receive: app.join })
    const connection = await transport.connect(context(seen))
    await connection.send(Uint8Array.of(1, 2))
    expect(transport.name).toBe("room")
    expect(transport.origin).toBeUndefined()
    expect(seen).toEqual([Uint8Array.of(1, 2)])
    expect(connection.bufferedBytes).toBe(0)
    await connection.close()
  })

  it("hands on a plain copy of what the app gives, and ignores what is no bytes", async () => {
    const app = room()
    const seen: Uint8Array[] = []
    const connection = await pipe({ send: app.say, receive: app.join }).connect(context(seen))
    const pooled = Buffer.from("abc")
    app.say(pooled)
    pooled.fill(0)
    app.say("text" as unknown as Uint8Array)
    expect(seen).toEqual([Uint8Array.of(97, 98, 99)])
    expect(Object.getPrototypeOf(seen[0])).toBe(Uint8Array.prototype)
    await connection.close()
  })

  it("unsubscribes at the close, tells it once, and connects again", async () => {
    const app = room()
    const closes: CloseInfo[] = []
    const transport = pipe({ send: app.say, receive: app.join })
    const connection = await transport.connect(context([], closes))
    await Promise.all([connection.close(), connection.close()])
    expect(app.members.size).toBe(0)
    expect(closes).toEqual([{ clean: true, retry: "backoff" }])
    await expect(connection.send(Uint8Array.of(1))).rejects.toMatchObject({ code: "ERR_TRANSPORT_CLOSED" })
    const again = await transport.connect(context())
    expect(app.members.size).toBe(1)
    await again.close()
  })

  it("does not begin when its signal fires before or right after the call", async () => {
    const app = room()
    const transport = pipe({ send: app.say, receive: app.join })
    const early = transport.connect(context([], [], AbortSignal.abort()))
    await expect(early).rejects.toMatchObject({ code: "ERR_ABORTED" })
    const controller = new AbortController()
    const attempt = transport.connect(context([], [], controller.signal))
    controller.abort(new Error("enough"))
    await expect(attempt).rejects.toMatchObject({ code: "ERR_ABORTED", cause: new Error("enough") })
    expect(app.members.size).toBe(0)
  })

  it("closes when its signal fires", async () => {
    const app = room()
    const closes: CloseInfo[] = []
    const controller = new AbortController()
    await pipe({ send: app.say, receive: app.join }).connect(context([], closes, controller.signal))
    controller.abort()
    expect(closes).toHaveLength(1)
    expect(app.members.size).toBe(0)
  })

  it("rejects the send whose function failed, and lives on", async () => {
    let failing = true
    const sent: number[] = []
    const connection = await pipe({
      send: (frame) => {
        if (failing) throw new Error("offline")
        sent.push(frame.length)
      },
      receive: () => () => undefined,
    }).connect(context())
    await expect(connection.send(Uint8Array.of(1))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CLOSED",
      cause: new Error("offline"),
    })
    failing = false
    await connection.send(Uint8Array.of(1, 2))
    expect(sent).toEqual([2])
    await connection.close()
  })

  it("is unreachable when the app cannot begin to receive", async () => {
    const attempt = pipe({
      send: () => undefined,
      receive: () => {
        throw new Error("no socket")
      },
    }).connect(context())
    await expect(attempt).rejects.toMatchObject({ code: "ERR_TRANSPORT_UNREACHABLE" })
  })
})
