/** What clients sealed under which key, read from what they hand to the network: the header names it. */
import { createHash } from "node:crypto"
import { FRAME_TYPE, decodeEnvelope, formatAccountId, frameCodec } from "@securechat/core/wire"
import type { HistoryRecord } from "@securechat/testkit"

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

export class SealedLog {
  /** By account of the recipient, and who wrote to it. */
  readonly lastSessions = new Map<string, string>()
  readonly #time: { readonly nowMs: number }
  readonly #history: HistoryRecord[]
  readonly #known = new Set<string>()

  constructor(time: { readonly nowMs: number }, history: HistoryRecord[]) {
    this.#time = time
    this.#history = history
  }

  note(actor: string, bytes: Uint8Array): void {
    if (bytes[0] !== FRAME_TYPE.submit) return
    const frame = frameCodec.decode(bytes)
    if (frame.type !== "submit") return
    const digest = createHash("sha256").update(frame.body).digest("hex").slice(0, 16)
    // A retry sends the stored bytes.
    if (this.#known.has(digest)) return
    this.#known.add(digest)
    const { sessionId, ratchetKey, count } = decodeEnvelope(frame.body)
    this.lastSessions.set(`${actor}>${formatAccountId(frame.accountId)}`, hex(sessionId))
    const key = `${hex(sessionId)}/${hex(ratchetKey)}`
    this.#history.push({
      kind: "encrypted",
      actor,
      atMs: this.#time.nowMs,
      key,
      nonce: String(count),
      digest,
    })
  }
}
