/**
 * Row R4: packets of Socket.IO whose attachments are none, too many or never come (CVE-2026-33151, CVE-2026-69185), to the
 * relay and to a client, which is where the relay is the attacker. Single packets are beside the transport's sources.
 */
import type { ConnectionChange } from "@securechat/core"
import { socketIo } from "@securechat/transport-socketio"
import { once } from "node:events"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { type PacketProxy, packetProxy } from "../support/packet-proxy.ts"
import { goBy, way } from "../support/transports.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

goBy("socket.io")

let proxy: PacketProxy
let world: World
let alice: Person
let bob: Person
beforeEach(async () => {
  proxy = await packetProxy()
  // The relay itself is the attacker: it calls itself by the address that was dialled.
  world = await createWorld({ dial: (url) => ({ ...socketIo(proxy.url), origin: url }) })
  proxy.relay = world.url
  bob = await world.person("bob")
  // Last, so that the newest connection is hers.
  alice = await world.person("alice", { retry: { minMs: 1, maxMs: 100 } })
  await alice.says(bob, "first")
})
afterEach(async () => {
  await world.close()
  await proxy.close()
})

const head = (attachments: number | string, places = 1): string => {
  const named = Array.from({ length: places }, (_, num) => `{"_placeholder":true,"num":${num}}`)
  return `45${attachments}-[${['"securechat.v1"', ...named].join()}]`
}
const some = new Uint8Array(1_000).fill(1)

const PACKETS: readonly (readonly [string, readonly (string | Uint8Array)[]])[] = [
  ["no attachment", [head(0, 0)]],
  ["no attachment and a place for one", [head(0)]],
  ["two attachments", [head(2, 2), some, some]],
  ["a million attachments", [head(1_000_000), ...Array.from({ length: 100 }, () => some)]],
  ["2³¹ attachments", [head(2 ** 31)]],
  ["1e300 attachments", [head("1e300")]],
  ["less than none", [head(-1)]],
  ["a place for an attachment that is not there", [head(1, 3), some]],
  ["an attachment nobody announced", [some]],
]

/** Everything the relay said until it hung up. */
const relayHangsUpOn = async (packets: readonly (string | Uint8Array)[]): Promise<void> => {
  const socket = new WebSocket(`${world.url.replace(/^http/, "ws")}${way().path}`)
  socket.on("error", () => undefined)
  await once(socket, "open")
  const closed = once(socket, "close")
  for (const packet of ["40", ...packets]) socket.send(packet)
  await closed
}

describe("packets with a wrong number of attachments", () => {
  it("[R4] end their connection at the relay, and people talk on", async () => {
    for (const [name, packets] of PACKETS) {
      await Promise.all([relayHangsUpOn(packets), alice.says(bob, `beside ${name}`)])
      await bob.says(alice, `after ${name}`)
    }
    expect(world.evil.frames("alice", "hello")).toHaveLength(1)
    expect([alice.errors, bob.errors]).toEqual([[], []])
    expect(world.relay.stats().connections).toBe(2)
  })

  it("[R4] end the connection at a client, which says so, connects again and has lost nothing", async () => {
    const changes: ConnectionChange[] = []
    alice.chat.on("connection", (change) => changes.push(change))
    for (const [name, packets] of PACKETS) {
      changes.length = 0
      const before = proxy.connections
      proxy.inject(packets)
      await alice.until(() => changes.some(({ state }) => state === "online"))
      expect(proxy.connections).toBe(before + 1)
      expect(changes[0]).toMatchObject({ previous: "online", error: { code: "ERR_TRANSPORT_CLOSED" } })
      await bob.says(alice, `after ${name}`)
      await alice.says(bob, `answer after ${name}`)
    }
    expect(alice.texts).toEqual(PACKETS.map(([name]) => `after ${name}`))
    expect(alice.unreadable).toEqual([])
  })
})
