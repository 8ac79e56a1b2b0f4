/** What a step of a direct conversation can mean, for the client that stores and tells it. */
import type { Verdict } from "./dedupe.ts"
import type { DirectState } from "./state.ts"

export type DirectEvent =
  | { readonly type: "taken"; readonly verdict: Verdict }
  /** The peer has, or has read, own messages up to this number. */
  | { readonly type: "receipt"; readonly receipt: "delivered" | "read"; readonly upTo: number }
  /** Numbers below the newest are missing: the sender still holds what they name. */
  | { readonly type: "gap"; readonly missing: number }
  /** The chain does not continue where it stood: something was altered, removed or inserted. */
  | { readonly type: "conflict"; readonly sequence: number }
  /** The peer has seen more than this store remembers sending: an older copy of it was put back. */
  | { readonly type: "rollback"; readonly to: number }
export type DirectStep = readonly [DirectState, readonly DirectEvent[]]
