import { describe, expect, it } from "vitest"
import { type Member, RoomWorld, openPair } from "../../test/channel/room-world.ts"
import { compareBytes } from "../bytes/compare.ts"
import { concat } from "../bytes/concat.ts"
import { createIdentity } from "../identity/keys.ts"
import { accept, isVerified, verify } from "../identity/trust.ts"
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

describe("a hello", () => {
  it("is repeated after 1, 2, 4 … 30 s while nobody is there, and made afresh after 30 s", () => {
    const room = new RoomWorld(3)
    room.enter()
    const times: number[] = []
    const nonces = new Set<string>()
    const start = room.elapsedMs
    const note = (): void => {
      for (const { frame } of room.drop()) {
        times.push((room.elapsedMs - start) / 1_000)
        nonces.add(nonceOf(frame).join())
      }
    }
    note()
    room.pass(seconds(100), note)
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 61, 91])
    expect(nonces.size).toBe(3)
  })

  it("is answered once, however often it comes", () => {
    const room = new RoomWorld(4)
    const ada = room.enter()
    room.drop()
    const hello = new RoomWorld(99).enter().state.own[0]?.hello.bytes ?? new Uint8Array()
    for (let i = 0; i < 5; i++) ada.hear(concat(hello))
    expect(room.drop().filter(({ frame }) => isHello(frame))).toHaveLength(1)
    expect(ada.state.ignored.duplicate).toBe(4)
  })

  it("of a flood costs no check and no answer beyond ten at once, then one a second", () => {
    const room = new RoomWorld(5)
    const ada = room.enter()
    room.drop()
    const crowd = Array.from(
      { length: 14 },
      (_, i) => new RoomWorld(500 + i).enter().state.own[0]?.hello.bytes,
    )
    for (const hello of crowd) ada.hear(hello ?? new Uint8Array())
    expect(room.drop().filter(({ frame }) => isHello(frame))).toHaveLength(10)
    expect(ada.state.ignored.limited).toBe(4)
    expect(ada.state.peers).toHaveLength(4)
    room.pass(1_000, () => room.drop())
    room.drop()
    for (const hello of crowd.slice(10)) ada.hear(hello ?? new Uint8Array())
    expect(room.drop().filter(({ frame }) => isHello(frame))).toHaveLength(1)
  })

  it("of one account takes two places, however many it sends", () => {
    const room = new RoomWorld(6)
    const ada = room.enter()
    const identity = createIdentity(room.deps)
    for (let i = 0; i < 4; i++)
      ada.hear(new RoomWorld(60 + i).enter({ identity }).state.own[0]?.hello.bytes ?? new Uint8Array())
    expect(ada.state.peers).toHaveLength(2)
  })

  it("whose suites were stripped leads nowhere, and the genuine one opens all the same", () => {
    const room = new RoomWorld(8)
    const ada = room.enter({ role: "initiator" })
    const bo = room.enter({ role: "responder" })
    const stripped = room.drop().map(({ from, frame }) => {
      const hello = helloCodec.decode(frame)
      // A second suite nobody has, added on the way: the bytes are no longer what was offered.
      return { from, frame: helloCodec.encode({ ...hello, suites: [...hello.suites, 0x7777] }) }
    })
    for (const spoken of stripped) room.deliver(spoken)
    for (const spoken of room.drop()) if (isFirst(spoken.frame)) room.deliver(spoken)
    expect(bo.state.ignored.refused).toBe(1)
    expect([ada.peer, bo.peer]).toEqual([undefined, undefined])
    expect([ada.state.trust, bo.state.trust]).toEqual([undefined, undefined])
    room.drop()
    room.pass(seconds(2))
    expect([ada.peer, bo.peer]).toEqual([bo.account, ada.account])
  })

  it("without a suite of ours, or with a broken signature, is counted and never answered", () => {
    const room = new RoomWorld(9)
    const ada = room.enter()
    const other = new RoomWorld(10).enter().state.own[0]?.hello
    if (other === undefined) throw new Error("no hello")
    room.drop()
    ada.hear(helloCodec.encode({ ...other, suites: [0x7777] }))
    const broken = helloCodec.encode(other)
    broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1
    ada.hear(broken)
    expect(room.drop()).toEqual([])
    expect(ada.state.ignored).toMatchObject({ unsupported: 1, refused: 1 })
    expect(ada.state.peers).toEqual([])
  })
})

describe("a channel", () => {
  it("is not open before its first message was answered", () => {
    const room = new RoomWorld(11)
    const ada = room.enter({ role: "initiator" })
    const bo = room.enter({ role: "responder" })
    while (!room.pending.some(({ frame }) => isFirst(frame))) room.deliver(room.pending.shift() as never)
    const first = room.drop().find(({ frame }) => isFirst(frame))
    expect(ada.peer).toBeUndefined()
    expect(() => pair(ada.state, { type: "send", body: "too soon" }, ada.env)).toThrow(SecureChatError)
    room.deliver(first as never)
    expect(bo.peer).toBe(ada.account)
    expect(ada.peer).toBeUndefined()
    room.settle()
    expect(ada.peer).toBe(bo.account)
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

  it("shows nothing of a tampered frame and keeps its state, byte by byte", () => {
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

describe("third parties", () => {
  it("[A21] under another's hello are refused; the genuine handshake goes on", () => {
    const room = new RoomWorld(20)
    const ada = room.enter({ role: "initiator" })
    const bo = room.enter({ role: "responder" })
    while (!room.pending.some(({ frame }) => isFirst(frame))) room.deliver(room.pending.shift() as never)
    const [genuine] = room.drop().filter(({ frame }) => isFirst(frame))
    // Mallory saw Ada's hello and speaks under it, with her own certificate, to Bo's.
    const mallory = new RoomWorld(21).enter({ role: "initiator" })
    const adas = ada.state.own.at(-1)
    const malloryOwn = mallory.state.own.at(-1)
    if (adas === undefined || malloryOwn === undefined || genuine === undefined) throw new Error("no hello")
    const posing = { ...malloryOwn, hello: adas.hello }
    mallory.state = { ...mallory.state, own: [posing] }
    mallory.hear(bo.state.own.at(-1)?.hello.bytes ?? new Uint8Array())
    const forged = mallory.state.attempts[0]?.frame ?? new Uint8Array()
    expect(decodeEnvelope(forged).handshake?.channelNonces).toEqual(
      decodeEnvelope(genuine.frame).handshake?.channelNonces,
    )
    const before = essence(bo)
    bo.hear(forged)
    expect(bo.state.ignored.refused).toBe(1)
    expect(essence(bo)).toEqual(before)
    room.deliver(genuine)
    room.settle()
    expect(bo.peer).toBe(ada.account)
    expect(bo.strangers).toEqual([])
  })

  it("[A17] do not win where an account id was given, and are told of once", () => {
    const room = new RoomWorld(22)
    const identity = createIdentity(room.deps)
    const ada = room.enter({ only: identity.accountId })
    const mallory = room.enter()
    room.settle()
    room.pass(seconds(90))
    expect(ada.peer).toBeUndefined()
    expect(ada.strangers).toEqual([mallory.account])
    const bo = room.enter({ identity })
    room.settle()
    room.pass(seconds(60))
    expect(ada.peer).toBe(bo.account)
  })

  it("[A17] may win without one, and then the other is the third party", () => {
    const room = new RoomWorld(23)
    const ada = room.enter()
    const mallory = room.enter()
    room.settle()
    const bo = room.enter()
    room.settle()
    expect(ada.peer).toBe(mallory.account)
    expect(ada.strangers).toEqual([bo.account])
    expect(ada.state.trust === undefined || isVerified(ada.state.trust)).toBe(false)
  })

  it("under a pinned name become a change of identity only after a handshake and 30 s", () => {
    const first = openPair(24, { name: "bob" })
    const room = new RoomWorld(25)
    const trust = first.ada.state.trust
    if (trust === undefined) throw new Error("nothing pinned")
    const ada = room.enter({ name: "bob", trust, identity: first.ada.env.setting.own })
    const mallory = room.enter()
    room.settle()
    expect(ada.peer).toBeUndefined()
    expect(ada.state.candidate).toMatchObject({ account: mallory.account, completed: true })
    mallory.take({ type: "send", body: "trust me" })
    room.pass(seconds(29))
    expect(ada.state.trust?.candidate).toBeUndefined()
    room.pass(seconds(2))
    expect(ada.state.trust?.candidate).toBeDefined()
    expect(ada.peer).toBeUndefined()
    // The genuine one comes after all: its opening clears the change.
    const bo = room.enter({ identity: first.bo.env.setting.own })
    room.pass(seconds(60))
    expect(ada.peer).toBe(bo.account)
    expect(ada.state.trust?.candidate).toBeUndefined()
    expect(ada.strangers).toContain(mallory.account)
  })

  it("that are accepted, or verified, become the peer with the session they have", () => {
    for (const decide of ["accept", "verify"] as const) {
      const first = openPair(26, { name: "bob" })
      const room = new RoomWorld(27)
      const { trust } = first.ada.state
      if (trust === undefined) throw new Error("nothing pinned")
      const ada = room.enter({ name: "bob", trust })
      const next = room.enter()
      room.pass(seconds(31))
      const changed = ada.state.trust
      const seen = changed?.candidate?.accountKey
      if (changed === undefined || seen === undefined) throw new Error("no change")
      ada.take({
        type: "trust",
        trust: decide === "accept" ? accept(changed, seen) : verify(changed, seen, "number", 1),
      })
      expect(ada.peer).toBe(next.account)
      next.take({ type: "send", body: "it is me" })
      ada.take({ type: "send", body: "good" })
      room.settle()
      expect([ada.texts, next.texts]).toEqual([["it is me"], ["good"]])
    }
  })

  it("that never complete make room for the next one after 60 s", () => {
    const first = openPair(28, { name: "bob" })
    const room = new RoomWorld(29)
    const { trust } = first.ada.state
    if (trust === undefined) throw new Error("nothing pinned")
    const ada = room.enter({ name: "bob", trust })
    room.drop()
    ada.hear(new RoomWorld(30).enter().state.own[0]?.hello.bytes ?? new Uint8Array())
    const other = new RoomWorld(31).enter()
    ada.hear(other.state.own[0]?.hello.bytes ?? new Uint8Array())
    expect(ada.strangers).toEqual([other.account])
    room.pass(seconds(61), () => room.drop())
    expect(ada.state.candidate).toBeUndefined()
    expect(ada.state.parties).toEqual([])
  })
})

describe("a reloaded page", () => {
  it("agrees on new keys; the old session sends until the new one is open, then only receives", () => {
    const { room, ada, bo } = openPair(40)
    const old = ada.session
    const again = room.reload(bo)
    const sessions = new Set<string | undefined>()
    while (room.pending.length > 0) {
      sessions.add(ada.session)
      room.deliver(room.pending.shift() as never)
    }
    expect([...sessions][0]).toBe(old)
    expect(ada.session).not.toBe(old)
    expect(ada.session).toBe(again.session)
    const phases = ada.state.parties[0]?.link.sessions.map(({ phase }) => phase)
    expect(phases).toEqual(["retired", "established"])
    ada.take({ type: "send", body: "welcome back" })
    room.settle()
    expect(again.texts).toEqual(["welcome back"])
  })

  it("may come as often as it likes, from both sides", () => {
    let { room, ada, bo } = openPair(41)
    for (let i = 0; i < 6; i++) {
      if (i % 2 === 0) ada = room.reload(ada)
      else bo = room.reload(bo)
      room.pass(seconds(6))
      expect(ada.session).toBeDefined()
      expect(ada.session).toBe(bo.session)
    }
  })

  it("does not hide what was lost, nor make a gap of what was not", () => {
    const { room, ada, bo } = openPair(42)
    const say = (from: Member, body: string, lost = false): void => {
      from.take({ type: "send", body })
      if (lost) room.drop()
      else room.settle()
    }
    say(ada, "1")
    say(ada, "2", true)
    say(ada, "3")
    expect(bo.arrived.map(({ body, missing }) => [body, missing])).toEqual([
      ["1", 0],
      ["3", 1],
    ])
    const fresh = room.reload(bo)
    room.settle()
    say(ada, "4")
    say(ada, "5", true)
    say(ada, "6")
    expect(fresh.arrived.map(({ body, missing }) => [body, missing])).toEqual([
      ["4", 0],
      ["6", 1],
    ])
    const adaAgain = room.reload(ada)
    room.settle()
    say(adaAgain, "7")
    expect(fresh.arrived.at(-1)).toMatchObject({ body: "7", missing: 0 })
  })

  it("is not faked by a replayed hello or first message", () => {
    const { room, ada, bo } = openPair(43)
    room.pass(seconds(120))
    const recorded = room.said.map(({ frame }) => frame)
    const before = ada.session
    for (const frame of recorded) for (const member of [ada, bo]) member.hear(frame)
    room.settle()
    room.pass(seconds(120))
    expect(ada.session).toBe(bo.session)
    expect(before).toBeDefined()
    for (const [from, to] of [
      [ada, bo],
      [bo, ada],
    ] as const) {
      from.take({ type: "send", body: "still here" })
      room.settle()
      expect(to.texts).toEqual(["still here"])
    }
  })

  it("after a reset on one side, too", () => {
    const { room, ada, bo } = openPair(44)
    const old = bo.session
    ada.take({ type: "reset" })
    room.settle()
    expect(ada.session).toBeDefined()
    expect(ada.session).toBe(bo.session)
    expect(ada.session).not.toBe(old)
    expect(ada.peer).toBe(bo.account)
  })
})
