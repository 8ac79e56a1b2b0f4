/**
 * Other relays on the same mailboxes. Everything heard is a hint: what counts is in the store, and a relay
 * looks there by itself every few seconds. relay.md §10
 */
import type { Stock } from "../directory/directory.ts"
import type { Spending } from "./question.ts"

/** A login of a device; the one with the higher fence is the newer. */
interface Route {
  readonly device: string
  readonly fence: number
}

/** What one relay tells another about a device that is connected there. */
export type News =
  | { readonly about: "mail"; readonly device: string }
  | { readonly about: "replaced"; readonly device: string; readonly fence: number }
  | { readonly about: "revoked"; readonly device: string; readonly account: string }
  | { readonly about: "stock"; readonly device: string; readonly account: string; readonly stock: Stock }
  | {
      readonly about: "signal"
      readonly device: string
      readonly account: string
      readonly fromAccountId: Uint8Array<ArrayBuffer>
      readonly fromDeviceId: Uint8Array<ArrayBuffer>
      readonly body: Uint8Array<ArrayBuffer>
    }

export interface Neighbours {
  /** What the others say, until the end. */
  listen(hear: (news: News) => void): void
  /** These devices are still here. Those that are elsewhere by now are heard of as `replaced`. */
  renew(routes: readonly Route[]): Promise<void>
  leave(route: Route): Promise<void>
  /** To the relay that the device is connected to, if there is one. */
  tell(news: News): Promise<void>
  /** Takes from buckets that all relays share, from all or none; 0, or how long to wait. */
  spend(spendings: readonly Spending[]): Promise<number>
}
