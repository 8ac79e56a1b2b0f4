import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { pair, refused, stored, turns } from "../../test/support/ratchet-side.ts"
import type { Bytes } from "../deps.ts"
import { SKIPPED_KEY_TURNS } from "../limits.ts"
import { x25519 } from "#primitives"
import { decodeEnvelope } from "../wire/envelope.ts"
import { decrypt } from "./ratchet.ts"
import { rootStep } from "./root.ts"

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

  it("opens nothing new to who also breaks X25519, once an ML-KEM step went by", () => {
    const [a, b] = pair()
    turns(a, b, 1)
    const stolen = stored.decode(stored.encode(a.state))
    // Play on until b offers a KEM key after the theft and a's next chain answers it.
    let answer: Uint8Array = a.send("x")
    for (let i = 0; i < 12 && decodeEnvelope(answer).kemCiphertext === undefined; i++) {
      b.receive(answer)
      a.receive(b.send("y"))
      answer = a.send("x")
    }
    const { kemCiphertext } = decodeEnvelope(answer)
    expect(kemCiphertext).toBeDefined()
    // All agreements given away, the step without the KEM secret leads elsewhere than a's real root key.
    const [own, remote] = [a.state.own, a.state.remoteKey]
    if (own === undefined || remote === undefined) throw new Error("no keys")
    const agreement = x25519(own.secret.expose(), remote)
    const guess = rootStep(stolen.rootKey, agreement, undefined)
    expect(guess.rootKey.expose()).not.toEqual(a.state.rootKey.expose())
    const thief = { ...stolen, rootKey: guess.rootKey }
    expect(() => decrypt(thief, decodeEnvelope(answer), a.deps)).toThrow(refused("ERR_AUTHENTICATION"))
    expect(b.receive(answer)).toBe("x")
  })

  it("holds no skipped key for ever: they age out with turns", () => {
    const [a, b] = pair()
    turns(a, b, 1)
    a.send("never arrives")
    turns(a, b, 1)
    expect(b.state.skipped).toHaveLength(1)
    turns(a, b, SKIPPED_KEY_TURNS)
    expect(b.state.skipped).toHaveLength(0)
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
