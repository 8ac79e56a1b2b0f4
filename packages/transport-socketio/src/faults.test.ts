/** What the client does with servers that are wrong or hostile: a relay may be the attacker. relay.md §9, row R4 */
import { type ManualClock, contextOf, manualClock, recordedEnd, recorder, turn } from "@securechat/testkit"
import { platformTimers } from "@securechat/core/transport"
import { afterEach, describe, expect, it } from "vitest"
import type { WebSocket } from "ws"
import { CONNECTED, HANDSHAKE, HEAD, type RawServer, rawServer } from "../test/plain.ts"
import type { SocketIoOptions } from "./target.ts"
import { socketIoOn } from "./transport.ts"
import { makeWire as globalWire } from "./wire.default.ts"
import { makeWire as wsWire } from "./wire.node.ts"

type Said = string | Uint8Array

describe.each([
  ["ws", wsWire],
  ["the global WebSocket", globalWire],
])("socketIo on %s, with a hostile server", (_, makeWire) => {
  let server: RawServer | undefined
  afterEach(async () => {
    await server?.stop()
    server = undefined
  })
  const saying = async (messages: readonly Said[], options: SocketIoOptions = {}, clock?: ManualClock) => {
    server = await rawServer((socket) => {
      for (const message of messages) socket.send(message)
    })
    const timers = clock?.timers ?? platformTimers
    return socketIoOn({ makeWire, timers }, server.url, options)
  }
  const connected = (...messages: readonly Said[]): readonly Said[] => [HANDSHAKE, CONNECTED, ...messages]
  const placeholders = (count: number): string =>
    `45${count}-["securechat.v1",${Array.from({ length: Math.min(count, 100) }, (_, num) => `{"_placeholder":true,"num":${num}}`).join()}]`

  it.each<[string, readonly Said[]]>([
    ["a handshake that is no JSON", ["0{bad"]],
    ["a handshake of nothing", ["0null"]],
    ["an unknown engine packet", ["9"]],
    ["a refusal without a reason", [HANDSHAKE, "44"]],
    ["a refusal without a reason, numbered", [HANDSHAKE, "4412"]],
    ["a refusal for another namespace without a reason", [HANDSHAKE, "44/"]],
    ["an event before the connection", [HANDSHAKE, HEAD, Uint8Array.of(1)]],
    ["binary before the connection", [HANDSHAKE, Uint8Array.of(1)]],
    ["a connection without an id", [HANDSHAKE, "40"]],
    ["a kilobyte of names", [HANDSHAKE, `40{"sid":"${"x".repeat(1024)}"}`]],
  ])("is not connected by %s", async (_name, messages) => {
    const transport = await saying(messages)
    await expect(transport.connect(contextOf(recorder()))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_PROTOCOL",
    })
  })

  it.each<[string, readonly Said[], number]>([
    ["no attachment where one is due", [placeholders(0)], 1002],
    ["two attachments", [placeholders(2), Uint8Array.of(1), Uint8Array.of(2)], 1002],
    ["a million attachments", [placeholders(1_000_000)], 1002],
    ["an attachment number beyond all", ['451e300-["securechat.v1"]'], 1002],
    ["an attachment nobody announced", [Uint8Array.of(1)], 1002],
    ["text in place of the attachment", [HEAD, "42[]"], 1002],
    ["a placeholder for another attachment", [HEAD.replace('"num":0', '"num":7'), Uint8Array.of(1)], 1002],
    ["one attachment twice", [HEAD.replace("]", ',{"_placeholder":true,"num":0}]'), Uint8Array.of(1)], 1002],
    ["a text event", ['42["securechat.v1","text"]'], 1002],
    ["another event", [HEAD.replace("securechat.v1", "other"), Uint8Array.of(1)], 1002],
    ["an event of another namespace", [HEAD.replace("1-", "1-/x,"), Uint8Array.of(1)], 1002],
    ["an event that asks for an acknowledgement", [HEAD.replace("1-", "1-7"), Uint8Array.of(1)], 1002],
    ["an acknowledgement", ["431[]"], 1002],
    ["a second connection", [CONNECTED], 1002],
    ["nested arrays", [`42${"[".repeat(2_000)}`], 1002],
    ["a frame over the limit", [HEAD, new Uint8Array(80 * 1024 + 513)], 1009],
    ["a text over the limit", ["4".repeat(80 * 1024 + 513)], 1009],
  ])("ends at %s, hands on nothing, and would try again", async (_name, messages, code) => {
    const transport = await saying(connected(...messages))
    const end = await recordedEnd(transport)
    expect(await end.closed).toMatchObject({ clean: false, code, retry: "backoff" })
    expect(end.frames).toEqual([])
    await end.connection.close()
    expect(end.late).toEqual([])
  })

  it("takes ten attachments of an app's own server and not eleven", async () => {
    const event = (count: number): readonly Said[] => [
      placeholders(count).replace("securechat.v1", "other"),
      ...Array.from({ length: count }, () => Uint8Array.of(1)),
    ]
    const frame = [HEAD.replace("securechat.v1", "chat"), Uint8Array.of(7)]
    const end = await recordedEnd(await saying(connected(...event(10), ...frame), { event: "chat" }))
    await end.arrived(1)
    server?.sockets[0]?.send(event(11)[0] ?? "")
    expect(await end.closed).toMatchObject({ clean: false, code: 1002 })
    expect(end.frames).toEqual([Uint8Array.of(7)])
  })

  it("does not keep more than a few events for a connection that never comes", async () => {
    const transport = await saying([HANDSHAKE, ...Array.from({ length: 65 }, () => '42["chat","BAUG"]')], {
      event: "chat",
    })
    await expect(transport.connect(contextOf(recorder()))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_PROTOCOL",
    })
  })

  it("opens no second socket, whatever transports the server names", async () => {
    const handshake = HANDSHAKE.replace("[]", '["websocket","polling","webtransport"]')
    const end = await recordedEnd(await saying([handshake, CONNECTED, HEAD, Uint8Array.of(1)]))
    await end.arrived(1)
    expect(server?.sockets).toHaveLength(1)
    await end.connection.close()
  })

  it("reads the relay's last word as its close code", async () => {
    const bye = Uint8Array.of(7, 0, 0, 0, 0, 0, 8)
    const end = await recordedEnd(await saying(connected(HEAD, bye, "41")))
    expect(await end.closed).toEqual({ clean: true, code: 4008, retry: "never" })
    const drained = await recordedEnd(await saying(connected(HEAD, bye.with(6, 11), "41")))
    expect(await drained.closed).toEqual({ clean: true, code: 4011, retry: "now" })
    const other = await recordedEnd(await saying(connected(HEAD, bye, HEAD, Uint8Array.of(1), "41")))
    expect(await other.closed).toEqual({ clean: true, retry: "backoff" })
  })

  it("ends within its time when the far end is dead, with no timer left", async () => {
    const clock = manualClock()
    const transport = await saying(connected(), {}, clock)
    const end = await recordedEnd(transport)
    const dead = server?.sockets[0] as WebSocket & { readonly _socket: { pause(): void } }
    dead._socket.pause()
    const closing = end.connection.close()
    await turn()
    expect(end.closes).toEqual([])
    await clock.advance(5_000)
    await closing
    expect(end.closes).toMatchObject([{ clean: false, code: 1006, retry: "backoff" }])
    expect(clock.pending).toBe(0)
  })

  it("leaves no timer when the far end answers the close", async () => {
    const clock = manualClock()
    const end = await recordedEnd(await saying(connected(), {}, clock))
    await end.connection.close()
    expect(end.closes).toEqual([{ clean: true, retry: "backoff" }])
    expect(clock.pending).toBe(0)
  })
})
