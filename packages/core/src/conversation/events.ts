/** What a step of a direct conversation can mean, for the client that stores and tells it. */
import type { Verdict } from "./dedupe.ts"
import type { DirectState } from "./state.ts"

interface Range {
  readonly first: number
  readonly last: number
}
export type DirectEvent =
  /** `late`: its sender had named a later number before. */
  | { readonly type: "taken"; readonly verdict: Verdict; readonly late: boolean }
  /** The peer has, or has read, own messages up to this number. */
  | { readonly type: "receipt"; readonly receipt: "delivered" | "read"; readonly upTo: number }
  /** The peer has used these numbers, and what they name is not here. Told once each. */
  | ({ readonly type: "gap" } & Range)
  /** The peer knows of these own numbers, and some of them it has not. */
  | ({ readonly type: "lacks" } & Range)
  /** The chain does not continue where it stood: something was altered, removed or inserted. */
  | { readonly type: "conflict"; readonly sequence: number }
  /** The peer has seen more than this store remembers sending, or something else: an older copy of it was put back. */
  | { readonly type: "rollback"; readonly to: number }
export type DirectStep = readonly [DirectState, readonly DirectEvent[]]
