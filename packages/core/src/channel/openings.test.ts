import { describe, expect, it } from "vitest"
import { type Member, RoomWorld, openPair } from "../../test/channel/room-world.ts"
import { createIdentity } from "../identity/keys.ts"
import { accept, isVerified, verify } from "../identity/trust.ts"
import { decodeEnvelope, peekType } from "../wire/envelope.ts"
import { ENVELOPE_TYPE } from "../wire/tags.ts"

const isFirst = (frame: Uint8Array): boolean => peekType(frame) === ENVELOPE_TYPE.first
/** The state without what counting and remembering offers changes: what a forgery must leave alone. */
const essence = (member: Member): unknown => {
  const { parties, trust, candidate, numbers, own } = member.state
  return { parties, trust, candidate, numbers, own }
}
const seconds = (count: number): number => 1_000 * count

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
