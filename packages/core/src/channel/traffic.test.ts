import { describe, expect, it } from "vitest"
import { type Member, openPair } from "../../test/channel/room-world.ts"

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
