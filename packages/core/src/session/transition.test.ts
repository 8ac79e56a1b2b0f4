import { describe, expect, it } from "vitest"
import { Party, openedTexts, textPayload } from "../../test/support/party.ts"
import { EMPTY } from "../bytes/concat.ts"
import { secret } from "../bytes/secret.ts"
import { MAX_STANDING_SESSIONS, SESSION_MAX_AGE_MS, SKIPPED_KEY_AGE_MS } from "../limits.ts"
import { encrypt } from "../ratchet/ratchet.ts"
import { encodePayload } from "./payload.ts"
import { phaseOf } from "./state.ts"

const pair = (): readonly [Party, Party] => [new Party(1), new Party(2)]

const greeted = (): readonly [Party, Party] => {
  const [alice, bob] = pair()
  alice.begin(bob.bundle())
  bob.receive(alice.sendText("hi"))
  alice.receive(bob.sendText("hello"))
  return [alice, bob]
}

describe("a link between two devices", () => {
  it("carries a first message and its answer", () => {
    const [alice, bob] = pair()
    expect(phaseOf(alice.link)).toBe("idle")
    alice.begin(bob.bundle())
    expect(phaseOf(alice.link)).toBe("unconfirmed")
    expect(openedTexts(bob.receive(alice.sendText("hi")))).toEqual(["hi"])
    expect(phaseOf(bob.link)).toBe("established")
    expect(openedTexts(alice.receive(bob.sendText("hello")))).toEqual(["hello"])
    expect(phaseOf(alice.link)).toBe("established")
  })

  it("spends the one-time keys of a first message once it is authentic", () => {
    const [alice, bob] = pair()
    const before = bob.prekeys.size
    alice.begin(bob.bundle())
    const effects = bob.receive(alice.sendText("hi"))
    expect(effects.map((effect) => effect.type)).toEqual(["spend", "session", "opened"])
    expect(bob.prekeys.size).toBe(before - 2)
  })

  it("burns no prekey on a broken first message, and opens the good one after it", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    const good = alice.sendText("hi")
    const broken = good.slice()
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
    const before = bob.stored()
    expect(() => bob.receive(broken)).toThrow(expect.objectContaining({ code: "ERR_AUTHENTICATION" }))
    expect(bob.stored()).toBe(before)
    expect(openedTexts(bob.receive(good))).toEqual(["hi"])
  })

  it("repeats the same block until the first reply, and drops it after", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    const [one, two] = [alice.sendText("1"), alice.sendText("2")]
    expect([one[1], two[1]]).toEqual([1, 1])
    expect(openedTexts(bob.receive(two))).toEqual(["2"])
    expect(openedTexts(bob.receive(one))).toEqual(["1"])
    alice.receive(bob.sendText("ok"))
    expect(alice.sendText("3")[1]).toBe(2)
  })

  it("refuses a replayed first message also when its session is forgotten", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    const first = alice.sendText("hi")
    bob.receive(first)
    expect(() => bob.receive(first)).toThrow(expect.objectContaining({ code: "ERR_DUPLICATE" }))
    bob.step({ type: "reset" })
    expect(() => bob.receive(first)).toThrow(expect.objectContaining({ code: "ERR_DUPLICATE" }))
  })

  it("refuses a first message reflected to its author", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    const first = alice.sendText("hi")
    const before = alice.stored()
    expect(() => alice.receive(first)).toThrow(expect.objectContaining({ code: "ERR_AUTHENTICATION" }))
    expect(alice.stored()).toBe(before)
  })

  it("refuses to begin with its own bundle", () => {
    const [alice] = pair()
    expect(() => {
      alice.begin(alice.bundle())
    }).toThrow(expect.objectContaining({ code: "ERR_HANDSHAKE_FAILED" }))
  })

  it("converges on one session when both sides start at once", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    bob.begin(alice.bundle())
    const [toBob, toAlice] = [alice.sendText("a1"), bob.sendText("b1")]
    expect(openedTexts(bob.receive(toBob))).toEqual(["a1"])
    expect(openedTexts(alice.receive(toAlice))).toEqual(["b1"])
    for (let i = 0; i < 3; i++) {
      expect(openedTexts(bob.receive(alice.sendText(`a${i}`)))).toEqual([`a${i}`])
      expect(openedTexts(alice.receive(bob.sendText(`b${i}`)))).toEqual([`b${i}`])
    }
    expect(alice.sendText("x").slice(3, 19)).toEqual(bob.sendText("y").slice(3, 19))
  })

  it("retires the standing session on a new handshake, on both sides, and still reads it", () => {
    const [alice, bob] = greeted()
    const late = bob.sendText("late")
    alice.begin(bob.bundle())
    expect(openedTexts(bob.receive(alice.sendText("again")))).toEqual(["again"])
    expect(bob.link.sessions.map((session) => session.phase)).toEqual(["retired", "established"])
    expect(openedTexts(alice.receive(late))).toEqual(["late"])
    expect(openedTexts(alice.receive(bob.sendText("here")))).toEqual(["here"])
    expect(alice.link.sessions.map((session) => session.phase)).toEqual(["retired", "established"])
  })

  it("goes on after every party restarted from its stored form", () => {
    const [alice, bob] = greeted()
    for (let i = 0; i < 4; i++) {
      alice.restart()
      bob.restart()
      expect(openedTexts(bob.receive(alice.sendText("to bob")))).toEqual(["to bob"])
      expect(openedTexts(alice.receive(bob.sendText("to alice")))).toEqual(["to alice"])
    }
  })

  it("asks for a bundle once, and remembers why there was none", () => {
    const [alice] = pair()
    expect(alice.step({ type: "start" })).toEqual([{ type: "claim" }])
    expect(alice.step({ type: "start" })).toEqual([])
    expect(phaseOf(alice.link)).toBe("requested")
    alice.step({ type: "refused", reason: "handshake-failed" })
    expect(phaseOf(alice.link)).toBe("failed")
    alice.step({ type: "start" })
    expect(phaseOf(alice.link)).toBe("requested")
  })

  it("sends nothing without a session, and no signal as a message", () => {
    const [alice, bob] = pair()
    expect(() => alice.sendText("hi")).toThrow(expect.objectContaining({ code: "ERR_NO_SESSION" }))
    alice.begin(bob.bundle())
    const typing = { kind: "typing", meta: EMPTY, content: EMPTY } as const
    expect(() => alice.send(typing)).toThrow(expect.objectContaining({ code: "ERR_STATE" }))
    expect(() => alice.step({ type: "signal", payload: textPayload("hi") })).toThrow(
      expect.objectContaining({ code: "ERR_STATE" }),
    )
  })

  it("meets the peer again after beginnings whose first messages were all lost", () => {
    const [alice, bob] = greeted()
    alice.begin(bob.bundle())
    const early = alice.sendText("arrives late")
    for (let i = 0; i < 3; i++) {
      alice.begin(bob.bundle())
      alice.sendText("lost")
    }
    const before = alice.stored()
    expect(() => {
      alice.begin(bob.bundle())
    }).toThrow(expect.objectContaining({ code: "ERR_LIMIT" }))
    expect(alice.stored()).toBe(before)
    expect(openedTexts(alice.receive(bob.sendText("still on the old one")))).toEqual(["still on the old one"])
    bob.receive(early)
    bob.receive(alice.sendText("arrives"))
    for (let i = 0; i < 3; i++) {
      expect(openedTexts(alice.receive(bob.sendText(`b${i}`)))).toEqual([`b${i}`])
      expect(openedTexts(bob.receive(alice.sendText(`a${i}`)))).toEqual([`a${i}`])
    }
    expect(alice.sendText("x").slice(3, 19)).toEqual(bob.sendText("y").slice(3, 19))
  })

  it("ends a session by age, and says so", () => {
    const [alice, bob] = greeted()
    alice.deps.advance(SESSION_MAX_AGE_MS)
    expect(() => alice.sendText("too late")).toThrow(expect.objectContaining({ code: "ERR_NO_SESSION" }))
    alice.step({ type: "tick" })
    expect(phaseOf(alice.link)).toBe("expired")
    expect(openedTexts(alice.receive(bob.sendText("still read")))).toEqual(["still read"])
  })

  it("[A22] shows nothing of an authentic message without C_f, or whose C_f does not open, and goes on", () => {
    const [alice, bob] = greeted()
    const [session] = alice.link.sessions
    if (session === undefined) throw new Error("no session")
    const payload = encodePayload(textPayload("hostile"), secret(new Uint8Array(32)))
    const sealed = (commitment: Uint8Array<ArrayBuffer> | undefined): Uint8Array => {
      const hostile = { sessionId: session.id, handshake: undefined, commitment, payload }
      return encrypt(session.ratchet, hostile, alice.deps)[1]
    }
    const [before, bobs] = [bob.stored(), bob.link]
    expect(() => bob.receive(sealed(undefined))).toThrow(
      expect.objectContaining({ code: "ERR_VERSION_UNSUPPORTED" }),
    )
    expect(bob.stored()).toBe(before)
    expect(bob.receive(sealed(new Uint8Array(32)))).toMatchObject([
      { type: "unreadable", code: "ERR_AUTHENTICATION" },
    ])
    bob.link = bobs
    expect(openedTexts(bob.receive(alice.sendText("honest")))).toEqual(["honest"])
  })

  it("[A22] spends no prekey and makes no session for a first message without C_f", () => {
    const [alice, bob] = pair()
    alice.begin(bob.bundle())
    const [session] = alice.link.sessions
    if (session?.phase !== "unconfirmed") throw new Error("no session")
    const payload = encodePayload(textPayload("hostile"), secret(new Uint8Array(32)))
    const unfranked = { sessionId: session.id, handshake: session.block, commitment: undefined, payload }
    const [, bytes] = encrypt(session.ratchet, unfranked, alice.deps)
    const [before, keys] = [bob.stored(), bob.prekeys.size]
    expect(() => bob.receive(bytes)).toThrow(expect.objectContaining({ code: "ERR_VERSION_UNSUPPORTED" }))
    expect([bob.stored(), bob.prekeys.size]).toEqual([before, keys])
    expect(openedTexts(bob.receive(alice.sendText("honest")))).toEqual(["honest"])
  })

  it("[B20] holds few sessions of a peer that begins again and again and replaces none", () => {
    const [mallory, bob] = [new Party(1), new Party(2, 0)]
    for (let i = 0; i < MAX_STANDING_SESSIONS + 4; i++) {
      mallory.step({ type: "reset" })
      mallory.begin(bob.bundle())
      expect(openedTexts(bob.receive(mallory.sendText(`${i}`)))).toEqual([`${i}`])
    }
    const phases = bob.link.sessions.map((session) => session.phase)
    expect(phases.filter((phase) => phase === "established")).toHaveLength(MAX_STANDING_SESSIONS)
    expect(phases.filter((phase) => phase === "retired")).toHaveLength(4)
    expect(openedTexts(bob.receive(mallory.sendText("newest")))).toEqual(["newest"])
    bob.restart()
  })

  it("lets skipped keys of an idle session go with time alone", () => {
    const [alice, bob] = greeted()
    alice.sendText("lost")
    bob.receive(alice.sendText("heard"))
    const skipped = (): number =>
      bob.link.sessions.reduce((sum, { ratchet }) => sum + ratchet.skipped.length, 0)
    bob.deps.advance(SKIPPED_KEY_AGE_MS)
    bob.step({ type: "tick" })
    expect(skipped()).toBe(1)
    bob.deps.advance(1)
    bob.step({ type: "tick" })
    expect(skipped()).toBe(0)
  })

  it("carries signals beside the ratchet, each once, and none after its chain is gone", () => {
    const [alice, bob] = greeted()
    const typing = { kind: "typing", meta: EMPTY, content: Uint8Array.of(0xf5) } as const
    const signal = (): Uint8Array => {
      for (const effect of alice.step({ type: "signal", payload: typing }))
        if (effect.type === "transmit-signal") return effect.envelope
      throw new Error("no signal")
    }
    const [first, second] = [signal(), signal()]
    expect(bob.receive(second)).toMatchObject([{ type: "signalled", payload: { kind: "typing" } }])
    expect(bob.receive(first)).toMatchObject([{ type: "signalled" }])
    expect(() => bob.receive(first)).toThrow(expect.objectContaining({ code: "ERR_DUPLICATE" }))
    bob.restart()
    expect(() => bob.receive(second)).toThrow(expect.objectContaining({ code: "ERR_DUPLICATE" }))
    alice.receive(bob.sendText("turn"))
    bob.receive(alice.sendText("turn"))
    const late = first.slice()
    expect(() => bob.receive(late)).toThrow(expect.objectContaining({ code: "ERR_NO_SESSION" }))
  })
})
