/** Everything that can happen to a pairing, and everything it asks for. */
import type { Trust } from "../identity/trust.ts"
import type { Bytes } from "../deps.ts"
import type { ErrorCode } from "../errors.ts"
import type { AccountId, DeviceId, MessageId } from "../wire/address.ts"
import type { Pairing } from "./pairing-state.ts"

export type PairingInput =
  /** The pipe carries frames from now on. */
  | { readonly type: "online" }
  | { readonly type: "offline" }
  | { readonly type: "frame"; readonly frame: Uint8Array }
  /** Time passed: see `nextAtMs`. */
  | { readonly type: "tick" }
  | { readonly type: "send"; readonly body: string | Uint8Array }
  /** A person decided about the peer. */
  | { readonly type: "trust"; readonly trust: Trust }
  /** A person starts over: sessions are forgotten, the pinned identity stays. */
  | { readonly type: "reset" }

/** A message of the peer, authentic and understood. */
export interface ChannelArrival {
  readonly account: AccountId
  readonly device: DeviceId
  readonly id: MessageId
  readonly body: string | Uint8Array
  readonly sentAtMs: number
  /** Messages before it that are missing and were not told yet. */
  readonly missing: number
  /** As it came through the pipe. */
  readonly frame: Uint8Array
  readonly contentBytes: number
}

export type PairingEffect =
  /** Into the pipe, now or never: whatever is lost is repeated by the machine. */
  | { readonly type: "transmit"; readonly frame: Bytes }
  /** The sealed message of a `send`. */
  | {
      readonly type: "sealed"
      readonly frame: Bytes
      readonly id: MessageId
      readonly device: DeviceId
      readonly contentBytes: number
    }
  | { readonly type: "arrived"; readonly message: ChannelArrival }
  /** Authentic, but not to be understood. */
  | { readonly type: "unreadable"; readonly code: ErrorCode }
  | { readonly type: "third-party"; readonly account: AccountId }

export type Step = readonly [Pairing, readonly PairingEffect[]]

/** `next` on what `step` gave, both their effects in order. */
export const andThen = (step: Step, next: (state: Pairing) => Step): Step => {
  const [state, effects] = step
  const [after, more] = next(state)
  return [after, [...effects, ...more]]
}
