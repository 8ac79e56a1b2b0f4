/** What the client does with servers that are wrong, absent, hostile or dead. */
import { createHash } from "node:crypto"
import { type AddressInfo, type Server, type Socket, createServer } from "node:net"
import { type Transport, platformTimers } from "@securechat/core/transport"
import { contextOf, manualClock, recordedEnd, recorder } from "@securechat/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type WebSocket, WebSocketServer } from "ws"
import { rawFrame } from "../test/raw.ts"
import { webSocket } from "./index.ts"
import { openSocket as globalSocket } from "./socket.default.ts"
import { openSocket as wsSocket } from "./socket.node.ts"
import type { OpenSocket } from "./socket.ts"
import { webSocketOn } from "./transport.ts"

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port)
    })
  })

/** TCP that answers as `reply` says, and its sockets. */
const tcp = async (reply: (socket: Socket, request: string) => void) => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on("error", () => undefined)
    socket.once("data", (data) => {
      reply(socket, data.toString("latin1"))
    })
  })
  const port = await listening(server)
  return {
    url: `ws://127.0.0.1:${port}`,
    sockets,
    stop: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The answer to an upgrade, right in every respect. */
const upgraded = (request: string, protocol = "Sec-WebSocket-Protocol: securechat.v1\r\n"): string => {
  const key = /^sec-websocket-key: (.*)\r$/im.exec(request)?.[1] ?? ""
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")
  return (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${accept}\r\n${protocol}\r\n`
  )
}

const connecting = (transport: Transport): Promise<unknown> => transport.connect(contextOf(recorder()))

describe("webSocket, while connecting", () => {
  it("is unreachable where nobody listens", async () => {
    const server = createServer()
    const port = await listening(server)
    await new Promise((resolve) => server.close(resolve))
    await expect(connecting(webSocket(`ws://127.0.0.1:${port}`))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_UNREACHABLE",
      retryable: true,
      cause: expect.objectContaining({ code: "ECONNREFUSED" }),
    })
  })

  it.each([
    ["a page that is not there", "HTTP/1.1 404 Not Found\r\n\r\n", "ERR_TRANSPORT_PROTOCOL"],
    ["a relay that refuses the origin", "HTTP/1.1 403 Forbidden\r\n\r\n", "ERR_TRANSPORT_PROTOCOL"],
    ["a redirect", "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n", "ERR_TRANSPORT_PROTOCOL"],
    ["a relay that is full or restarts", "HTTP/1.1 503 Unavailable\r\n\r\n", "ERR_TRANSPORT_UNREACHABLE"],
    ["something that speaks no HTTP", "SSH-2.0-OpenSSH\r\n", "ERR_TRANSPORT_PROTOCOL"],
    ["a connection cut at once", "", "ERR_TRANSPORT_UNREACHABLE"],
  ])("tells %s apart", async (_, answer, code) => {
    const server = await tcp((socket) => socket.end(answer))
    await expect(connecting(webSocket(server.url))).rejects.toMatchObject({ code })
    await server.stop()
  })

  it("refuses a server that does not take the subprotocol, or takes another", async () => {
    for (const header of ["", "Sec-WebSocket-Protocol: chat\r\n"]) {
      const server = await tcp((socket, request) => socket.write(upgraded(request, header)))
      await expect(connecting(webSocket(server.url))).rejects.toMatchObject({
        code: "ERR_TRANSPORT_PROTOCOL",
      })
      await server.stop()
    }
  })

  it("offers no compression, and its subprotocol only to a relay", async () => {
    const seen: string[] = []
    const server = await tcp((socket, request) => {
      seen.push(request.toLowerCase())
      socket.end()
    })
    await expect(connecting(webSocket(server.url))).rejects.toThrow()
    await expect(connecting(webSocket(`${server.url}/room/42`))).rejects.toThrow()
    expect(seen[0]).toContain("get /ws http/1.1")
    expect(seen[0]).toContain("sec-websocket-protocol: securechat.v1")
    expect(seen[1]).toContain("get /room/42 http/1.1")
    expect(seen[1]).not.toContain("sec-websocket-protocol")
    for (const request of seen) expect(request).not.toContain("sec-websocket-extensions")
    await server.stop()
  })

  it("gives up a server that never answers when its signal fires, and leaves no socket", async () => {
    let reached = (): void => undefined
    const dialled = new Promise<void>((resolve) => (reached = resolve))
    const server = await tcp(() => {
      reached()
    })
    const controller = new AbortController()
    const attempt = webSocket(server.url).connect(contextOf(recorder(), controller.signal))
    await dialled
    const ended = new Promise((resolve) => server.sockets[0]?.on("close", resolve))
    controller.abort()
    await expect(attempt).rejects.toMatchObject({ code: "ERR_ABORTED" })
    await ended
    await server.stop()
  })

  it("takes no connection from a socket that opens after it was given up", async () => {
    let opens = (): void => undefined
    let abandoned = 0
    const openSocket: OpenSocket = (_url, _options, events) => {
      opens = () => {
        events.open()
        events.message(Uint8Array.of(1))
        events.close(1006, "")
      }
      return {
        bufferedBytes: () => 0,
        send: () => undefined,
        close: () => undefined,
        abandon: () => ++abandoned,
      }
    }
    const record = recorder()
    const controller = new AbortController()
    const transport = webSocketOn({ openSocket, timers: platformTimers }, "ws://chat.example")
    const attempt = transport.connect(contextOf(record, controller.signal))
    controller.abort()
    opens()
    await expect(attempt).rejects.toMatchObject({ code: "ERR_ABORTED" })
    expect([abandoned, record.frames.length, record.closes.length]).toEqual([1, 0, 0])
  })

  it("names a socket constructor that throws unreachable", async () => {
    const openSocket = () => {
      throw new Error("SecurityError")
    }
    const attempt = connecting(webSocketOn({ openSocket, timers: platformTimers }, "ws://chat.example"))
    await expect(attempt).rejects.toMatchObject({ code: "ERR_TRANSPORT_UNREACHABLE" })
  })
})

describe.each([
  ["ws", wsSocket],
  ["the global WebSocket", globalSocket],
])("webSocket on %s, once connected", (_, openSocket) => {
  let server: WebSocketServer
  let accepted: Promise<WebSocket>
  let transport: Transport
  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: "127.0.0.1", path: "/ws" })
    accepted = new Promise((resolve) => server.once("connection", resolve))
    await new Promise((resolve) => server.once("listening", resolve))
    const { port } = server.address() as AddressInfo
    transport = webSocketOn({ openSocket, timers: platformTimers }, `ws://127.0.0.1:${port}`)
  })
  afterEach(async () => {
    for (const client of server.clients) client.terminate()
    await new Promise((resolve) => {
      server.close(resolve)
    })
  })

  it.each([
    [1000, "backoff"],
    [1001, "now"],
    [4003, "never"],
    [4008, "never"],
    [4009, "backoff"],
    [4011, "now"],
    [4012, "never"],
  ])("tells code %d of the far end as retry %s", async (code, retry) => {
    const end = await recordedEnd(transport)
    ;(await accepted).close(code, "as agreed")
    expect(await end.closed).toEqual({ clean: true, code, reason: "as agreed", retry })
    expect(end.late).toEqual([])
  })

  it("lets people talk in text, and at length, where the room speaks no subprotocol of ours", async () => {
    const { port } = server.address() as AddressInfo
    const options = { protocols: [] }
    const end = await recordedEnd(
      webSocketOn({ openSocket, timers: platformTimers }, `ws://127.0.0.1:${port}`, options),
    )
    const far = await accepted
    const long = new Uint8Array((transport.maxFrameBytes ?? 0) + 1)
    for (const said of [Uint8Array.of(1), "hi all", "", long, Uint8Array.of(2)]) far.send(said)
    await end.arrived(2)
    expect([end.frames, end.closes]).toEqual([[Uint8Array.of(1), Uint8Array.of(2)], []])
    await end.connection.close()
  })

  it("closes on a text message of a relay, and hands on nothing that follows it", async () => {
    const end = await recordedEnd(transport)
    const far = await accepted
    far.send(Uint8Array.of(1))
    far.send("text")
    far.send(Uint8Array.of(2))
    expect(await end.closed).toMatchObject({ clean: false, code: 1003, retry: "backoff" })
    expect(end.frames).toEqual([Uint8Array.of(1)])
  })

  it("closes on a message over its limit", async () => {
    const end = await recordedEnd(transport)
    const far = await accepted
    far.send(new Uint8Array((transport.maxFrameBytes ?? 0) + 1))
    expect(await end.closed).toMatchObject({ clean: false, code: 1009, retry: "backoff" })
    expect(end.frames).toEqual([])
  })

  it("sends its close code and reason", async () => {
    const end = await recordedEnd(transport)
    const far = await accepted
    const seen = new Promise((resolve) => {
      far.on("close", (code, reason) => {
        resolve([code, reason.toString()])
      })
    })
    await end.connection.close({ code: 4001, reason: "bye" })
    expect(await seen).toEqual([4001, "bye"])
    expect(end.closes).toMatchObject([{ clean: true, code: 4001 }])
  })

  it("leaves no timer when the far end answers the close", async () => {
    const clock = manualClock()
    const { port } = server.address() as AddressInfo
    const end = await recordedEnd(webSocketOn({ openSocket, timers: clock.timers }, `ws://127.0.0.1:${port}`))
    const closing = end.connection.close()
    expect(clock.pending).toBe(1)
    await closing
    expect(clock.pending).toBe(0)
  })

  it("ends within its time when the far end is dead, with no timer left", async () => {
    const dead = await tcp((socket, request) => socket.write(upgraded(request)))
    const clock = manualClock()
    const end = await recordedEnd(webSocketOn({ openSocket, timers: clock.timers }, dead.url))
    const closing = end.connection.close()
    expect(end.closes).toEqual([])
    await clock.advance(5_000)
    await closing
    expect(end.closes).toEqual([{ clean: false, code: 1006, retry: "backoff" }])
    expect(clock.pending).toBe(0)
    await dead.stop()
    expect(end.late).toEqual([])
  })
})

describe("webSocket on ws", () => {
  it("refuses a far end that breaks the protocol or floods with fragments", async () => {
    const fragments = Array.from({ length: 100 }, (_, i) =>
      rawFrame({ opcode: i === 0 ? 2 : 0, fin: false, masked: false, payload: Uint8Array.of(i) }),
    )
    for (const [bytes, code] of [
      [rawFrame({ masked: true, payload: Uint8Array.of(1) }), 1002],
      [rawFrame({ rsv: 4, masked: false }), 1002],
      [Buffer.concat(fragments), 1008],
    ] as const) {
      const server = await tcp((socket, request) => {
        socket.write(upgraded(request))
        socket.write(bytes)
      })
      const end = await recordedEnd(webSocket(server.url))
      const closing = end.closed
      server.sockets[0]?.end()
      expect(await closing).toMatchObject({ clean: false, code })
      expect(end.frames).toEqual([])
      await server.stop()
    }
  })
})

describe("webSocket on the global WebSocket", () => {
  it("holds a send back while the buffer is over its bound, and rejects it when the connection ends", async () => {
    const server = await tcp((socket, request) => {
      socket.write(upgraded(request))
      socket.pause()
    })
    const transport = webSocketOn({ openSocket: globalSocket, timers: platformTimers }, server.url, {
      maxFrameBytes: 32 * 1024 * 1024,
    })
    const end = await recordedEnd(transport)
    let isHeld = true
    const sent = end.connection.send(new Uint8Array(32 * 1024 * 1024)).finally(() => (isHeld = false))
    expect(end.connection.bufferedBytes).toBeGreaterThan(1024 * 1024)
    expect(isHeld).toBe(true)
    server.sockets[0]?.destroy()
    await expect(sent).rejects.toMatchObject({ code: "ERR_TRANSPORT_CLOSED" })
    await end.closed
    await server.stop()
  })

  it("lets a send go on when the buffer has drained", async () => {
    const server = await tcp((socket, request) => {
      socket.write(upgraded(request))
      socket.pause()
    })
    const transport = webSocketOn({ openSocket: globalSocket, timers: platformTimers }, server.url, {
      maxFrameBytes: 32 * 1024 * 1024,
    })
    const end = await recordedEnd(transport)
    const sent = end.connection.send(new Uint8Array(32 * 1024 * 1024))
    server.sockets[0]?.resume()
    await sent
    expect(end.connection.bufferedBytes).toBeLessThanOrEqual(1024 * 1024)
    server.sockets[0]?.destroy()
    await end.closed
    await server.stop()
  })
})
