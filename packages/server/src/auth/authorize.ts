/**
 * The app's word about who may use its relay. It is asked after the device has proved its key, so it
 * decides about an account, not about a claim. relay.md §4
 */
import type { AccountId, DeviceId } from "@securechat/core/wire"
import { isHandle } from "@securechat/core/wire"

export interface RelayIdentity {
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  /** The handle this account holds here already. */
  readonly handle?: string
  /** What the client's `token` gave, e.g. a JWT. Neither stored nor logged. */
  readonly token?: string
  readonly address: string
  /** `Origin` of the page, from a browser. */
  readonly origin?: string
}
export type RelayDecision =
  | {
      readonly allow: true
      /** The name of this user in the app: the only handle the account may claim. The first binding stays. */
      readonly handle?: string
      /** When the token ends; a new one is asked for a minute before. */
      readonly expiresAt?: Date
    }
  | { readonly allow: false; readonly reason: "rejected" | "expired" | "handle-taken" }

export interface RelayAuth {
  authorize(who: RelayIdentity, options: { readonly signal: AbortSignal }): Promise<RelayDecision>
}

/** What a hook returned, if it is a decision at all: apps are written in JavaScript too. */
export const asDecision = (value: unknown): RelayDecision | undefined => {
  if (typeof value !== "object" || value === null || !("allow" in value)) return undefined
  const { allow, handle, expiresAt, reason } = value as Partial<Record<string, unknown>>
  if (allow === false)
    return { allow, reason: reason === "expired" || reason === "handle-taken" ? reason : "rejected" }
  if (allow !== true) return undefined
  if (handle !== undefined && !(typeof handle === "string" && isHandle(handle))) return undefined
  if (expiresAt !== undefined && !(expiresAt instanceof Date && Number.isFinite(expiresAt.getTime())))
    return undefined
  return {
    allow,
    ...(handle === undefined ? {} : { handle }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}
