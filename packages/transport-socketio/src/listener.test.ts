/** What the relay's side refuses, over requests and packets by hand, and what it does with readers that do not read. */
import { once } from "node:events"
import { type IncomingMessage, request as httpRequest } from "node:http"
import type { Socket } from "node:net"
import { manualClock, recordedEnd, turn } from "@securechat/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { CONNECTED, HEAD } from "../test/plain.ts"
import { type Started, startListener } from "../test/server.ts"
import { socketIo } from "./index.ts"

let started: Started | undefined
const start = async (...given: Parameters<typeof startListener>): Promise<Started> => {
  started = await startListener(...given)
  return started
}
afterEach(async () => {
  await started?.stop()
  started = undefined
})

/** Status of a refused upgrade, or the open socket. */
const upgrade = (port: number, path: string, headers: Record<string, string> = {}) =>
  new Promise<number | WebSocket>((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
    socket.on("error", () => undefined)
    socket.on("unexpected-response", (_, response: IncomingMessage) => {
      resolve(response.statusCode ?? 0)
      response.resume()
    })
    socket.on("open", () => {
      resolve(socket)
    })
  })

const ASKED = "/socket.io/?EIO=4&transport=websocket"

/** A client that says what the test wants, after the engine's handshake. */
const rawClient = async ({ port }: Started, ...messages: readonly (string | Uint8Array)[]) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${ASKED}`)
  const heard: string[] = []
  socket.on("message", (data: Buffer) => heard.push(data.toString("latin1")))
  const closed = once(socket, "close").then(([code]) => code as number)
  await once(socket, "open")
  for (const message of messages) socket.send(message)
  return { socket, heard, closed }
}

describe("socketIoListener, before a connection", () => {
  it("takes its own path only, with and without a slash, and version 4 over a WebSocket only", async () => {
    const { port, server } = await start()
    server.on("upgrade", (request: IncomingMessage, socket) => {
      if (request.url === "/other") socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    })
    expect(await upgrade(port, "/other")).toBe(404)
    for (const query of ["", "?EIO=4", "?EIO=3&transport=websocket", "?EIO=4&transport=polling"]) {
      const answer = await upgrade(port, `/socket.io/${query}`)
      // Version 3 is refused once the socket is there; the others before.
      expect(answer instanceof WebSocket ? (await once(answer, "close"))[0] : answer).not.toBe(101)
    }
    for (const path of [ASKED, ASKED.replace("/?", "?")]) {
      const socket = await upgrade(port, path)
      expect(socket).toBeInstanceOf(WebSocket)
      ;(socket as WebSocket).terminate()
    }
  })

  it("asks whether to admit before the upgrade, with what is known of the client", async () => {
    const asked: object[] = []
    const { port, origins } = await start(
      { addressOf: () => "192.0.2.1" },
      {
        admit: (from) => {
          asked.push(from)
          return from.origin === undefined
        },
      },
    )
    expect(await upgrade(port, ASKED, { Origin: "https://evil.example" })).toBe(403)
    const socket = (await upgrade(port, ASKED)) as WebSocket
    const own = { address: "192.0.2.1", host: `127.0.0.1:${port}` }
    expect(asked).toEqual([{ ...own, origin: "https://evil.example" }, own])
    while (origins.length === 0) await turn()
    expect(origins).toEqual([own])
    socket.terminate()
  })

  it("lets no session have a second socket, and answers no plain request, while polling is off", async () => {
    const { port, server } = await start()
    server.on("request", (_request, response) => response.writeHead(404).end())
    expect(await upgrade(port, `${ASKED}&sid=${"A".repeat(20)}`)).toBe(400)
    const answer = await fetch(`http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`)
    expect(answer.status).toBe(404)
  })

  it("answers 503 after it was closed", async () => {
    const { port, listener } = await start()
    await Promise.all([listener.close(), listener.close()])
    expect(await upgrade(port, ASKED)).toBe(503)
  })

  it("offers no compression", async () => {
    const { port } = await start()
    const request = httpRequest({
      port,
      path: ASKED,
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Key": "x".repeat(22) + "==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Extensions": "permessage-deflate",
      },
    })
    request.end()
    const [response, socket] = (await once(request, "upgrade")) as [IncomingMessage, Socket]
    expect(response.headers["sec-websocket-extensions"]).toBeUndefined()
    socket.destroy()
  })
})

describe("socketIoListener, with packets by hand", () => {
  const placeholders = (count: number): string =>
    `45${count}-["securechat.v1",${Array.from({ length: Math.min(count, 20) }, (_, num) => `{"_placeholder":true,"num":${num}}`).join()}]`
  const one = Uint8Array.of(1)

  it("takes an event with one binary argument, answers no ping of the client's, and ends with its goodbye", async () => {
    const here = await start()
    const [client, far] = await Promise.all([
      rawClient(here, "40", HEAD, one, "41"),
      recordedEnd(here.transport),
    ])
    expect(await far.closed).toEqual({ clean: true, retry: "backoff" })
    expect(far.frames).toEqual([one])
    await client.closed
    expect(client.heard[0]).toMatch(/^0\{"sid":/)
    expect(client.heard.slice(1)).toEqual([expect.stringMatching(/^40\{"sid":"[\w-]{36}"\}$/)])
    expect(CONNECTED.slice(0, 3)).toBe(client.heard[1]?.slice(0, 3))
  })

  it.each<[string, readonly (string | Uint8Array)[], number]>([
    ["no attachment where one is due", ["40", placeholders(0)], 1002],
    ["two attachments", ["40", placeholders(2), one, one], 1002],
    ["a million attachments", ["40", placeholders(1_000_000)], 1002],
    ["an attachment nobody announced", ["40", one], 1002],
    ["text in place of the attachment", ["40", HEAD, "42[]"], 1002],
    ["a placeholder for another attachment", ["40", HEAD.replace('"num":0', '"num":7'), one], 1002],
    ["an event before it entered the namespace", [HEAD, one], 1002],
    ["another namespace", ["40/admin,"], 1002],
    ["the namespace twice", ["40", "40"], 1002],
    ["a text event", ["40", '42["securechat.v1","text"]'], 1002],
    ["another event", ["40", HEAD.replace("securechat.v1", "chat"), one], 1002],
    ["an event that asks for an acknowledgement", ["40", HEAD.replace("1-", "1-3"), one], 1002],
    ["an acknowledgement", ["40", "431[]"], 1002],
    ["a refusal, which only a server gives", ['44{"message":"no"}'], 1002],
    ["no packet at all", ["4"], 1002],
    ["a kilobyte of sign-in", [`40{"token":"${"x".repeat(1_024)}"}`], 1002],
    ["an unknown engine packet", ["40", "9"], 1006],
    ["a ping, which only a server sends", ["40", "2"], 1006],
    ["a frame over the limit", ["40", HEAD, new Uint8Array(80 * 1024 + 513)], 1009],
  ])("ends at %s and hands on nothing", async (_name, messages, code) => {
    const here = await start()
    const [client, far] = await Promise.all([rawClient(here, ...messages), recordedEnd(here.transport)])
    expect(await far.closed).toMatchObject({ clean: false, code, retry: "backoff" })
    await client.closed
    expect(far.frames).toEqual([])
    expect(far.late).toEqual([])
  })

  it("keeps what it sends for a client that has not entered the namespace, in order", async () => {
    const here = await start()
    const [client, far] = await Promise.all([rawClient(here), recordedEnd(here.transport)])
    const sends = [1, 2].map((n) => far.connection.send(Uint8Array.of(n)))
    expect(far.connection.bufferedBytes).toBe(2)
    client.socket.send("40")
    await Promise.all(sends)
    while (client.heard.length < 6) await turn()
    expect(client.heard.slice(2)).toEqual(
      [HEAD.slice(1), "\x01", HEAD.slice(1), "\x02"].map((s, i) => (i % 2 ? s : `4${s}`)),
    )
    client.socket.terminate()
    await far.closed
  })

  it("rejects what waits for a client that never entered", async () => {
    const here = await start()
    const [client, far] = await Promise.all([rawClient(here), recordedEnd(here.transport)])
    const sent = far.connection.send(one)
    client.socket.terminate()
    await expect(sent).rejects.toMatchObject({ code: "ERR_TRANSPORT_CLOSED" })
    await far.closed
  })
})

describe("socketIoListener, with peers that are dead or slow", () => {
  const KIB = 1024

  it("drops a peer that does not answer the engine", async () => {
    const here = await start({ heartbeatMs: 5, heartbeatTimeoutMs: 5 })
    const [client, far] = await Promise.all([rawClient(here, "40"), recordedEnd(here.transport)])
    expect(await far.closed).toEqual({ clean: false, code: 1006, reason: "ping timeout", retry: "backoff" })
    expect(client.heard).toContain("2")
    client.socket.terminate()
  })

  it("refuses a send over the cap, and then delivers all that was taken, in order", async () => {
    const here = await start()
    const [near, far] = await Promise.all([recordedEnd(socketIo(here.url)), recordedEnd(here.transport)])
    const socket = here.sockets[0]
    socket?.cork()
    const frame = new Uint8Array(64 * KIB)
    const sends: Promise<void>[] = []
    for (let i = 0; i < 16; i++) sends.push(far.connection.send(frame.fill(i)))
    expect(far.connection.bufferedBytes).toBe(1024 * KIB)
    await expect(far.connection.send(Uint8Array.of(1))).rejects.toMatchObject({
      code: "ERR_QUEUE_FULL",
      details: { bufferedBytes: 1024 * KIB, maxBufferedBytes: 1024 * KIB },
    })
    socket?.uncork()
    await Promise.all([...sends, near.arrived(16)])
    expect(near.frames.map((received) => received[0])).toEqual(sends.map((_, i) => i))
    expect(far.connection.bufferedBytes).toBe(0)
    await near.connection.close()
    await far.closed
  })

  it("lets a reader go that takes nothing for its time, and rejects what it did not take", async () => {
    const clock = manualClock()
    const here = await start({ timers: clock.timers, nowMs: clock.nowMs })
    const [client, far] = await Promise.all([rawClient(here, "40"), recordedEnd(here.transport)])
    while (client.heard.length < 2) await turn()
    here.sockets[0]?.cork()
    const sent = far.connection.send(new Uint8Array(1_000))
    sent.catch(() => undefined)
    await turn()
    await clock.advance(30_000)
    expect(await far.closed).toEqual({ clean: false, code: 4009, reason: "slow reader", retry: "backoff" })
    await expect(sent).rejects.toMatchObject({ code: "ERR_TRANSPORT_CLOSED" })
    expect(clock.pending).toBe(0)
    await client.closed
  })

  it("does not wait for a dead peer to end", async () => {
    const clock = manualClock()
    const here = await start({ timers: clock.timers, nowMs: clock.nowMs })
    const [client, far] = await Promise.all([rawClient(here, "40"), recordedEnd(here.transport)])
    while (client.heard.length < 2) await turn()
    client.socket.pause()
    const closing = far.connection.close()
    await turn()
    await clock.advance(5_000)
    await closing
    expect(far.closes).toMatchObject([{ clean: false, code: 1006 }])
    expect(clock.pending).toBe(0)
    client.socket.terminate()
  })
})
