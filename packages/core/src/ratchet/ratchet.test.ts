import { describe, expect, it } from "vitest"
import { type Side, pair, refused, stored, turns } from "../../test/support/ratchet-side.ts"
import { EMPTY, concat } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import {
  KEM_MAX_AGE_MS,
  MAX_FORWARD_JUMP,
  MAX_SKIPPED_KEYS,
  SESSION_MAX_MESSAGES,
  SKIPPED_KEY_AGE_MS,
  SKIPPED_KEY_TURNS,
} from "../limits.ts"
import { decodeEnvelope } from "../wire/envelope.ts"
import { canSend, decrypt } from "./ratchet.ts"

const kem = (bytes: Uint8Array): string => {
  const { kemKey, kemCiphertext } = decodeEnvelope(bytes)
  return `${kemKey === undefined ? "" : "offer"}${kemCiphertext === undefined ? "" : "answer"}`
}

describe("a ratchet", () => {
  it("carries messages both ways, many turns", () => {
    const [a, b] = pair()
    turns(a, b, 25)
  })

  it("lets a responder send only after it received", () => {
    const [a, b] = pair()
    expect([canSend(a.state), canSend(b.state)]).toEqual([true, false])
    expect(() => b.send("too early")).toThrow(refused("ERR_STATE"))
  })

  it("opens messages in any order, each once", () => {
    const [a, b] = pair()
    const sent = ["0", "1", "2", "3", "4"].map((text) => a.send(text))
    for (const index of [3, 0, 4, 2, 1]) expect(b.receive(sent[index] ?? EMPTY)).toBe(String(index))
    for (const bytes of sent) b.refuses(bytes, "ERR_DUPLICATE")
  })

  it("opens a late message of a finished chain, and causes no new chain by it", () => {
    const [a, b] = pair()
    turns(a, b, 1)
    const late = a.send("late")
    b.receive(a.send("next"))
    const answer = b.send("answer")
    a.receive(answer)
    b.receive(a.send("newer chain"))
    expect(b.receive(late)).toBe("late")
    b.refuses(late, "ERR_DUPLICATE")
    turns(b, a, 2)
  })

  it("keeps the keys of what was not heard of a finished chain, as far as the next one says it went", () => {
    const [a, b] = pair()
    turns(a, b, 1)
    const chain = ["0", "1", "2", "3"].map((text) => a.send(text))
    expect(b.receive(chain[1] ?? EMPTY)).toBe("1")
    expect(a.receive(b.send("answer"))).toBe("answer")
    expect(b.receive(a.send("next chain"))).toBe("next chain")
    b.state = stored.decode(stored.encode(b.state))
    expect(b.state.skipped.map(({ count }) => count)).toEqual([0, 2, 3])
    for (const at of [3, 0, 2]) expect(b.receive(chain[at] ?? EMPTY)).toBe(`${at}`)
    b.refuses(chain[2] ?? EMPTY, "ERR_DUPLICATE")
    expect(b.state.skipped).toEqual([])
  })

  it("[B13] changes nothing on a thousand broken messages, and opens the genuine one", () => {
    const [a, b] = pair()
    turns(a, b, 1)
    const good = a.send("good")
    const before = b.bytes()
    for (let i = 0; i < 1000; i++) {
      const bad = good.slice()
      const at = bad.length - 1 - (i % 60)
      bad[at] = (bad[at] ?? 0) ^ (1 + (i % 255))
      expect(() => b.receive(bad)).toThrow(refused("ERR_AUTHENTICATION"))
    }
    expect(b.bytes()).toBe(before)
    expect(b.receive(good)).toBe("good")
  })

  it("[B1] refuses every flipped bit of header and token", () => {
    const [a, b] = pair()
    turns(a, b, 9)
    const good = a.send("good")
    for (let at = 19; at < good.length; at++) {
      const bad = good.slice()
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8))
      const before = b.bytes()
      expect(() => b.receive(bad)).toThrow(refused(expect.stringMatching(/^ERR_/)))
      expect(b.bytes()).toBe(before)
    }
    expect(b.receive(good)).toBe("good")
  })

  it("[B2] refuses a tag cut to any length, extended or missing", () => {
    const [a, b] = pair()
    const good = a.send("good")
    const { header } = decodeEnvelope(good)
    for (let cut = 1; cut <= 32; cut++) b.refuses(good.subarray(0, good.length - cut), "ERR_AUTHENTICATION")
    b.refuses(concat(good, Uint8Array.of(0)), "ERR_AUTHENTICATION")
    b.refuses(header, "ERR_AUTHENTICATION")
    expect(b.receive(good)).toBe("good")
  })

  it("[A4] refuses its own message sent back", () => {
    const [a, b] = pair()
    turns(a, b, 2)
    a.refuses(a.send("mine"), "ERR_AUTHENTICATION")
  })
})

describe("the limits of a ratchet", () => {
  const withCounter = (bytes: Bytes, offset: number, value: number): Bytes => {
    const changed = bytes.slice()
    new DataView(changed.buffer).setUint32(offset, value)
    return changed
  }
  it("[B12] refuse a counter beyond the jump without deriving, at its exact edge", () => {
    const [a, b] = pair()
    const bytes = a.send("x")
    b.receive(bytes)
    const reached = 1
    for (const far of [reached + MAX_FORWARD_JUMP + 1, 2 ** 31, 2 ** 32 - 1])
      b.refuses(withCounter(bytes, 55, far), "ERR_TOO_FAR")
    b.refuses(withCounter(bytes, 55, reached + MAX_FORWARD_JUMP), "ERR_AUTHENTICATION")
  })

  it("[B12] refuse the last counters, which a peer that jumps on and on would reach", () => {
    const [a, b] = pair()
    b.receive(a.send("x"))
    const last = SESSION_MAX_MESSAGES - 1
    if (a.state.sending === undefined || b.state.receiving === undefined) throw new Error("no chain")
    a.state = { ...a.state, sending: { ...a.state.sending, count: last } }
    b.state = { ...b.state, receiving: { ...b.state.receiving, count: last } }
    expect(b.receive(a.send("last"))).toBe("last")
    b.refuses(a.send("beyond"), "ERR_TOO_FAR")
  })

  it("[A5] refuse a key of low order in mid-ratchet, without a derivation over zeros", () => {
    const [a, b] = pair()
    turns(a, b, 1)
    const bytes = a.send("x")
    const high = new Uint8Array(32)
    high[31] = 0x80
    for (const key of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31)), high]) {
      const changed = bytes.slice()
      changed.set(key, 19)
      b.refuses(changed, "ERR_AUTHENTICATION")
    }
    expect(b.receive(bytes)).toBe("x")
  })

  it("[B12] refuse a forged length of the previous chain", () => {
    const [a, b] = pair()
    turns(a, b, 1)
    const bytes = a.send("x")
    for (const far of [MAX_FORWARD_JUMP + 2, 2 ** 31, 2 ** 32 - 1])
      b.refuses(withCounter(bytes, 51, far), "ERR_TOO_FAR")
    b.refuses(withCounter(bytes, 55, MAX_FORWARD_JUMP + 1), "ERR_TOO_FAR")
  })

  it("[B12] keep at most 2,000 skipped keys, oldest out, and tell too old from duplicate", () => {
    const [a, b] = pair()
    const first = a.send("first")
    const half = MAX_SKIPPED_KEYS / 2
    const kept: Bytes[] = []
    for (let i = 0; i < half; i++) kept.push(a.send(`skipped ${i}`))
    expect(b.receive(a.send("middle"))).toBe("middle")
    for (let i = 0; i < half; i++) kept.push(a.send(`skipped ${half + i}`))
    expect(b.receive(a.send("far"))).toBe("far")
    expect(b.state.skipped).toHaveLength(MAX_SKIPPED_KEYS)
    b.refuses(first, "ERR_TOO_OLD")
    expect(b.receive(kept[0] ?? EMPTY)).toBe("skipped 0")
    b.refuses(kept[0] ?? EMPTY, "ERR_DUPLICATE")
  })

  it("[B12] remember what was dropped as ranges, told apart from what was heard", () => {
    const [a, b] = pair()
    const sent = Array.from({ length: 6 }, (_, i) => a.send(`${i}`))
    for (const heard of [2, 5]) b.receive(sent[heard] ?? EMPTY)
    b.deps.advance(SKIPPED_KEY_AGE_MS + 1)
    b.receive(a.send("later"))
    expect(b.state.chains.at(-1)?.evicted).toEqual([
      [0, 1],
      [3, 4],
    ])
    b.state = stored.decode(stored.encode(b.state))
    for (const at of [0, 1, 3, 4]) b.refuses(sent[at] ?? EMPTY, "ERR_TOO_OLD")
    for (const at of [2, 5]) b.refuses(sent[at] ?? EMPTY, "ERR_DUPLICATE")
  })

  it("are stored with flags that are 0 or 1", () => {
    const bytes = stored.encode(pair()[0].state)
    bytes[0] = 2
    expect(() => stored.decode(bytes)).toThrow(refused("ERR_DECODE"))
  })

  it("let a skipped key go after 30 days, and after five turns of the peer", () => {
    for (const age of [
      (b: Side, _a: Side) => {
        b.deps.advance(SKIPPED_KEY_AGE_MS + 1)
      },
      (b: Side, a: Side) => {
        turns(a, b, SKIPPED_KEY_TURNS)
      },
    ]) {
      const [a, b] = pair()
      turns(a, b, 1)
      const lost = a.send("lost")
      b.receive(a.send("newer"))
      a.receive(b.send("turn"))
      age(b, a)
      b.refuses(lost, "ERR_TOO_OLD")
    }
  })
})

describe("sparse ML-KEM steps", () => {
  it("are offered on the first turn, answered by the next chain, then every eighth turn", () => {
    const [a, b] = pair()
    const seen: string[] = []
    for (let i = 0; i < 20; i++) {
      const out = a.send("x")
      seen.push(kem(out))
      b.receive(out)
      a.receive(b.send("y"))
    }
    expect(seen.filter((fields) => fields.startsWith("offer")).length).toBeGreaterThanOrEqual(2)
    expect(seen[0]).toBe("offer")
    expect(seen.slice(2, 8).join("")).toBe("")
    expect(seen[8]).toContain("offer")
  })

  it("are offered again after a day", () => {
    const [a, b] = pair()
    turns(a, b, 3)
    expect(kem(a.send("x"))).toBe("")
    b.receive(a.send("x"))
    a.receive(b.send("y"))
    a.deps.advance(KEM_MAX_AGE_MS)
    expect(kem(a.send("x"))).toBe("offer")
  })

  it("[A8] that fail the modulus check are refused with their message: they would stop our next send", () => {
    const [a, b] = pair()
    const state = a.state
    a.send("the chain is made, nothing leaves")
    const { sending } = a.state
    if (sending === undefined) throw new Error("no chain")
    a.state = { ...a.state, sending: { ...sending, kemKey: new Uint8Array(1184).fill(0xff) } }
    b.refuses(a.send("spoiled"), "ERR_AUTHENTICATION")
    a.state = state
    expect(b.receive(a.send("genuine"))).toBe("genuine")
    expect(a.receive(b.send("answer"))).toBe("answer")
  })

  it("ride on every message of their chain, so that losing the first changes nothing", () => {
    const [a, b] = pair()
    const lost = a.send("lost")
    const kept = a.send("kept")
    expect([kem(lost), kem(kept)]).toEqual(["offer", "offer"])
    expect(b.receive(kept)).toBe("kept")
    expect(kem(b.send("answer"))).toContain("answer")
  })

  it("refuse a missing and an unexpected answer", () => {
    const [a, b] = pair()
    b.receive(a.send("x"))
    const answer = b.send("y")
    const stripped = { ...decodeEnvelope(answer), kemCiphertext: undefined }
    expect(() => decrypt(a.state, stripped, a.deps)).toThrow(refused("ERR_AUTHENTICATION"))
    const { kemCiphertext } = decodeEnvelope(answer)
    a.receive(answer)
    turns(a, b, 3)
    const plain = { ...decodeEnvelope(a.send("z")), kemCiphertext }
    expect(() => decrypt(b.state, plain, b.deps)).toThrow(refused("ERR_AUTHENTICATION"))
  })

  it("keep at most one key outstanding, gone in the step that uses it", () => {
    const [a, b] = pair()
    b.receive(a.send("x"))
    expect(a.state.ownKemSecret).toBeDefined()
    a.receive(b.send("y"))
    expect(a.state.ownKemSecret).toBeUndefined()
  })
})
