import { describe, expect, it } from "vitest"
import { ID, type Side, pair, refused, stored, turns } from "../../test/support/ratchet-side.ts"
import { EMPTY } from "../bytes/concat.ts"
import { fromUtf8, utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { SESSION_MAX_MESSAGES } from "../limits.ts"
import { decodeEnvelope } from "../wire/envelope.ts"
import { openSignal, sealSignal } from "./signal.ts"

describe("a signal", () => {
  const seal = (side: Side): { envelope: Bytes; store: boolean } => {
    const [next, sealed] = sealSignal(side.state, ID, utf8("typing"), side.deps)
    side.state = next
    return sealed
  }
  const open = (side: Side, bytes: Uint8Array): string => {
    const [next, opened] = openSignal(side.state, decodeEnvelope(bytes))
    side.state = next
    return fromUtf8(opened.payload)
  }
  const ready = (): readonly [Side, Side] => {
    const [a, b] = pair()
    turns(a, b, 1)
    b.receive(a.send("open my chain"))
    return [a, b]
  }
  it("takes no number of the ratchet", () => {
    const [a, b] = ready()
    const { sending, ...rest } = a.state
    expect(open(b, seal(a).envelope)).toBe("typing")
    expect(a.state).toMatchObject(rest)
    expect(a.state.sending?.count).toBe(sending?.count)
  })

  it("is taken once, inside a window of 64", () => {
    const [a, b] = ready()
    const sent = Array.from({ length: 70 }, () => seal(a).envelope)
    for (const bytes of [...sent.slice(6)].reverse()) expect(open(b, bytes)).toBe("typing")
    for (const bytes of sent) expect(() => open(b, bytes)).toThrow(refused("ERR_DUPLICATE"))
  })

  it("asks to be stored once per block, and never repeats a counter after a restart", () => {
    const [a, b] = ready()
    const stores = Array.from({ length: 65 }, () => seal(a).store)
    expect(stores.map((store, i) => (store ? i : -1)).filter((i) => i >= 0)).toEqual([0, 64])
    a.state = stored.decode(stored.encode(a.state))
    expect(decodeEnvelope(seal(a).envelope).count).toBe(128)
    open(b, seal(a).envelope)
    const late = seal(a).envelope
    b.state = stored.decode(stored.encode(b.state))
    expect(() => open(b, late)).toThrow(refused("ERR_DUPLICATE"))
  })

  it("[B12] is refused beyond the counters a session has, so that the state can still be stored", () => {
    const [a, b] = ready()
    const at = (signalNext: number): void => {
      const { sending } = a.state
      if (sending === undefined) throw new Error("no chain")
      a.state = { ...a.state, sending: { ...sending, signalNext, signalReserved: 2 ** 32 - 1 } }
    }
    for (const count of [SESSION_MAX_MESSAGES, 2 ** 32 - 1]) {
      at(count)
      const { envelope } = seal(a)
      expect(() => open(b, envelope)).toThrow(refused("ERR_TOO_FAR"))
    }
    at(SESSION_MAX_MESSAGES - 1)
    expect(open(b, seal(a).envelope)).toBe("typing")
    expect(stored.decode(stored.encode(b.state)).receiving?.signalFloor).toBe(SESSION_MAX_MESSAGES)
  })

  it("does not open changed, reflected, or under another chain", () => {
    const [a, b] = ready()
    const { envelope } = seal(a)
    const bad = envelope.slice()
    bad[58] = (bad[58] ?? 0) ^ 1
    expect(() => open(b, bad)).toThrow(refused("ERR_AUTHENTICATION"))
    expect(() => open(a, envelope)).toThrow(refused("ERR_NO_SESSION"))
    turns(b, a, 1)
    b.receive(a.send("new chain"))
    expect(() => open(b, envelope)).toThrow(refused("ERR_NO_SESSION"))
  })

  it("waits for a chain", () => {
    const [a] = pair()
    expect(() => sealSignal(a.state, ID, EMPTY, a.deps)).toThrow(refused("ERR_STATE"))
  })
})
