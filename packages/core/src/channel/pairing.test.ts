import { describe, expect, it } from "vitest"
import { openPair } from "../../test/channel/room-world.ts"

describe("a pair in an echoing room", () => {
  it("opens on both sides with one session, and carries messages both ways", () => {
    const { room, ada, bo } = openPair(1)
    expect(ada.peer).toBe(bo.account)
    expect(bo.peer).toBe(ada.account)
    expect(ada.session).toBe(bo.session)
    ada.take({ type: "send", body: "hi" })
    bo.take({ type: "send", body: Uint8Array.of(1, 2) })
    room.settle()
    expect(bo.texts).toEqual(["hi"])
    expect(ada.texts).toEqual([Uint8Array.of(1, 2)])
    expect(ada.strangers).toEqual([])
  })
})
