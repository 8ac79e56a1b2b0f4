/**
 * A session is one ratchet between two devices; a link is all of them with one peer device.
 *
 *            start            bundle                first reply
 *   idle ───────────► requested ──────► unconfirmed ───────────► established
 *    ▲ │                 │ refused           │ 30 d                 │ 180 d, 2³¹ messages
 *    │ │ first message   ▼                   ▼                      ▼
 *    │ └────────────► (established)        idle                  expired ──start──► requested
 *    └── reset (any phase)      failed ◄── refused (nothing established)
 *
 * unconfirmed: we hold keys and may send; each message repeats the first-message block.
 * A handshake of either side while a session stands retires that one: receive-only for 30 d.
 * The phase is computed (`phaseOf`), never stored: what is stored are the sessions and the open request.
 */
import type { Secret } from "../bytes/secret.ts"
import type { Bytes } from "../deps.ts"
import type { PeerDevice } from "../handshake/peer.ts"
import type { RatchetState } from "../ratchet/state.ts"

interface SessionBase {
  /** sid, 16 bytes. */
  readonly id: Bytes
  readonly peer: PeerDevice
  readonly ratchet: RatchetState
  /** EXP, 32 bytes. */
  readonly exporter: Secret
  readonly createdAtMs: number
  readonly lastReceivedAtMs: number
  /** Messages sent and received. */
  readonly messages: number
  /** The first message rested on a last-resort KEM key. */
  readonly reduced: boolean
  /** Hash of the handshake block: its repeats must be identical. 32 bytes. */
  readonly blockHash: Bytes
}
export type Session =
  /** Ours, unanswered: every message carries the block. */
  | (SessionBase & { readonly phase: "unconfirmed"; readonly block: Bytes })
  /** Something authentic was received on it. */
  | (SessionBase & { readonly phase: "established" })
  /** Receive-only. */
  | (SessionBase & { readonly phase: "retired"; readonly retiredAtMs: number })

export type FailureReason = "no-session" | "handshake-failed" | "session-expired" | "downgrade"

/** Everything held for one peer device. */
export interface Link {
  readonly sessions: readonly Session[]
  /** A bundle was asked for, at this time. */
  readonly requestedAtMs: number | undefined
  /** Why the last attempt of our own gave no session; cleared by the next one; a downgrade only by a bundle. */
  readonly failure: FailureReason | undefined
  /** sids a peer's handshake replaced before they arrived: they are retired on arrival. */
  readonly replaced: readonly Bytes[]
}

export const emptyLink: Link = { sessions: [], requestedAtMs: undefined, failure: undefined, replaced: [] }

export type LinkPhase = "idle" | "requested" | "unconfirmed" | "established" | "failed" | "expired"

/** Computed: what is stored are sessions, request and failure. */
export const phaseOf = (link: Link): LinkPhase => {
  if (link.sessions.some((session) => session.phase === "established")) return "established"
  if (link.sessions.some((session) => session.phase === "unconfirmed")) return "unconfirmed"
  if (link.requestedAtMs !== undefined) return "requested"
  if (link.failure === "session-expired") return "expired"
  return link.failure === undefined ? "idle" : "failed"
}
/** Alike in everything a light shows of a link? */
export const inSamePhase = (a: Link, b: Link): boolean => a.failure === b.failure && phaseOf(a) === phaseOf(b)
