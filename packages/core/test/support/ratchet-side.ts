/** One end of a bare ratchet, for tests of the ratchet alone. */
import { expect } from "vitest"
import { codec } from "../../src/bytes/codec.ts"
import { secret } from "../../src/bytes/secret.ts"
import { fromUtf8, utf8 } from "../../src/bytes/text.ts"
import type { Bytes } from "../../src/deps.ts"
import { ratchetLayout } from "../../src/ratchet/codec.ts"
import { decrypt, encrypt, startInitiator, startResponder } from "../../src/ratchet/ratchet.ts"
import type { RatchetState } from "../../src/ratchet/state.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import { x25519PublicKey } from "../../src/primitives/index.node.ts"
import { type SeededDeps, seededDeps } from "./seeded.ts"

export const stored = codec(ratchetLayout)
export const ID = new Uint8Array(16).fill(7)
/** A matcher, for `toThrow`. */
export const refused = (code: unknown): object => expect.objectContaining({ code }) as object

export class Side {
  state: RatchetState
  readonly deps: SeededDeps
  constructor(state: RatchetState, deps: SeededDeps) {
    this.state = state
    this.deps = deps
  }
  send(text: string): Bytes {
    const message = { sessionId: ID, handshake: undefined, commitment: undefined, payload: utf8(text) }
    const [next, bytes] = encrypt(this.state, message, this.deps)
    this.state = next
    return bytes
  }
  receive(bytes: Uint8Array): string {
    const [next, received] = decrypt(this.state, decodeEnvelope(bytes), this.deps)
    this.state = next
    return fromUtf8(received.payload)
  }
  bytes(): string {
    return Buffer.from(stored.encode(this.state)).toString("base64")
  }
  /** Refused, and nothing changed. */
  refuses(bytes: Uint8Array, code: string): void {
    const before = this.bytes()
    expect(() => this.receive(bytes)).toThrow(refused(code))
    expect(this.bytes()).toBe(before)
  }
}

export const pair = (seed = 5): readonly [Side, Side] => {
  const deps = seededDeps(seed)
  const [root, transcript, spk] = [secret(deps.random(32)), deps.random(32), deps.random(32)]
  const own = { secret: secret(spk), publicKey: x25519PublicKey(spk) }
  return [
    new Side(startInitiator(root, transcript, own.publicKey), seededDeps(seed + 1)),
    new Side(startResponder(root, transcript, own), seededDeps(seed + 2)),
  ]
}
export const turns = (a: Side, b: Side, count: number): void => {
  for (let i = 0; i < count; i++) {
    expect(b.receive(a.send(`a${i}`))).toBe(`a${i}`)
    expect(a.receive(b.send(`b${i}`))).toBe(`b${i}`)
  }
}
