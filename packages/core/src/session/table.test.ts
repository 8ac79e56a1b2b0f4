/** The session table: what every input does in every phase. Printed, so that a reader sees the machine whole. */
import { describe, expect, it } from "vitest"
import { Party, textPayload } from "../../test/support/party.ts"
import { EMPTY } from "../bytes/concat.ts"
import { SecureChatError } from "../errors.ts"
import { generatePrekey } from "../identity/prekeys.ts"
import { SESSION_MAX_AGE_MS } from "../limits.ts"
import { decodeEnvelope } from "../wire/envelope.ts"
import type { Bundle, Prekey } from "../wire/prekey.ts"
import type { Input } from "./input.ts"
import { type LinkPhase, phaseOf } from "./state.ts"
import { transition } from "./transition.ts"

const PHASES = ["idle", "requested", "unconfirmed", "established", "failed", "expired"] as const

/** Alice in a phase, with Bob who can write to her. */
const inPhase = (phase: LinkPhase): readonly [Party, Party] => {
  const [alice, bob] = [new Party(61), new Party(62)]
  if (phase === "requested") alice.step({ type: "start" })
  if (phase === "failed") alice.step({ type: "refused", reason: "handshake-failed" })
  if (phase === "unconfirmed") alice.begin(bob.bundle())
  if (phase === "established" || phase === "expired") {
    bob.begin(alice.bundle())
    alice.receive(bob.sendText("hello"))
  }
  if (phase === "expired") {
    alice.deps.advance(SESSION_MAX_AGE_MS)
    alice.step({ type: "tick" })
  }
  expect(phaseOf(alice.link)).toBe(phase)
  return [alice, bob]
}

const INPUTS: Readonly<Record<Input["type"], (alice: Party, bob: Party) => Input>> = {
  start: () => ({ type: "start" }),
  bundle: (alice, bob) => {
    const source = { mode: "stored" } as const
    return { type: "bundle", own: alice.own, bundle: freshBundle(alice, bob), context: EMPTY, source }
  },
  refused: () => ({ type: "refused", reason: "no-session" }),
  send: (alice) => ({ type: "send", own: alice.own, payload: textPayload("x"), commitKey: undefined }),
  signal: () => ({ type: "signal", payload: { kind: "typing", meta: EMPTY, content: EMPTY } }),
  receive: (alice, bob) => {
    if (phaseOf(bob.link) === "idle") bob.begin(alice.bundle())
    const envelope = decodeEnvelope(bob.sendText("y"))
    return { type: "receive", own: alice.own, envelope, first: alice.firstContext(envelope) }
  },
  tick: () => ({ type: "tick" }),
  reset: () => ({ type: "reset" }),
}

/** Prekeys of today: those of the party are as old as its test. */
const freshBundle = (alice: Party, bob: Party): Bundle => {
  bob.deps.advance(alice.deps.nowMs() - bob.deps.nowMs())
  const made = (kind: "spk" | "pqopk"): Prekey => generatePrekey(bob.own, kind, undefined, bob.deps).statement
  return { ...bob.bundle(), opk: undefined, spk: made("spk"), pq: made("pqopk") }
}

/** The next phase and the effects, or the code of the refusal. */
const outcome = (phase: LinkPhase, input: Input["type"]): string => {
  const [alice, bob] = inPhase(phase)
  const before = alice.stored()
  try {
    const [next, effects] = transition(alice.link, INPUTS[input](alice, bob), alice.deps)
    return [phaseOf(next), ...effects.map((effect) => effect.type)].join(" ")
  } catch (error) {
    if (!SecureChatError.is(error)) throw error
    expect(alice.stored()).toBe(before)
    return error.code
  }
}

const RECEIVED = "established spend session opened"
const TABLE: Readonly<Record<LinkPhase, Readonly<Record<Input["type"], string>>>> = {
  idle: {
    start: "requested claim",
    bundle: "unconfirmed session",
    refused: "failed",
    send: "ERR_NO_SESSION",
    signal: "ERR_STATE",
    receive: RECEIVED,
    tick: "idle",
    reset: "idle",
  },
  requested: {
    start: "requested",
    bundle: "unconfirmed session",
    refused: "failed",
    send: "ERR_NO_SESSION",
    signal: "ERR_STATE",
    receive: RECEIVED,
    tick: "requested",
    reset: "idle",
  },
  unconfirmed: {
    start: "unconfirmed claim",
    bundle: "unconfirmed session",
    refused: "unconfirmed",
    send: "unconfirmed transmit",
    signal: "ERR_STATE",
    receive: RECEIVED,
    tick: "unconfirmed",
    reset: "idle",
  },
  established: {
    start: "established claim",
    bundle: "unconfirmed session",
    refused: "established",
    send: "established transmit",
    signal: "ERR_STATE",
    receive: "established opened",
    tick: "established",
    reset: "idle",
  },
  failed: {
    start: "requested claim",
    bundle: "unconfirmed session",
    refused: "failed",
    send: "ERR_NO_SESSION",
    signal: "ERR_STATE",
    receive: RECEIVED,
    tick: "failed",
    reset: "idle",
  },
  expired: {
    start: "requested claim",
    bundle: "unconfirmed session",
    refused: "failed",
    send: "ERR_NO_SESSION",
    signal: "ERR_STATE",
    receive: "expired opened",
    tick: "expired",
    reset: "idle",
  },
}

describe("the session table", () => {
  for (const phase of PHASES)
    for (const input of Object.keys(INPUTS) as Input["type"][])
      it(`in ${phase}, ${input} gives ${TABLE[phase][input]}`, () => {
        expect(outcome(phase, input)).toBe(TABLE[phase][input])
      })

  it("is hit in every cell, and printed", () => {
    const cells = PHASES.flatMap((phase) =>
      Object.entries(TABLE[phase]).map((cell) => [phase, ...cell] as const),
    )
    expect(cells).toHaveLength(PHASES.length * Object.keys(INPUTS).length)
    process.stdout.write(`${cells.map((cell) => cell.join(" · ")).join("\n")}\n`)
  })
})
