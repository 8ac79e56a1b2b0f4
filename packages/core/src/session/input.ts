/** Everything that can happen to a link. */
import type { Secret } from "../bytes/secret.ts"
import type { Bytes } from "../deps.ts"
import type { BundleSource } from "../handshake/initiator.ts"
import type { ResponderKeys } from "../handshake/responder.ts"
import type { Identity } from "../identity/keys.ts"
import type { Envelope } from "../wire/envelope.ts"
import type { Bundle } from "../wire/prekey.ts"
import type { FailureReason } from "./state.ts"
import type { Payload } from "./payload.ts"

/** What the shell found for the block of a first message; `undefined` keys: unknown or deleted. */
export interface FirstMessageContext {
  readonly keys: ResponderKeys | undefined
  /** The block's ephemeral key was used before with this signed prekey. */
  readonly replayed: boolean
  /** Hash of the own device list whose version the block names; undefined: unknown version. */
  readonly ownListHash: Bytes | undefined
  /** Empty (stored) or the hash of both hellos (channel). */
  readonly fresh: Bytes
  readonly context: Bytes
}

export type Input =
  /** Keys are wanted: a bundle is asked for. */
  | { readonly type: "start" }
  /** The directory answered, or a channel's pair of hellos is complete. */
  | {
      readonly type: "bundle"
      readonly own: Identity
      readonly bundle: Bundle
      readonly context: Bytes
      readonly source: BundleSource
    }
  /** There was no bundle, or it did not prove itself. */
  | { readonly type: "refused"; readonly reason: FailureReason }
  | {
      readonly type: "send"
      readonly own: Identity
      readonly payload: Payload
      /** k_f, 32 bytes: given again for a resend, else fresh. */
      readonly commitKey: Secret | undefined
    }
  | { readonly type: "signal"; readonly payload: Payload }
  | {
      readonly type: "receive"
      readonly own: Identity
      readonly envelope: Envelope
      /** Needed for a first message of an unknown session only. */
      readonly first: FirstMessageContext | undefined
    }
  /** Time passed: expiry of sessions, pending ones and archives. */
  | { readonly type: "tick" }
  /** Forget the sessions and start over; the peer's identity stays pinned elsewhere. */
  | { readonly type: "reset" }
