/** One device with its prekeys and one link: a stand-in for the shell around the pure machine, and nothing more. */
import { EMPTY } from "../../src/bytes/concat.ts"
import { toHex, utf8 } from "../../src/bytes/text.ts"
import type { Bytes } from "../../src/deps.ts"
import { firstMessageHash } from "../../src/handshake/responder.ts"
import { deviceListHash } from "../../src/identity/ids.ts"
import { type Identity, createIdentity } from "../../src/identity/keys.ts"
import { type OwnPrekey, generatePrekey } from "../../src/identity/prekeys.ts"
import type { RatchetState } from "../../src/ratchet/state.ts"
import { linkCodec } from "../../src/session/codec.ts"
import type { Effect } from "../../src/session/effect.ts"
import type { FirstMessageContext } from "../../src/session/input.ts"
import type { Payload } from "../../src/session/payload.ts"
import { type Link, emptyLink } from "../../src/session/state.ts"
import { transition } from "../../src/session/transition.ts"
import { type Envelope, decodeEnvelope } from "../../src/wire/envelope.ts"
import type { HandshakeBlock } from "../../src/wire/handshake.ts"
import type { Bundle } from "../../src/wire/prekey.ts"
import { type SeededDeps, seededDeps } from "./seeded.ts"

export const textPayload = (text: string): Payload => ({ kind: "message", meta: EMPTY, content: utf8(text) })

export class Party {
  readonly deps: SeededDeps
  readonly own: Identity
  readonly prekeys = new Map<number, OwnPrekey>()
  readonly spk: OwnPrekey
  readonly pqspk: OwnPrekey
  readonly oneTime: { opk: OwnPrekey[]; pqopk: OwnPrekey[] } = { opk: [], pqopk: [] }
  readonly firstMessages = new Set<string>()
  link: Link = emptyLink

  constructor(seed: number, oneTimeKeys = 3, deps: SeededDeps = seededDeps(seed)) {
    this.deps = deps
    this.own = createIdentity(this.deps)
    this.spk = this.#prekey("spk")
    this.pqspk = this.#prekey("pqspk")
    this.stock(oneTimeKeys)
  }
  stock(oneTimeKeys: number): void {
    for (let i = 0; i < oneTimeKeys; i++) {
      this.oneTime.opk.push(this.#prekey("opk"))
      this.oneTime.pqopk.push(this.#prekey("pqopk"))
    }
  }
  #prekey(kind: "spk" | "opk" | "pqspk" | "pqopk"): OwnPrekey {
    const made = generatePrekey(this.own, kind, undefined, this.deps)
    this.prekeys.set(made.statement.keyId, made)
    return made
  }

  /** As a directory would hand it out: one-time keys once, then the last-resort key. */
  bundle(): Bundle {
    const opk = this.oneTime.opk.shift()
    const pq = this.oneTime.pqopk.shift() ?? this.pqspk
    const { certificate, list } = this.own
    return { certificate, list, spk: this.spk.statement, opk: opk?.statement, pq: pq.statement }
  }
  ratchet(): RatchetState {
    const [session] = this.link.sessions
    if (session === undefined) throw new Error("no session")
    return session.ratchet
  }
  begin(peer: Bundle): void {
    const source = { mode: "stored" } as const
    this.step({ type: "bundle", own: this.own, bundle: peer, context: EMPTY, source })
  }
  step(input: Parameters<typeof transition>[1]): readonly Effect[] {
    const [next, effects] = transition(this.link, input, this.deps)
    this.link = next
    return effects
  }
  send(payload: Payload): Bytes {
    const effects = this.step({ type: "send", own: this.own, payload, commitKey: undefined })
    for (const effect of effects) if (effect.type === "transmit") return effect.envelope
    throw new Error("nothing to transmit")
  }
  sendText(text: string): Bytes {
    return this.send(textPayload(text))
  }
  receive(bytes: Uint8Array): readonly Effect[] {
    const envelope = decodeEnvelope(bytes)
    const effects = this.step({
      type: "receive",
      own: this.own,
      envelope,
      first: this.firstContext(envelope),
    })
    for (const effect of effects) {
      if (effect.type !== "spend") continue
      this.firstMessages.add(toHex(effect.firstMessageHash))
      if (effect.opkId !== 0) this.prekeys.delete(effect.opkId)
      if (effect.pqId !== 0) this.prekeys.delete(effect.pqId)
    }
    return effects
  }
  firstContext(envelope: Envelope): FirstMessageContext | undefined {
    const block = envelope.handshake
    if (block === undefined) return undefined
    return {
      keys: this.#keys(block),
      replayed: this.firstMessages.has(toHex(firstMessageHash(block))),
      ownListHash:
        block.peerListVersion === this.own.list.version ? deviceListHash(this.own.list.body) : undefined,
      fresh: EMPTY,
      context: EMPTY,
    }
  }
  #keys(block: HandshakeBlock): FirstMessageContext["keys"] {
    const [spk, pq] = [this.prekeys.get(block.spkId), this.prekeys.get(block.pqId)]
    const opk = block.opkId === 0 ? undefined : this.prekeys.get(block.opkId)
    if (spk === undefined || pq === undefined || (block.opkId !== 0 && opk === undefined)) return undefined
    return { spk, opk, pq }
  }
  /** The link's stored form: what "state byte-identical" compares. */
  stored(): string {
    return Buffer.from(linkCodec.encode(this.link)).toString("base64")
  }
  restart(): void {
    this.link = linkCodec.decode(linkCodec.encode(this.link))
  }
}

export const openedTexts = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === "opened" ? [new TextDecoder().decode(effect.payload.content)] : [],
  )
