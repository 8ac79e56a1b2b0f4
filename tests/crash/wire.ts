/**
 * What crossed the network between the lives of a client: what one life sent and the next sends again is the same bytes, and
 * no key of a ratchet and no one-time key serves twice.
 */
import { createHash } from "node:crypto"
import { type Frame, decodeEnvelope, frameCodec, prekeyCodec } from "@securechat/core/wire"
import type { HistoryRecord } from "@securechat/testkit"
import type { PacketWay } from "../support/packet-proxy.ts"
import { SealedLog } from "../sim/sealed.ts"

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
const digestOf = (...parts: readonly Uint8Array[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex")

/** The same frame under another request number is the same. */
export const withoutNumber = (frame: Frame): string => hex(frameCodec.encode({ ...frame, request: 1 }))

export class Wire {
  /** What must not be, as text. */
  readonly problems: string[] = []
  /** Submits of an envelope that had been submitted before. */
  repeats = 0
  /** What was sealed under which key: for the HistoryChecker. */
  readonly sealed: HistoryRecord[] = []
  /** What stands for a name, as it was seen first: of an envelope, of a prekey, of a one-time key that was used. */
  readonly #first = new Map<string, string>()

  readonly #log = new SealedLog({ nowMs: 0 }, this.sealed)

  note(name: string, way: PacketWay, bytes: Buffer): void {
    if (way === "down") return
    this.#log.note(name, bytes)
    const frame = frameCodec.decode(bytes)
    if (frame.type === "submit") {
      const envelope = `${name}'s envelope ${hex(frame.envelopeId)}`
      if (this.#is(envelope, digestOf(frame.deviceId, frame.body))) this.repeats += 1
      const { handshake, sessionId } = decodeEnvelope(frame.body)
      if (handshake === undefined) return
      const { opkId, pqId, oneTimeKem } = handshake
      const owner = hex(frame.deviceId)
      if (opkId !== 0) this.#is(`one-time key ${opkId} of ${owner}`, hex(sessionId))
      if (oneTimeKem) this.#is(`one-time KEM key ${pqId} of ${owner}`, hex(sessionId))
    }
    if (frame.type === "publish")
      for (const statement of [...frame.oneTime, ...frame.oneTimeKem]) {
        const { keyId } = prekeyCodec.decode(statement)
        this.#is(`${name}'s key ${keyId}`, digestOf(frame.publication, statement))
      }
  }

  /** Is it known already? It must not have become something else. */
  #is(name: string, what: string): boolean {
    const known = this.#first.get(name)
    this.#first.set(name, known ?? what)
    if (known !== undefined && known !== what) this.problems.push(`${name} is something else now`)
    return known !== undefined
  }
}
