/** Rows B of the attack catalogue that need no relay: the machine alone, with its state compared after each refusal. */
import { describe, expect, it } from "vitest"
import { EMPTY } from "../../src/bytes/concat.ts"
import { toHex } from "../../src/bytes/text.ts"
import type { Bytes } from "../../src/deps.ts"
import { randomWith } from "../../src/deps.ts"
import { SecureChatError } from "../../src/errors.ts"
import { encodePayload } from "../../src/session/payload.ts"
import { secret } from "../../src/bytes/secret.ts"
import { encrypt } from "../../src/ratchet/ratchet.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import { Party, openedTexts, textPayload } from "../support/party.ts"
import { refused } from "../support/ratchet-side.ts"
import { Seeded } from "../support/seeded.ts"

const greeted = (seed = 1): readonly [Party, Party] => {
  const [alice, bob] = [new Party(seed), new Party(seed + 1)]
  alice.begin(bob.bundle())
  bob.receive(alice.sendText("hi"))
  alice.receive(bob.sendText("hello"))
  return [alice, bob]
}
const untouched = (party: Party, bytes: Uint8Array): SecureChatError => {
  const before = party.stored()
  let caught: unknown
  try {
    party.receive(bytes)
  } catch (error) {
    caught = error
  }
  if (!SecureChatError.is(caught)) throw new Error("it was accepted", { cause: caught })
  expect(party.stored()).toBe(before)
  return caught
}

describe("messages under attack", () => {
  it("[B1] every bit of every field of a first message is covered", () => {
    const [alice, bob] = [new Party(1), new Party(2)]
    alice.begin(bob.bundle())
    const first = alice.sendText("hi")
    for (let at = 0; at < first.length; at += 3) {
      const changed = first.slice()
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      untouched(bob, changed)
    }
    expect(openedTexts(bob.receive(first))).toEqual(["hi"])
  })

  it("[B4] a ciphertext opens under its own session, sender and type only", () => {
    const [alice, bob] = greeted(1)
    const [carol, dave] = greeted(11)
    const [toBob, toDave] = [alice.sendText("to bob"), carol.sendText("to dave")]
    untouched(dave, toBob)
    untouched(bob, toDave)
    untouched(alice, toBob)
    const swapped = toBob.slice()
    swapped.set(toDave.subarray(3, 19), 3)
    untouched(dave, swapped)
    untouched(bob, swapped)
    const asSignal = toBob.slice()
    asSignal[1] = 4
    untouched(bob, asSignal)
    expect(openedTexts(bob.receive(toBob))).toEqual(["to bob"])
    expect(openedTexts(dave.receive(toDave))).toEqual(["to dave"])
  })

  it("[B5] recorded traffic played again shows nothing, however old and after a restart", () => {
    const [alice, bob] = greeted()
    const recorded: Bytes[] = []
    for (let i = 0; i < 300; i++) {
      const bytes = alice.sendText(`m${i}`)
      recorded.push(bytes)
      expect(openedTexts(bob.receive(bytes))).toEqual([`m${i}`])
      if (i % 7 === 0) alice.receive(bob.sendText("turn"))
    }
    bob.restart()
    for (const bytes of recorded) untouched(bob, bytes)
    expect(openedTexts(bob.receive(alice.sendText("news")))).toEqual(["news"])
  })

  it("[B6] two hundred messages in any order all open, each once, each naming its place", () => {
    const [alice, bob] = greeted()
    const random = new Seeded(9)
    const sent = Array.from({ length: 200 }, (_, i) => ({ text: `m${i}`, bytes: alice.sendText(`m${i}`) }))
    const order = sent.map((message) => ({ message, key: random.u32() })).toSorted((a, b) => a.key - b.key)
    const counts: number[] = []
    for (const { message } of order) {
      const effects = bob.receive(message.bytes)
      expect(openedTexts(effects)).toEqual([message.text])
      for (const effect of effects) if (effect.type === "opened") counts.push(effect.count)
    }
    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i))
  })

  it("[B10] a signal, a receipt or a message without a session is refused", () => {
    const [alice, bob] = greeted()
    const stranger = new Party(31)
    for (const bytes of [alice.sendText("x"), signalOf(alice)]) untouched(stranger, bytes)
    expect(bob.link.sessions).toHaveLength(1)
  })

  it("[B14] a generator that repeats one byte stops the client", () => {
    const stuck = (): Bytes =>
      randomWith((block) => {
        block.fill(7)
      }, 32)
    expect(stuck).toThrow(refused("ERR_RUNTIME_UNSUPPORTED"))
  })

  it("[B14] frozen randomness repeats no ciphertext block over different messages", () => {
    const [alice, bob] = greeted()
    const frozen = { nowMs: alice.deps.nowMs, random: (length: number) => new Seeded(5).bytes(length) }
    const blocks = new Set<string>()
    let state = alice.link.sessions[0]?.ratchet
    let count = 0
    for (let i = 0; i < 50 && state !== undefined; i++) {
      const payload = encodePayload(textPayload("the same text"), secret(new Uint8Array(32)))
      const sessionId = new Uint8Array(16)
      const [next, bytes] = encrypt(
        state,
        { sessionId, handshake: undefined, commitment: undefined, payload },
        frozen,
      )
      state = next
      const { token } = decodeEnvelope(bytes)
      for (let at = 25; at + 16 <= token.length - 32; at += 16) {
        blocks.add(toHex(token.subarray(at, at + 16)))
        count++
      }
    }
    expect(blocks.size).toBe(count)
    expect(bob.link.sessions).toHaveLength(1)
  })

  it("[B14] ten thousand seals repeat no IV", () => {
    const [alice] = greeted()
    const seen = new Set<string>()
    for (let i = 0; i < 10_000; i++)
      seen.add(toHex(decodeEnvelope(alice.sendText("x")).token.subarray(9, 25)))
    expect(seen.size).toBe(10_000)
  })

  it("[B15] whatever fails to open fails in the same words, first byte or last, MAC or padding", () => {
    const [alice, bob] = greeted()
    const good = alice.sendText("good")
    const words = new Set<string>()
    for (const at of [good.length - 32, good.length - 1, good.length - 40, good.length - 100]) {
      const bad = good.slice()
      bad[at] = (bad[at] ?? 0) ^ 1
      words.add(JSON.stringify(untouched(bob, bad)))
    }
    expect(words.size).toBe(1)
  })

  it("[B16] a receiver whose clock is a year off opens the same messages in the same order", () => {
    for (const off of [-365, 365]) {
      const [alice, bob] = greeted()
      bob.deps.advance(off * 86_400_000)
      const [one, two] = [alice.sendText("1"), alice.sendText("2")]
      expect(openedTexts(bob.receive(two))).toEqual(["2"])
      expect(openedTexts(bob.receive(one))).toEqual(["1"])
    }
  })

  it("[B16] every token of a session carries time 0, and another time is refused", () => {
    const [alice, bob] = greeted()
    const good = alice.sendText("x")
    const { header, token } = decodeEnvelope(good)
    expect(token.subarray(1, 9)).toEqual(new Uint8Array(8))
    const late = good.slice()
    late[header.length + 8] = 1
    expect(untouched(bob, late).code).toBe("ERR_AUTHENTICATION")
  })

  it("[B17] texts of one length class have one length on the wire", () => {
    const [alice] = greeted()
    const lengths = ["", "a", "x".repeat(60), "x".repeat(100)].map((text) => alice.sendText(text).length)
    expect(new Set(lengths).size).toBe(1)
    expect(alice.sendText("x".repeat(400)).length).toBeGreaterThan(lengths[0] ?? 0)
  })

  it("[B20] ten thousand forgeries in one peer's name reset nothing and spend nothing", () => {
    const [alice, bob] = greeted()
    const random = new Seeded(8)
    const good = alice.sendText("genuine")
    const before = [bob.stored(), bob.prekeys.size]
    const codes = new Set<string>()
    for (let i = 0; i < 10_000; i++) {
      const bad = good.slice()
      bad.set(random.bytes(16), bad.length - 48)
      try {
        bob.receive(bad)
        codes.add("accepted")
      } catch (error) {
        codes.add(SecureChatError.is(error) ? error.code : "untyped")
      }
    }
    expect([...codes]).toEqual(["ERR_AUTHENTICATION"])
    expect([bob.stored(), bob.prekeys.size]).toEqual(before)
    expect(openedTexts(bob.receive(good))).toEqual(["genuine"])
  }, 120_000)
})

const signalOf = (party: Party): Bytes => {
  const payload = { kind: "typing", meta: EMPTY, content: EMPTY } as const
  for (const effect of party.step({ type: "signal", payload }))
    if (effect.type === "transmit-signal") return effect.envelope
  throw new Error("no signal")
}
