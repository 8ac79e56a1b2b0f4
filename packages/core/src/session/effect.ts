/** Everything a link can ask for. The shell stores the new link and these in one batch, then acts. */
import type { Secret } from "../bytes/secret.ts"
import type { Bytes } from "../deps.ts"
import type { PeerDevice } from "../handshake/peer.ts"
import type { ErrorCode } from "../errors.ts"
import type { OpenedPayload } from "./payload.ts"

export type Effect =
  /** Ask the directory for a bundle of this device. */
  | { readonly type: "claim" }
  /** Hand this envelope to the network once it is stored. */
  | {
      readonly type: "transmit"
      readonly envelope: Bytes
      readonly sessionId: Bytes
      /** k_f of the message: a resend uses the same. */
      readonly commitKey: Secret
      readonly commitment: Bytes
    }
  /** An ephemeral signal; `store`: only after the link was stored. */
  | { readonly type: "transmit-signal"; readonly envelope: Bytes; readonly store: boolean }
  /** A new session exists: its peer is to be pinned or compared. */
  | {
      readonly type: "session"
      readonly sessionId: Bytes
      readonly peer: PeerDevice
      readonly by: "us" | "peer"
    }
  /** An authentic message. */
  | {
      readonly type: "opened"
      readonly sessionId: Bytes
      readonly peer: PeerDevice
      readonly payload: OpenedPayload
      readonly commitment: Bytes
      readonly ratchetKey: Bytes
      readonly count: number
    }
  /** An authentic signal. */
  | { readonly type: "signalled"; readonly payload: OpenedPayload; readonly store: boolean }
  /** Authentic, but not to be understood: its key is spent, a placeholder stands in its place. */
  | {
      readonly type: "unreadable"
      readonly sessionId: Bytes
      readonly peer: PeerDevice
      readonly code: ErrorCode
    }
  /** Delete these private prekeys and remember the first message, in the same batch. */
  | {
      readonly type: "spend"
      readonly spkId: number
      /** 0 = none. */
      readonly opkId: number
      /** 0 = the last-resort key, which stays. */
      readonly pqId: number
      readonly firstMessageHash: Bytes
    }
  /** Skipped keys were dropped: their messages will not open any more. */
  | { readonly type: "evicted"; readonly count: number }
