import { describe, expect, it } from "vitest"
import { RoomWorld } from "../../test/channel/room-world.ts"
import { concat } from "../bytes/concat.ts"
import { createIdentity } from "../identity/keys.ts"
import { helloCodec } from "../wire/channel.ts"
import { peekType } from "../wire/envelope.ts"
import { ENVELOPE_TYPE } from "../wire/tags.ts"

const isHello = (frame: Uint8Array): boolean => peekType(frame) === ENVELOPE_TYPE.hello
const isFirst = (frame: Uint8Array): boolean => peekType(frame) === ENVELOPE_TYPE.first
const nonceOf = (frame: Uint8Array): Uint8Array => helloCodec.decode(frame).nonce

const seconds = (count: number): number => 1_000 * count

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

  it("[A12] whose suites were stripped leads nowhere, and the genuine one opens all the same", () => {
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
