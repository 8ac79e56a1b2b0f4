import { describe, expect, it } from "vitest"
import { RoomWorld, openPair } from "../../test/channel/room-world.ts"
import { MAX_ARCHIVED_SESSIONS, MAX_CHANNEL_PARTIES } from "../limits.ts"

const seconds = (count: number): number => 1_000 * count

describe("a channel that is open, or waits, for a long time", () => {
  it("remembers of a peer that reloads on and on only the sessions it still has", () => {
    const { room, ...both } = openPair(71)
    let { bo } = both
    for (let i = 0; i < 12; i++) {
      bo = room.reload(bo)
      room.pass(seconds(6))
    }
    const [party] = both.ada.state.parties
    expect(both.ada.session).toBe(bo.session)
    const sessions = party?.link.sessions.length ?? 0
    expect(sessions).toBe(MAX_ARCHIVED_SESSIONS + 1)
    // The note of the session that went last goes with the next one.
    expect(party?.notes.size).toBe(sessions + 1)
  })

  it("remembers few of the strangers that say hello and never answer", () => {
    const room = new RoomWorld(72)
    const ada = room.enter({ role: "initiator" })
    const strangers = MAX_CHANNEL_PARTIES + 4
    for (let i = 0; i < strangers; i++) {
      ada.hear(
        new RoomWorld(100 + i).enter({ role: "responder" }).state.own[0]?.hello.bytes ?? new Uint8Array(),
      )
      room.pass(seconds(6), () => room.drop())
    }
    expect(ada.state.parties).toHaveLength(MAX_CHANNEL_PARTIES)
    const bo = room.enter()
    room.pass(seconds(6))
    expect([ada.peer, bo.peer]).toEqual([bo.account, ada.account])
  })
})
