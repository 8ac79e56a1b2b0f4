/**
 * What a relay knows of people: accounts, device lists, public prekeys, handles. Drivers implement this;
 * the suite in `test/suites/directory.ts` runs on each. A driver in this process answers at once, one
 * over a network with a promise. Not its concern: signatures, dates and buckets, which the relay has
 * checked before it asks. relay.md §5, §6
 */
import type { Bytes } from "@securechat/core/wire"
import type { CheckedSet } from "../routing/prekeys.ts"

export type Answer<T> = T | Promise<T>

/** A signed device list. */
export interface ListRecord {
  readonly version: number
  /** Hash of the body, hex. */
  readonly hash: string
  readonly bytes: Bytes
}

export interface KnownDevice {
  /** Undefined: has published nothing here. */
  readonly certificate: Bytes | undefined
  readonly revoked: boolean
  readonly oneTimeLeft: number
  readonly kemLeft: number
  /** A handle that the account holds. */
  readonly handle: string | undefined
}

export interface Publication {
  readonly account: string
  readonly device: string
  /** Publication id, hex: the same twice is one. */
  readonly id: string
  readonly accountKey: Bytes
  readonly certificate: Bytes
  readonly list: ListRecord
  /** Hash of the list before it, hex. */
  readonly previousHash: string
  readonly listed: readonly string[]
  readonly revoked: readonly string[]
  readonly set: CheckedSet
  readonly nowMs: number
}
export interface Stock {
  readonly oneTimeLeft: number
  readonly kemLeft: number
  readonly lastResortUses: number
}
export interface Published {
  readonly stock: Stock
  /** Devices that this list was the first to revoke, and which of them had published. */
  readonly revoked: readonly string[]
  readonly dropped: readonly string[]
}

/** One bundle's parts. A one-time key in it is given to nobody else, also when this answer is lost. */
export interface ClaimedKeys {
  readonly certificate: Bytes
  readonly list: Bytes
  readonly signedPrekey: Bytes
  readonly oneTime: Bytes | undefined
  readonly kem: Bytes
  readonly lastResort: boolean
  readonly stock: Stock
}

export interface HandleClaim {
  readonly handle: string
  readonly account: string
  readonly version: number
  readonly record: Bytes
}

export interface Entry {
  readonly account: string
  readonly device: string
  /** The app's name for the account; the first binding stays. */
  readonly handle: string | undefined
}
export interface Entered {
  readonly revoked: boolean
  /** False: the app's name is bound to another account. */
  readonly bound: boolean
  /** With several relays: what this login of the device is above every earlier one, and others below. */
  readonly fence: number
}

export interface Directory {
  /** False: a handle is free again when its holder has left. */
  readonly keepsHandles: boolean
  find(account: string, device: string): Answer<KnownDevice>
  /** The last step of a login: not revoked, the app's name bound, the account seen. */
  enter(entry: Entry, nowMs: number): Answer<Entered>
  /** Binds the app's name; false where another account has it. */
  bind(handle: string, account: string): Answer<boolean>
  /** All of it or nothing. */
  publish(publication: Publication): Answer<Published | "refused" | "full">
  /** Lists above `knownVersion`, oldest first, and the certificates of the newest; undefined: unknown. */
  lists(
    account: string,
    knownVersion: number,
  ): Answer<{ readonly lists: readonly Bytes[]; readonly certificates: readonly Bytes[] } | undefined>
  /**
   * One bundle per device, in order; `none` where the signed keys of a device have expired. Undefined: one
   * of them is unknown, and nothing was taken.
   */
  claim(
    account: string,
    devices: readonly string[],
    nowMs: number,
  ): Answer<readonly (ClaimedKeys | "none")[] | undefined>
  /** The owner was told of its stock: last-resort uses count from now. */
  told(account: string, device: string): Answer<void>
  setHandle(claim: HandleClaim): Answer<"set" | "refused" | "full">
  /** The signed record. */
  handle(handle: string): Answer<Bytes | undefined>
  /** Handles of an account that has left; nothing where handles are kept. */
  freeHandles(account: string): Answer<void>
  /** These accounts are connected. */
  seen(accounts: readonly string[], nowMs: number): Answer<void>
  /** Forgets accounts not seen since then; not those that hold a handle it keeps. */
  forget(beforeMs: number): Answer<void>
  /** Rejects when it cannot answer. */
  check(): Answer<void>
  close(): Answer<void>
}

/** Lists given at once: what does not fit a frame is asked for again. */
export const LISTS_AT_ONCE = 200

export interface DirectoryLimits {
  readonly accounts: number
  readonly listVersions: number
  readonly oneTimeStock: number
  readonly oneTimeKemStock: number
  readonly keyIds: number
  readonly publications: number
  readonly handlesPerAccount: number
}
