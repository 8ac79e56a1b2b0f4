/** The rules of the relay's door: who is let in, and what ends a connection. relay.md §2, §9 */
import { type Server, createServer } from "node:http"
import type { ConnectionOrigin, ListenerContext } from "@securechat/core/transport"
import { silentLogger } from "@securechat/core/transport"
import { manualClock, recordedEnd } from "@securechat/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { OPCODE, rawClient, rawRequest } from "../test/raw.ts"
import { type Started, listen, startListener } from "../test/server.ts"
import { webSocket } from "./index.ts"
import { webSocketListener } from "./listener.ts"

let started: Started | undefined
const start = async (...given: Parameters<typeof startListener>): Promise<Started> => {
  started = await startListener(...given)
  return started
}
afterEach(async () => {
  await started?.stop()
  started = undefined
})

const stopServer = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve))

describe("webSocketListener, before it accepts", () => {
  it.each([
    ["no subprotocol", { headers: { "Sec-WebSocket-Protocol": undefined } }, 400],
    ["another subprotocol", { headers: { "Sec-WebSocket-Protocol": "chat, securechat.v2" } }, 400],
    ["a malformed list of subprotocols", { headers: { "Sec-WebSocket-Protocol": "securechat.v1,," } }, 400],
    ["no key", { headers: { "Sec-WebSocket-Key": undefined } }, 400],
    ["a key of the wrong length", { headers: { "Sec-WebSocket-Key": "c2hvcnQ=" } }, 400],
    ["an old version", { headers: { "Sec-WebSocket-Version": "7" } }, 400],
    ["another upgrade", { headers: { Upgrade: "h2c" } }, 400],
    ["another method", { method: "POST" }, 405],
  ])("refuses %s, and asks nobody about it", async (_, request, status) => {
    let asked = 0
    const { port, origins } = await start({}, { admit: () => ++asked > 0 })
    expect((await rawRequest({ port, ...request })).status).toBe(status)
    expect([asked, origins.length]).toEqual([0, 0])
  })

  it("refuses 403 whom admit refuses, and tells it address, origin and host", async () => {
    const asked: ConnectionOrigin[] = []
    const { port, origins } = await start(
      {},
      {
        admit: (from) => {
          asked.push(from)
          return from.origin === undefined
        },
      },
    )
    const evil = await rawRequest({ port, headers: { Origin: "https://evil.example" } })
    expect(evil.status).toBe(403)
    await evil.client.ended
    expect((await rawRequest({ port, headers: { Host: "chat.example" } })).status).toBe(101)
    expect(asked).toEqual([
      { address: "127.0.0.1", origin: "https://evil.example", host: `127.0.0.1:${port}` },
      { address: "127.0.0.1", host: "chat.example" },
    ])
    expect(origins).toEqual([{ address: "127.0.0.1", host: "chat.example" }])
  })

  it("takes the address from whom it is told to ask", async () => {
    const { port, origins } = await start({ addressOf: (request) => String(request.headers["x-real-ip"]) })
    await rawClient({ port, headers: { "X-Real-IP": "192.0.2.7" } })
    expect(origins[0]?.address).toBe("192.0.2.7")
  })

  it("leaves other paths alone and ignores the query of its own", async () => {
    const { port, server } = await start()
    server.on("upgrade", (request: { url?: string }, socket: NodeJS.WritableStream) => {
      if (request.url?.startsWith("/ws") !== true || request.url.startsWith("/wsx"))
        socket.end("HTTP/1.1 418 I'm a teapot\r\n\r\n")
    })
    for (const path of ["/", "/socket.io/", "/wsx", "/WS", "//ws"])
      expect([path, (await rawRequest({ port, path })).status]).toEqual([path, 418])
    expect((await rawRequest({ port, path: "/ws?room=1" })).status).toBe(101)
  })

  it("answers on the path it is given", async () => {
    const { port } = await start({ path: "/chat" })
    expect((await rawRequest({ port, path: "/chat" })).status).toBe(101)
  })

  it("negotiates no compression, and answers with its subprotocol alone", async () => {
    const { port } = await start()
    const { status, head } = await rawRequest({
      port,
      headers: {
        "Sec-WebSocket-Protocol": "other, securechat.v1",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
      },
    })
    expect(status).toBe(101)
    expect(head).toContain("sec-websocket-protocol: securechat.v1\r\n")
    expect(head).not.toContain("extensions")
  })

  it("ends the connection, not the process, when the relay throws over it", async () => {
    const server = createServer()
    const listener = webSocketListener()
    const logged: unknown[] = []
    const context: ListenerContext = {
      log: { ...silentLogger, error: (_, details) => logged.push(details) },
      admit: () => true,
      onConnection: () => {
        throw new RangeError("bug")
      },
    }
    listener.attach(server, context)
    const port = await listen(server)
    const client = await rawClient({ port })
    await client.ended
    expect(logged).toEqual([{ transport: "websocket", error: "RangeError" }])
    await listener.close()
    await stopServer(server)
  })
})

describe("webSocketListener, when it closes", () => {
  it("closes what is open with 1001, refuses what is new with 503, any number of times", async () => {
    const { listener, transport, url, port } = await start()
    const [client, far] = await Promise.all([recordedEnd(webSocket(url)), recordedEnd(transport)])
    const closing = [listener.close(), listener.close()]
    expect((await rawRequest({ port })).status).toBe(503)
    await Promise.all([...closing, listener.close()])
    expect(await client.closed).toEqual({ clean: true, code: 1001, reason: "going away", retry: "now" })
    expect([client.closes.length, far.closes.length]).toEqual([1, 1])
    expect([...client.late, ...far.late]).toEqual([])
  })

  it("leaves no timer when the clients answer", async () => {
    const clock = manualClock()
    const { listener, transport, url } = await start({ timers: clock.timers, nowMs: clock.nowMs })
    await Promise.all([recordedEnd(webSocket(url)), recordedEnd(transport)])
    await listener.close()
    expect(clock.pending).toBe(0)
  })

  it("serves several servers, and none that it is attached to afterwards", async () => {
    const first = await start()
    const second = createServer()
    const third = createServer()
    const context: ListenerContext = {
      log: silentLogger,
      admit: () => true,
      onConnection: () => ({ onFrame: () => undefined, onClose: () => undefined }),
    }
    first.listener.attach(second, context)
    const port = await listen(second)
    const client = await rawClient({ port })
    const closing = first.listener.close()
    expect(await client.closeCode()).toBe(1001)
    client.socket.end()
    await closing
    first.listener.attach(third, context)
    const late = await rawRequest({ port: await listen(third) })
    expect(late.status).toBe(503)
    await Promise.all([stopServer(second), stopServer(third)])
  })
})

describe("webSocketListener, while connected", () => {
  const tiny = (first: boolean) => ({
    opcode: first ? OPCODE.binary : OPCODE.continuation,
    fin: false,
    payload: Uint8Array.of(1),
  })
  const maxFrameBytes = 80 * 1024 + 512

  it.each([
    ["a text message", [{ opcode: OPCODE.text, payload: Buffer.from("hi") }], 1003],
    ["text that is no UTF-8", [{ opcode: OPCODE.text, payload: Uint8Array.of(0xff) }], 1007],
    ["a frame one byte too large", [{ payload: new Uint8Array(maxFrameBytes + 1) }], 1009],
    ["a frame of 10 MB", [{ payload: new Uint8Array(10_000_000) }], 1009],
    [
      "fragments that are too large together",
      [
        { fin: false, payload: new Uint8Array(maxFrameBytes) },
        { opcode: OPCODE.continuation, payload: Uint8Array.of(1) },
      ],
      1009,
    ],
    ["65 fragments", Array.from({ length: 65 }, (_, i) => tiny(i === 0)), 1008],
    ["100,000 tiny fragments", Array.from({ length: 100_000 }, (_, i) => tiny(i === 0)), 1008],
    ["an unmasked frame", [{ masked: false }], 1002],
    ["a reserved bit, as compression would set it", [{ rsv: 4 }], 1002],
    ["an unknown opcode", [{ opcode: 3 }], 1002],
    ["a continuation of nothing", [{ opcode: OPCODE.continuation }], 1002],
    ["a control frame in pieces", [{ opcode: OPCODE.ping, fin: false }], 1002],
    ["a long control frame", [{ opcode: OPCODE.ping, payload: new Uint8Array(126) }], 1002],
    ["a close code that may not be sent", [{ opcode: OPCODE.close, payload: Uint8Array.of(3, 238) }], 1002],
  ])("answers %s with its code, and tells the relay once", async (_, frames, code) => {
    const { port, transport } = await start()
    const [client, far] = await Promise.all([rawClient({ port }), recordedEnd(transport)])
    client.write(...frames)
    expect(await client.closeCode()).toBe(code)
    client.socket.destroy()
    expect(await far.closed).toMatchObject({ clean: false, code })
    expect(far.frames).toEqual([])
    expect(far.late).toEqual([])
  })

  it("goes on with its neighbours meanwhile", async () => {
    const { port, transport, url } = await start()
    const [client, far] = await Promise.all([recordedEnd(webSocket(url)), recordedEnd(transport)])
    const [hostile, farHostile] = await Promise.all([rawClient({ port }), recordedEnd(transport)])
    hostile.write({ payload: new Uint8Array(10_000_000) })
    await client.connection.send(Uint8Array.of(1))
    await far.arrived(1)
    expect(await hostile.closeCode()).toBe(1009)
    hostile.socket.destroy()
    await farHostile.closed
    await client.connection.send(Uint8Array.of(2))
    await far.arrived(2)
    expect(far.frames).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    await client.connection.close()
  })

  it("takes 64 fragments as one frame, with pings between them, and answers those", async () => {
    const { port, transport } = await start()
    const [client, far] = await Promise.all([rawClient({ port }), recordedEnd(transport)])
    const parts = Array.from({ length: 64 }, (_, i) => ({ ...tiny(i === 0), fin: i === 63 }))
    client.write(
      ...parts.slice(0, 30),
      { opcode: OPCODE.ping, payload: Uint8Array.of(9) },
      ...parts.slice(30),
    )
    await far.arrived(1)
    expect(far.frames[0]).toEqual(new Uint8Array(64).fill(1))
    expect([...(await client.received(3))]).toEqual([0x8a, 1, 9])
    client.socket.destroy()
    await far.closed
  })

  it("takes what comes in the same packet as the upgrade", async () => {
    const { port, transport } = await start()
    const [client, far] = await Promise.all([
      rawClient({ port, with: [{ payload: Uint8Array.of(7) }] }),
      recordedEnd(transport),
    ])
    await far.arrived(1)
    expect(far.frames).toEqual([Uint8Array.of(7)])
    client.socket.destroy()
    expect(await far.closed).toMatchObject({ clean: false, code: 1006 })
  })
})
