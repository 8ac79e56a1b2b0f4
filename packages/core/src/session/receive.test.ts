import { describe, expect, it } from "vitest"
import { Party, openedTexts } from "../../test/support/party.ts"
import { EMPTY } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { SKIPPED_KEY_AGE_MS } from "../limits.ts"
import { decodeEnvelope } from "../wire/envelope.ts"
import { linkCodec } from "./codec.ts"
import type { FirstMessageContext } from "./input.ts"
import { emptyLink } from "./state.ts"
import { transition } from "./transition.ts"

const code = (name: string): object => expect.objectContaining({ code: name }) as object
const pair = (): readonly [Party, Party] => [new Party(61), new Party(62)]
const flipped = (bytes: Bytes, at: number): Bytes => {
  const changed = bytes.slice()
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}
const phases = (party: Party): readonly string[] => party.link.sessions.map((session) => session.phase)

describe("a first message", () => {
  it("that a later one replaced is retired when it comes at last", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    const late = alice.sendText("late")
    alice.begin(bob.bundle())
    expect(openedTexts(bob.receive(alice.sendText("first")))).toEqual(["first"])
    expect(openedTexts(bob.receive(late))).toEqual(["late"])
    expect(phases(bob)).toEqual(["established", "retired"])
    expect(openedTexts(alice.receive(bob.sendText("on the newer one")))).toEqual(["on the newer one"])
  })

  it("is refused, with nothing changed, when it names another session or other keys than it leads to", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    const good = alice.sendText("hi")
    const envelope = decodeEnvelope(good)
    const first = bob.firstContext(envelope)
    if (first === undefined) throw new Error("no block")
    const refusals: readonly (readonly [Partial<FirstMessageContext> | undefined, string])[] = [
      [{ keys: undefined }, "ERR_NO_SESSION"],
      [{ replayed: true }, "ERR_DUPLICATE"],
      [{ ownListHash: undefined }, "ERR_HANDSHAKE_FAILED"],
      [undefined, "ERR_NO_SESSION"],
    ]
    for (const [change, name] of refusals) {
      const context = change === undefined ? undefined : { ...first, ...change }
      const input = { type: "receive", own: bob.own, envelope, first: context } as const
      expect(() => transition(bob.link, input, bob.deps)).toThrow(code(name))
    }
    const before = bob.stored()
    expect(() => bob.receive(flipped(good, 3))).toThrow(code("ERR_HANDSHAKE_FAILED"))
    expect(bob.stored()).toBe(before)
    expect(openedTexts(bob.receive(good))).toEqual(["hi"])
  })

  it("[A9] of a known session with another block is a duplicate", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    bob.receive(alice.sendText("one"))
    const two = alice.sendText("two")
    const { handshake } = decodeEnvelope(two)
    if (handshake === undefined) throw new Error("no block")
    const before = bob.stored()
    const lastOfBlock = 59 + handshake.bytes.length - 1
    expect(() => bob.receive(flipped(two, lastOfBlock))).toThrow(code("ERR_DUPLICATE"))
    expect(bob.stored()).toBe(before)
    expect(openedTexts(bob.receive(two))).toEqual(["two"])
  })
})

describe("a message or signal", () => {
  it("[B10] of no session is refused as such", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    bob.receive(alice.sendText("hi"))
    alice.receive(bob.sendText("hello"))
    const typing = { kind: "typing", meta: EMPTY, content: EMPTY } as const
    const [signal] = alice.step({ type: "signal", payload: typing })
    if (signal?.type !== "transmit-signal") throw new Error("no signal")
    const message = alice.sendText("who?")
    bob.step({ type: "reset" })
    for (const bytes of [message, signal.envelope])
      expect(() => bob.receive(bytes)).toThrow(code("ERR_NO_SESSION"))
  })

  it("tells how many skipped keys went with it", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    bob.receive(alice.sendText("hi"))
    alice.sendText("lost")
    bob.receive(alice.sendText("heard"))
    bob.deps.advance(SKIPPED_KEY_AGE_MS + 1)
    expect(bob.receive(alice.sendText("later"))).toMatchObject([
      { type: "evicted", count: 1 },
      { type: "opened" },
    ])
  })
})

describe("a stored link", () => {
  it("comes back as it was in every phase, and in no other version", () => {
    const [alice, bob] = pair()
    const there = (party: Party): void => {
      const before = party.stored()
      party.restart()
      expect(party.stored()).toBe(before)
    }
    alice.begin(bob.bundle())
    there(alice)
    alice.step({ type: "refused", reason: "handshake-failed" })
    there(alice)
    alice.step({ type: "start" })
    there(alice)
    alice.begin(bob.bundle())
    bob.receive(alice.sendText("hi"))
    for (const party of [alice, bob]) there(party)
    const bytes = linkCodec.encode(emptyLink)
    for (const [version, name] of [
      [0, "ERR_DECODE"],
      [2, "ERR_STORE_TOO_NEW"],
    ] as const) {
      const other = bytes.slice()
      other[0] = version
      expect(() => linkCodec.decode(other)).toThrow(code(name))
    }
    const phase = linkCodec.encode(alice.link)
    phase[2] = 9
    expect(() => linkCodec.decode(phase)).toThrow(code("ERR_DECODE"))
  })
})
