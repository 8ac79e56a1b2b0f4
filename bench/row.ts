/** What a row of the comparison is, and what it comes to. */
import type { Contestant } from "./contestant.ts"
import type { Compared } from "./measure.ts"

/** Ours over theirs; `atMost` where less is better. */
type Target = { readonly atLeast: number } | { readonly atMost: number }

export interface Opponent {
  readonly by: Contestant
  /** Absent: shown beside, not raced against. */
  readonly target?: Target
}
export interface Row {
  readonly id: string
  readonly group: Group
  /** In words that stand in a table. */
  readonly work: string
  readonly unit: string
  readonly ours: Contestant
  readonly theirs: readonly Opponent[]
  /** Of the quick run as well. */
  readonly quick: boolean
  /** A size: measured once, since it is no matter of time. */
  readonly once?: boolean
  /** Longer rounds for work that takes long. */
  readonly slowness?: number
}
type Group =
  "primitive" | "fernet" | "handshake" | "ratchet" | "file" | "relay" | "chat" | "memory" | "browser"

export interface Result {
  readonly id: string
  readonly group: Group
  readonly work: string
  readonly unit: string
  readonly against: string
  readonly version: string
  readonly target: Target | undefined
  readonly compared: Compared | undefined
  /** Why there is no figure. */
  readonly missing: string | undefined
}

export const isMet = ({ target, compared }: Result): boolean | undefined => {
  if (target === undefined) return undefined
  if (compared === undefined) return false
  return "atLeast" in target ? compared.ratio >= target.atLeast : compared.ratio <= target.atMost
}
