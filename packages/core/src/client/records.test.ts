import { describe, expect, it } from "vitest"
import { encodeCbor } from "../content/cbor.ts"
import { NOTHING_TAKEN } from "../conversation/dedupe.ts"
import { emptyDirect, withProgress } from "../conversation/state.ts"
import { firstSeen } from "../identity/trust.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import { memoryStore } from "../store/memory.ts"
import { Batch, commit } from "../runtime/commit.ts"
import { directCodec } from "./progress-codec.ts"
import {
  type ConversationRecord,
  type MessageRecord,
  type OutboxEntry,
  at,
  conversationCodec,
  entryCodec,
  inspectionCodec,
  messageCodec,
} from "./records.ts"
import { MAX_REPEATS, Repeats } from "./repeats.ts"

const bytes = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(5)
const security: SecurityStatus = {
  ...({ level: "yellow", reason: "unverified", action: "verify", subject: "sc1peer" } as const),
  since: new Date(1_700_000_000_000),
}
const message: MessageRecord = {
  ...{ place: 3, id: "id", mine: true, account: "sc1me", device: "d", peer: "sc1peer", sentAtMs: 1 },
  ...{ receivedAtMs: undefined, text: "hi", replyTo: undefined, sequence: 2, security, quarantined: false },
  ...{ problem: undefined, commitKey: bytes(32), commitment: bytes(32) },
}
const entry: OutboxEntry = {
  ...{ order: 1, conversationId: "c", account: "sc1peer", device: "d", messageId: "id", messagePlace: 3 },
  ...{ sequence: 2, envelopeId: bytes(16), envelope: bytes(500), state: "queued", problem: undefined },
  ...{ sinceMs: 4, previous: bytes(32), resends: 0 },
}
const conversation: ConversationRecord = {
  ...{ id: "c", trust: firstSeen("bob", { accountId: bytes(20), accountKey: bytes(32) }), handle: "bob" },
  ...{
    fixed: false,
    createdAtMs: 5,
    places: 3,
    devices: "proven",
    stranger: false,
    claimedHandle: undefined,
  },
}

describe("records", () => {
  it("come back as they were written", () => {
    expect(messageCodec.decode(messageCodec.encode(message))).toEqual(message)
    expect(entryCodec.decode(entryCodec.encode(entry))).toEqual(entry)
    expect(conversationCodec.decode(conversationCodec.encode(conversation))).toEqual(conversation)
    const state = withProgress({ ...emptyDirect(bytes(32)), sent: 4 }, "d", {
      ...{ received: { upTo: 2, ahead: [4, 7] }, receivedHead: bytes(32), pairReceived: NOTHING_TAKEN },
      ...{ delivered: 3, read: 1, readUpTo: 2, receiptDue: true },
    })
    expect(directCodec.decode(directCodec.encode(state))).toEqual(state)
    const inspection = { messageId: "id", mine: false, device: "d", envelope: bytes(80), contentBytes: 7 }
    expect(inspectionCodec.decode(inspectionCodec.encode(inspection))).toEqual(inspection)
  })

  it.each([
    ["every truncation", (whole: Uint8Array, i: number) => whole.subarray(0, i)],
    ["a trailing byte", (whole: Uint8Array) => Uint8Array.of(...whole, 0)],
    ["another shape", () => encodeCbor(new Map([[1, "x"]]))],
  ])("refuse %s as corrupt, never with a guess", (_, damage) => {
    for (const codec of [messageCodec, entryCodec, conversationCodec] as const) {
      const whole = codec.encode(
        (codec === messageCodec ? message : codec === entryCodec ? entry : conversation) as never,
      )
      for (let i = 0; i < whole.length; i += 7)
        expect(() => codec.decode(damage(whole, i))).toThrow(
          expect.objectContaining({ code: "ERR_STORE_CORRUPT" }),
        )
    }
  })

  it("lie under paths that keep their order and never meet", () => {
    const paths = [
      ...[at.message("c", 2), at.message("c", 10), at.place("c", true, "m"), at.place("c", false, "m")],
      ...[at.sent("c", "sc1a", 1), at.entry(1), at.envelope(1), at.inspection("c", 1), at.direct("sc1a")],
    ].map((path) => path.join("/"))
    expect(new Set(paths).size).toBe(paths.length)
    expect((paths[0] ?? "") < (paths[1] ?? "")).toBe(true)
  })
})

describe("envelopes taken", () => {
  it("are known again after a restart, up to their bound, oldest out", async () => {
    const store = memoryStore()
    const repeats = new Repeats()
    for (let i = 0; i < MAX_REPEATS + 2; i++) {
      const batch = new Batch()
      const taken = repeats.take(`device:${i}`, batch)
      await commit(store, batch)
      taken()
    }
    const again = new Repeats()
    await again.load(store)
    for (const each of [repeats, again])
      expect([each.has("device:1"), each.has("device:2"), each.has(`device:${MAX_REPEATS + 1}`)]).toEqual([
        false,
        true,
        true,
      ])
  })
})
