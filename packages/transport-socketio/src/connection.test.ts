/** The client against an app's own Socket.IO server, on both platforms' WebSocket. */
import type { Socket } from "node:net"
import { contextOf, recordedEnd, recorder } from "@securechat/testkit"
import { platformTimers } from "@securechat/core/transport"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type BroadcastServer, broadcastServer } from "../test/plain.ts"
import type { SocketIoOptions } from "./target.ts"
import { socketIoOn } from "./transport.ts"
import { makeWire as globalWire } from "./wire.default.ts"
import { makeWire as wsWire } from "./wire.node.ts"

describe.each([
  ["ws", wsWire],
  ["the global WebSocket", globalWire],
])("socketIo on %s, with a server that knows nothing of us", (_, makeWire) => {
  let server: BroadcastServer
  beforeEach(async () => {
    server = await broadcastServer(["/", "/room"])
  })
  afterEach(() => server.stop())
  const on = (options: SocketIoOptions = {}, path = "") =>
    socketIoOn({ makeWire, timers: platformTimers }, server.url + path, options)

  it("sends and receives a binary event, its own echo included, as plain arrays", async () => {
    const [a, b] = await Promise.all([recordedEnd(on({ event: "chat" })), recordedEnd(on({ event: "chat" }))])
    for (const bytes of [[1, 2, 3], []]) await a.connection.send(Uint8Array.from(bytes))
    await Promise.all([a.arrived(2), b.arrived(2)])
    for (const end of [a, b]) {
      expect(end.frames).toEqual([Uint8Array.of(1, 2, 3), new Uint8Array()])
      expect(Object.getPrototypeOf(end.frames[0])).toBe(Uint8Array.prototype)
    }
    expect(server.seen[0]).toMatchObject({ event: "chat", args: [Buffer.of(1, 2, 3)] })
    await Promise.all([a.connection.close(), b.connection.close()])
    expect(a.closes).toEqual([{ clean: true, retry: "backoff" }])
  })

  it("puts text into the app's own payload and takes it out again, the app's own events aside", async () => {
    const options: SocketIoOptions = {
      event: "chat",
      encoding: "base64url",
      wrap: (frame) => ({ from: "ada", text: frame }),
      unwrap: (payload) => (payload as { readonly text?: string }).text,
    }
    const [a, b] = await Promise.all([recordedEnd(on(options)), recordedEnd(on(options))])
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    await a.connection.send(all)
    server.io.emit("chat", { text: "what a person types!" })
    server.io.emit("chat", { text: 7 })
    server.io.emit("chat", {})
    server.io.emit("other", Buffer.of(9), Buffer.of(9), Buffer.of(9))
    await a.connection.send(Uint8Array.of(255))
    await b.arrived(2)
    expect(b.frames).toEqual([all, Uint8Array.of(255)])
    expect(server.seen[0]?.args).toEqual([{ from: "ada", text: Buffer.from(all).toString("base64url") }])
    await Promise.all([a.connection.close(), b.connection.close()])
  })

  it("carries bytes inside a payload too", async () => {
    const options: SocketIoOptions = {
      event: "chat",
      wrap: (frame) => ({ room: 42, frame }),
      unwrap: (payload) => (payload as { readonly frame: Uint8Array }).frame,
    }
    const [a, b] = await Promise.all([recordedEnd(on(options)), recordedEnd(on(options))])
    await a.connection.send(Uint8Array.of(4, 2))
    await b.arrived(1)
    expect(b.frames).toEqual([Uint8Array.of(4, 2)])
    await Promise.all([a.connection.close(), b.connection.close()])
  })

  it("joins before it sends, in the namespace the address names", async () => {
    const end = await recordedEnd(on({ event: "chat", join: { event: "join", payload: "room-42" } }, "/room"))
    await end.connection.send(Uint8Array.of(1))
    await end.arrived(1)
    expect(server.seen.map(({ event }) => event)).toEqual(["join", "chat"])
    expect(server.io.of("/room").sockets.size).toBe(1)
    await end.connection.close()
  })

  it("hands on what the server says before it says that we are connected", async () => {
    server.io.of("/").use((socket, next) => {
      // As python-socketio does when its connect handler emits: the event overtakes the answer.
      socket.conn.write('2["chat","BAUG"]')
      next()
    })
    const end = await recordedEnd(on({ event: "chat", encoding: "base64url" }))
    await end.arrived(1)
    expect(end.frames).toEqual([Uint8Array.of(4, 5, 6)])
    await end.connection.close()
  })

  it("tells a server that refuses from a network that fails", async () => {
    server.io.of("/room").use((_socket, next) => {
      next(new Error("members only"))
    })
    await expect(on({}, "/room").connect(contextOf(recorder()))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_PROTOCOL",
      cause: expect.objectContaining({ message: "members only" }),
    })
    await server.stop()
    await expect(on().connect(contextOf(recorder()))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_UNREACHABLE",
      retryable: true,
    })
  })

  it("gives up when its signal fires meanwhile, and leaves no socket", async () => {
    const controller = new AbortController()
    const attempt = on().connect(contextOf(recorder(), controller.signal))
    controller.abort()
    await expect(attempt).rejects.toMatchObject({ code: "ERR_ABORTED" })
    await expect(on().connect(contextOf(recorder(), AbortSignal.abort()))).rejects.toMatchObject({
      code: "ERR_ABORTED",
    })
    await server.stop()
  })

  it("ends once, and says how, when the server lets it go or vanishes", async () => {
    const [a, b] = await Promise.all([recordedEnd(on()), recordedEnd(on())])
    const [first, second] = [...server.io.of("/").sockets.values()]
    first?.disconnect(true)
    second?.conn.close()
    const closes = await Promise.all([a.closed, b.closed])
    expect(closes).toContainEqual({ clean: true, retry: "backoff" })
    expect(closes).toContainEqual({ clean: false, code: 1006, reason: "transport close", retry: "backoff" })
    await expect(a.connection.send(Uint8Array.of(1))).rejects.toMatchObject({ code: "ERR_TRANSPORT_CLOSED" })
    expect([a.late, b.late]).toEqual([[], []])
  })

  it("holds a send back while the server does not read, and takes it when it does", async () => {
    server.io.of("/sink")
    const end = await recordedEnd(on({ event: "chat" }, "/sink"))
    const socket = [...server.io.of("/sink").sockets.values()][0]
    const net = (socket?.request as unknown as { readonly socket: Socket }).socket
    net.pause()
    const frame = new Uint8Array(80_000)
    let settled = 0
    const sends = Array.from({ length: 400 }, () => end.connection.send(frame).then(() => settled++))
    await new Promise(setImmediate)
    expect(settled).toBeLessThan(400)
    expect(end.connection.bufferedBytes).toBeGreaterThan(1024 * 1024)
    net.resume()
    await Promise.all(sends)
    expect(settled).toBe(400)
    await end.connection.close()
  })
})
