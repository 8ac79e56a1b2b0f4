import { describe, expect, it } from "vitest"
import { type Member, RoomWorld, openPair } from "../../test/channel/room-world.ts"
import { compareBytes } from "../bytes/compare.ts"
import { concat } from "../bytes/concat.ts"
import { createIdentity } from "../identity/keys.ts"
import { SecureChatError } from "../errors.ts"
import { helloCodec } from "../wire/channel.ts"
import { decodeEnvelope, peekType } from "../wire/envelope.ts"
import { ENVELOPE_TYPE } from "../wire/tags.ts"
import { pair } from "./pairing.ts"

const isHello = (frame: Uint8Array): boolean => peekType(frame) === ENVELOPE_TYPE.hello
const isFirst = (frame: Uint8Array): boolean => peekType(frame) === ENVELOPE_TYPE.first
const nonceOf = (frame: Uint8Array): Uint8Array => helloCodec.decode(frame).nonce

/** The state without what counting and remembering offers changes: what a forgery must leave alone. */
const essence = (member: Member): unknown => {
  const { parties, trust, candidate, numbers, own } = member.state
  return { parties, trust, candidate, numbers, own }
}
const seconds = (count: number): number => 1_000 * count

describe("a pair in an echoing room", () => {
  it("opens on both sides with one session, and carries messages both ways", () => {
    const { room, ada, bo } = openPair(1)
    expect([ada.peer, bo.peer]).toEqual([bo.account, ada.account])
    expect(ada.session).toBe(bo.session)
    ada.take({ type: "send", body: "hi" })
    bo.take({ type: "send", body: Uint8Array.of(1, 2) })
    room.settle()
    expect(bo.texts).toEqual(["hi"])
    expect(ada.texts).toEqual([Uint8Array.of(1, 2)])
    expect(ada.state.ignored.echo).toBeGreaterThan(0)
    expect(ada.strangers).toEqual([])
  })

  it("gives the lead to the smaller nonce, whoever came first", () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { room, ada } = openPair(seed)
      const first = room.said.find(({ frame }) => isFirst(frame))
      const nonces = decodeEnvelope(first?.frame ?? new Uint8Array()).handshake?.channelNonces
      expect(compareBytes(nonces?.[0] ?? new Uint8Array(), nonces?.[1] ?? new Uint8Array())).toBeLessThan(0)
      const owner = room.said.find(
        ({ frame }) => isHello(frame) && compareBytes(nonceOf(frame), nonces?.[0] ?? frame) === 0,
      )
      expect(first?.from).toBe(owner?.from)
      expect(ada.session).toBeDefined()
    }
  })

  it("leads or follows as its role says", () => {
    for (const seed of [1, 2, 3]) {
      const first = openPair(seed, { role: "initiator" })
      expect(first.room.said.find(({ frame }) => isFirst(frame))?.from).toBe(first.ada)
      const second = openPair(seed, { role: "responder" })
      expect(second.room.said.find(({ frame }) => isFirst(frame))?.from).toBe(second.bo)
    }
  })

  it("needs no clock to be right", () => {
    const room = new RoomWorld(7)
    const ada = room.enter()
    room.wallOffsetMs += 400 * 24 * 3_600_000
    const bo = room.enter()
    room.settle()
    room.wallOffsetMs -= 800 * 24 * 3_600_000
    bo.take({ type: "send", body: "now" })
    room.settle()
    expect(ada.texts).toEqual(["now"])
  })

  it("leaves no timer once it is open and its hellos are gone", () => {
    const { room, ada, bo } = openPair(1)
    room.pass(seconds(61))
    expect(
      [ada, bo].map(({ state }) => [state.own.length, state.peers.length, state.attempts.length]),
    ).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ])
  })
})

describe("a channel", () => {
  it("is not open before its first message was answered, pinned or not", () => {
    const known = openPair(10)
    for (const trust of [undefined, known.ada.state.trust]) {
      const room = new RoomWorld(11)
      const pinned = trust === undefined ? {} : { trust }
      const ada = room.enter({ role: "initiator", identity: known.ada.env.setting.own, ...pinned })
      const bo = room.enter({ role: "responder", identity: known.bo.env.setting.own })
      while (!room.pending.some(({ frame }) => isFirst(frame))) room.deliver(room.pending.shift() as never)
      const first = room.drop().find(({ frame }) => isFirst(frame))
      expect(ada.peer).toBeUndefined()
      expect(() => pair(ada.state, { type: "send", body: "too soon" }, ada.env)).toThrow(SecureChatError)
      room.deliver(first as never)
      expect(bo.peer).toBe(ada.account)
      expect(ada.peer).toBeUndefined()
      room.settle()
      expect(ada.peer).toBe(bo.account)
    }
  })

  it("repeats the stored bytes of a lost acknowledgement", () => {
    const room = new RoomWorld(12)
    const ada = room.enter({ role: "initiator" })
    const bo = room.enter({ role: "responder" })
    const acks: string[] = []
    const losing = (): void => {
      for (let spoken = room.pending.shift(); spoken !== undefined; spoken = room.pending.shift()) {
        const ack = spoken.from === bo && !isHello(spoken.frame)
        if (ack) acks.push(spoken.frame.join())
        else room.deliver(spoken)
      }
    }
    losing()
    room.pass(seconds(8), losing)
    expect(acks.length).toBeGreaterThan(2)
    expect(new Set(acks).size).toBe(1)
    expect(bo.peer).toBe(ada.account)
    expect(ada.peer).toBeUndefined()
    room.pass(seconds(10))
    expect(ada.peer).toBe(bo.account)
    expect(ada.session).toBe(bo.session)
  })

  it("opens by anything authentic: a message stands in for a lost acknowledgement", () => {
    const room = new RoomWorld(13)
    const ada = room.enter({ role: "initiator" })
    const bo = room.enter({ role: "responder" })
    while (bo.peer === undefined) room.deliver(room.pending.shift() as never)
    room.drop()
    bo.take({ type: "send", body: "hello?" })
    room.settle()
    expect(ada.peer).toBe(bo.account)
    expect(ada.texts).toEqual(["hello?"])
    expect(ada.state.attempts).toEqual([])
  })

  it("spends the keys of a hello with its session, and not with a forgery", () => {
    const room = new RoomWorld(14)
    room.enter({ role: "initiator" })
    const bo = room.enter({ role: "responder" })
    while (!room.pending.some(({ frame }) => isFirst(frame))) room.deliver(room.pending.shift() as never)
    const first = room.drop().find(({ frame }) => isFirst(frame))?.frame ?? new Uint8Array()
    const forged = concat(first)
    forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1
    const before = essence(bo)
    bo.hear(forged)
    expect(essence(bo)).toEqual(before)
    expect(bo.state.own).toHaveLength(1)
    bo.hear(first)
    expect(bo.state.own).toEqual([])
    expect(bo.peer).toBeDefined()
  })

  it("drops private keys nobody used after 60 s", () => {
    const room = new RoomWorld(15)
    const ada = room.enter()
    room.pass(seconds(59), () => room.drop())
    const made = ada.state.own.map(({ madeAtMs }) => madeAtMs)
    ada.take({ type: "offline" })
    room.pass(seconds(61), () => room.drop())
    expect(made.length).toBeGreaterThan(0)
    expect(ada.state.own).toEqual([])
  })

  it("ignores other contexts, other devices of its own account and what is not of this protocol", () => {
    const room = new RoomWorld(16)
    const identity = createIdentity(room.deps)
    const ada = room.enter({ context: "kitchen", identity })
    room.enter({ context: "garden" })
    room.enter({ context: "kitchen", identity })
    room.settle()
    for (const junk of [[], [1], [1, 6], [1, 6, 0, 1], [9, 9, 9], [123, 34]]) ada.hear(Uint8Array.from(junk))
    room.pass(seconds(120))
    expect(room.members.map((member) => member.peer)).toEqual([undefined, undefined, undefined])
    expect(ada.state.ignored).toMatchObject({ foreign: 6 })
    expect(ada.state.ignored.context).toBeGreaterThan(0)
    // The same identity in two pages: indistinguishable from an own echo.
    expect(ada.state.ignored.echo).toBeGreaterThan(0)
  })

  it("[B13] shows nothing of a tampered frame and keeps its state, byte by byte", () => {
    const { room, ada, bo } = openPair(17)
    ada.take({ type: "send", body: "genuine" })
    const [sent] = room.drop()
    const frame = sent?.frame ?? new Uint8Array()
    const before = essence(bo)
    for (let at = 0; at < frame.length; at += 7) {
      const forged = concat(frame)
      forged[at] = (forged[at] ?? 0) ^ 0x40
      bo.hear(forged)
    }
    expect(bo.texts).toEqual([])
    expect(essence(bo)).toEqual(before)
    bo.hear(frame)
    bo.hear(frame)
    expect(bo.texts).toEqual(["genuine"])
  })
})
