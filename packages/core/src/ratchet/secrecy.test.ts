import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { pair, refused, stored, turns } from "../../test/support/ratchet-side.ts"
import type { Bytes } from "../deps.ts"
import { decodeEnvelope } from "../wire/envelope.ts"
import { decrypt } from "./ratchet.ts"

describe("a seized state", () => {
  it("opens no message that was read, also after skipped and late ones", () => {
    const [a, b] = pair()
    turns(a, b, 2)
    const read: Bytes[] = []
    const [one, two, three] = [a.send("1"), a.send("2"), a.send("3")]
    for (const bytes of [three, one, two]) {
      b.receive(bytes)
      read.push(bytes)
    }
    const seized = stored.decode(stored.encode(b.state))
    for (const bytes of read) expect(() => decrypt(seized, decodeEnvelope(bytes), b.deps)).toThrow()
    expect(seized.skipped).toHaveLength(0)
  })

  it("opens nothing new after a round trip with fresh keys", () => {
    const [a, b] = pair()
    turns(a, b, 1)
    const stolen = stored.decode(stored.encode(b.state))
    turns(a, b, 1)
    const news = a.send("news")
    expect(() => decrypt(stolen, decodeEnvelope(news), b.deps)).toThrow(refused("ERR_AUTHENTICATION"))
    expect(b.receive(news)).toBe("news")
  })

  it("prints no key", () => {
    const [a, b] = pair()
    turns(a, b, 1)
    const printed = inspect(a.state, { depth: 9 }) + JSON.stringify(a.state)
    const key = a.state.rootKey.expose()
    expect(printed).not.toContain(Buffer.from(key).toString("hex"))
    expect(printed).not.toContain([...key].slice(0, 8).join(","))
  })
})
