import { toHex } from "../bytes/text.ts"
import { retire } from "../session/retire.ts"
import { describe, expect, it } from "vitest"
import { type Member, RoomWorld, openPair } from "../../test/channel/room-world.ts"

const seconds = (count: number): number => 1_000 * count

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
    const { room, ...both } = openPair(41)
    let { ada, bo } = both
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

  it("[B5] is not faked by a replayed hello or first message", () => {
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

describe("two sessions at once", () => {
  /** Fresh hellos crossed with old ones: two pairs succeed, and no opening retires the other's session. */
  const crossed = (): { readonly room: RoomWorld; readonly ada: Member; readonly bo: Member } => {
    for (let seed = 50; seed < 90; seed++) {
      const room = new RoomWorld(seed)
      const [ada, bo] = [room.enter(), room.enter()]
      room.pass(seconds(31), () => undefined)
      room.settle()
      const standing = [ada, bo].map(
        (member) =>
          member.state.parties[0]?.link.sessions.filter(({ phase }) => phase === "established").length,
      )
      if (standing.every((count) => count === 2)) return { room, ada, bo }
    }
    throw new Error("no seed crosses them")
  }

  it("send on the smaller one on both sides", () => {
    const { room, ada, bo } = crossed()
    expect(ada.session).toBe(bo.session)
    ada.take({ type: "send", body: "one" })
    room.settle()
    expect(bo.texts).toEqual(["one"])
  })

  it("meet again on one where only one side had retired the smaller", () => {
    const { room, ada, bo } = crossed()
    const [party] = ada.state.parties
    const smaller = party?.link.sessions.find(({ id }) => toHex(id) === ada.session)
    if (party === undefined || smaller === undefined) throw new Error("no session")
    ada.state = {
      ...ada.state,
      parties: [{ ...party, link: retire(party.link, smaller.id, room.deps.nowMs()) }],
    }
    expect(ada.session).not.toBe(bo.session)
    for (const from of [bo, ada, bo]) {
      from.take({ type: "send", body: "ping" })
      room.settle()
    }
    expect(ada.session).toBe(bo.session)
    expect([ada.texts.length, bo.texts.length]).toEqual([2, 1])
  })
})
