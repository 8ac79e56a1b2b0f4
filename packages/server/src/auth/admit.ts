/** Who may connect at all, asked before an upgrade is answered. relay.md §9, §11 */
import type { ConnectionOrigin } from "@securechat/core/transport"
import type { Limits } from "../limit/limits.ts"
import type { RelayState } from "../relay/state.ts"
import { get } from "../relay/table.ts"

export interface AdmitPolicy {
  /** This relay's own origin as the client dialled it; undefined: no name of ours. */
  originOf(host: string | undefined): string | undefined
  /** May a page of this origin connect? */
  allowsPage(origin: string): boolean
}

export type Refusal = "draining" | "unknown host" | "foreign origin" | "address" | "pending" | "descriptors"

/** Why this client may not connect, or undefined. A missing `Origin` is no browser: the signature counts. */
export const refusalBefore = (
  state: RelayState,
  from: ConnectionOrigin,
  policy: AdmitPolicy,
  limits: Limits,
): Refusal | undefined => {
  if (state.draining) return "draining"
  if (policy.originOf(from.host) === undefined) return "unknown host"
  if (from.origin !== undefined && !policy.allowsPage(from.origin)) return "foreign origin"
  if (state.connections.size >= limits.connections) return "descriptors"
  const here = get(state.addresses, from.address) ?? 0
  if (limits.connectionsPerAddress > 0 && here >= limits.connectionsPerAddress) return "address"
  const waiting = get(state.pending, from.address) ?? 0
  return waiting >= limits.pendingPerAddress || state.pendingTotal >= limits.pending ? "pending" : undefined
}
