/**
 * Two devices and a hostile network, driven by one seed: loss, reordering, repetition, tampering of every
 * field, restarts from serialized state and new handshakes. The model knows what was sent and says what may
 * be opened; it holds no cryptography of its own.
 */
import { toHex } from "../../src/bytes/text.ts"
import { SecureChatError } from "../../src/errors.ts"
import { SKIPPED_KEY_TURNS } from "../../src/limits.ts"
import { phaseOf } from "../../src/session/state.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import { Party, openedTexts } from "../support/party.ts"
import { Seeded } from "../support/seeded.ts"

type Side = "alice" | "bob"
const other = (side: Side): Side => (side === "alice" ? "bob" : "alice")

interface InFlight {
  readonly text: string
  readonly bytes: Uint8Array
  readonly session: string
  readonly chain: string
}

export interface Outcome {
  readonly sent: number
  readonly opened: number
  readonly refusedForgeries: number
  readonly tooOld: number
  readonly handshakes: number
  readonly actions: Readonly<Record<string, number>>
}

/** A violation of the model, with what replays it. */
class ModelViolation extends Error {}

export class Model {
  readonly #random: Seeded
  readonly #seed: number
  readonly #parties: Readonly<Record<Side, Party>>
  /** In flight to this side. */
  readonly #wire: Record<Side, InFlight[]> = { alice: [], bob: [] }
  readonly #delivered: InFlight[] = []
  readonly #shown: Record<Side, Set<string>> = { alice: new Set(), bob: new Set() }
  /** Texts sent to this side. */
  readonly #sent: Record<Side, Set<string>> = { alice: new Set(), bob: new Set() }
  /** Chains of a session in the order this side first read them. */
  readonly #turns: Record<Side, Map<string, string[]>> = { alice: new Map(), bob: new Map() }
  readonly #counts = { opened: 0, refused: 0, tooOld: 0, handshakes: 0 }
  readonly #actions: Record<string, number> = {}
  #step = 0

  constructor(seed: number) {
    this.#seed = seed
    this.#random = new Seeded(seed)
    this.#parties = { alice: new Party(3 * seed + 1, 4), bob: new Party(3 * seed + 2, 4) }
  }

  run(steps: number): Outcome {
    for (this.#step = 0; this.#step < steps; this.#step++) this.#act()
    this.#drain()
    const sent = this.#sent.alice.size + this.#sent.bob.size
    const { opened, refused, tooOld, handshakes } = this.#counts
    return { sent, opened, refusedForgeries: refused, tooOld, handshakes, actions: this.#actions }
  }

  #violated(what: string): never {
    throw new ModelViolation(`${what} (seed ${this.#seed}, step ${this.#step})`)
  }

  #act(): void {
    const side = this.#random.chance(0.5) ? "alice" : "bob"
    const at = this.#random.below(1000)
    const action = ACTIONS.find(([limit]) => at < limit)?.[1] ?? "send"
    this.#actions[action] = (this.#actions[action] ?? 0) + 1
    this[action](side)
  }

  send(side: Side): void {
    const party = this.#parties[side]
    if (phaseOf(party.link) === "idle") this.rekey(side)
    const text = `${side} ${this.#step}`
    const bytes = party.sendText(text)
    const envelope = decodeEnvelope(bytes)
    const to = other(side)
    this.#sent[to].add(text)
    this.#wire[to].push({
      text,
      bytes,
      session: toHex(envelope.sessionId),
      chain: toHex(envelope.ratchetKey),
    })
  }

  /** A new handshake, pending or not: the standing session is retired. */
  rekey(side: Side): void {
    const before = this.#parties[side].stored()
    try {
      this.#parties[side].begin(this.#parties[other(side)].bundle())
      this.#counts.handshakes++
    } catch (error) {
      // Four beginnings without an answer: one more is refused.
      if (!SecureChatError.is(error, "ERR_LIMIT")) throw error
      if (this.#parties[side].stored() !== before) this.#violated("a refused beginning changed the state")
    }
  }

  restart(side: Side): void {
    const before = this.#parties[side].stored()
    this.#parties[side].restart()
    if (this.#parties[side].stored() !== before) this.#violated("a restart changed the stored state")
  }

  deliver(side: Side): void {
    const queue = this.#wire[side]
    if (queue.length === 0) return
    // In order, out of order and newest first: the straight path, skipped keys and what comes too late are walked.
    const index = this.#random.pick([0, 0, this.#random.below(queue.length), queue.length - 1])
    const [message] = queue.splice(index, 1)
    if (message !== undefined) this.#take(side, message)
  }

  lose(side: Side): void {
    const queue = this.#wire[side]
    if (queue.length > 0) queue.splice(this.#random.below(queue.length), 1)
  }

  /** Everything delivered so far may come again, also to its own author. */
  repeat(side: Side): void {
    if (this.#delivered.length === 0) return
    const message = this.#random.pick(this.#delivered.slice(-200))
    this.#mustRefuse(side, message.bytes, "a repeated or reflected message")
  }

  /** One change to a genuine envelope, at a place that spreads over every field. */
  tamper(side: Side): void {
    const queue = this.#wire[side]
    if (queue.length === 0) return
    const bytes = this.#random.pick(queue).bytes.slice()
    this.#mustRefuse(side, this.#mutated(bytes), "a tampered message")
  }

  wait(side: Side): void {
    this.#parties[side].deps.advance(this.#random.below(60_000))
    this.#parties[side].step({ type: "tick" })
  }

  #mutated(bytes: Uint8Array): Uint8Array {
    const random = this.#random
    const kind = random.below(8)
    if (kind === 0) return bytes.subarray(0, random.below(bytes.length))
    if (kind === 1) return Uint8Array.from([...bytes, random.below(256)])
    if (kind === 2) return this.#spliced(bytes)
    // Header fields are short beside KEM fields and token: half of the flips go there.
    const span = kind < 6 ? Math.min(59, bytes.length) : bytes.length
    const at = random.below(span)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    return bytes
  }

  /** Another message's token behind this header. */
  #spliced(bytes: Uint8Array): Uint8Array {
    const donor = this.#delivered.at(-1)?.bytes
    const header = decodeEnvelope(bytes).header
    if (donor === undefined || donor === bytes) return bytes.subarray(0, header.length)
    return Uint8Array.from([...header, ...decodeEnvelope(donor).token])
  }

  #mustRefuse(side: Side, bytes: Uint8Array, what: string): void {
    const party = this.#parties[side]
    const before = party.stored()
    const prekeys = party.prekeys.size
    let accepted = true
    try {
      party.receive(bytes)
    } catch (error) {
      if (!SecureChatError.is(error)) throw error
      accepted = false
    }
    if (accepted) this.#violated(`${what} was accepted`)
    if (party.stored() !== before) this.#violated(`${what} changed the state`)
    if (party.prekeys.size !== prekeys) this.#violated(`${what} spent a prekey`)
    this.#counts.refused++
  }

  #take(side: Side, message: InFlight): void {
    const party = this.#parties[side]
    const before = party.stored()
    try {
      const texts = openedTexts(party.receive(message.bytes))
      if (texts.length !== 1 || texts[0] !== message.text) this.#violated("another text than was sent")
      if (!this.#sent[side].has(message.text)) this.#violated("a text nobody sent")
      if (this.#shown[side].has(message.text)) this.#violated("a text shown twice")
    } catch (error) {
      if (!SecureChatError.is(error)) throw error
      if (party.stored() !== before) this.#violated("a refusal changed the state")
      this.#explain(side, message, error)
      return
    }
    this.#shown[side].add(message.text)
    this.#counts.opened++
    this.#delivered.push(message)
    this.#noteTurn(side, message)
  }

  #noteTurn(side: Side, message: InFlight): void {
    const chains = this.#turns[side].get(message.session) ?? []
    if (!chains.includes(message.chain)) chains.push(message.chain)
    this.#turns[side].set(message.session, chains)
  }

  /** A genuine message is lost only out of window: five later chains of its session, or a session archived out. */
  #explain(side: Side, message: InFlight, error: SecureChatError): void {
    const chains = this.#turns[side].get(message.session) ?? []
    const later = chains.length - 1 - chains.indexOf(message.chain)
    const aged = chains.includes(message.chain) && later >= SKIPPED_KEY_TURNS
    const known = this.#parties[side].link.sessions.some((session) => toHex(session.id) === message.session)
    if (!aged && (known || error.code !== "ERR_NO_SESSION"))
      if (!this.#archivedOut(side, message, error))
        this.#violated(`a genuine message in window was refused with ${error.code}`)
    this.#counts.tooOld++
  }

  /** Its session was pushed out of the archive: a first message of it is a duplicate then, others have no session. */
  #archivedOut(side: Side, message: InFlight, error: SecureChatError): boolean {
    const known = this.#parties[side].link.sessions.some((session) => toHex(session.id) === message.session)
    return !known && this.#turns[side].has(message.session) && error.code === "ERR_DUPLICATE"
  }

  /** Faults end: everything still in flight arrives, and both sides can talk. */
  #drain(): void {
    for (const side of ["alice", "bob"] as const) while (this.#wire[side].length > 0) this.deliver(side)
    for (let round = 0; round < 3; round++)
      for (const side of ["alice", "bob"] as const) {
        this.send(side)
        const to = other(side)
        const count = this.#counts.opened
        while (this.#wire[to].length > 0) this.deliver(to)
        if (this.#counts.opened !== count + 1) this.#violated("a healed conversation does not carry")
        this.#step++
      }
  }
}

type Action = "send" | "deliver" | "lose" | "repeat" | "tamper" | "restart" | "rekey" | "wait"
/** Upper ends of the thousandths drawn for each action. */
const ACTIONS: readonly (readonly [number, Action])[] = [
  [345, "send"],
  [690, "deliver"],
  [730, "lose"],
  [810, "repeat"],
  [930, "tamper"],
  [970, "restart"],
  [973, "rekey"],
  [1000, "wait"],
]
