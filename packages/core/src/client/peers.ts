/** Peers' devices and the sessions with each, found by account, by device and by session. */
import { toHex } from "../bytes/text.ts"
import { type Link, emptyLink } from "../session/state.ts"
import type { AccountId, DeviceId } from "../wire/address.ts"

/** One peer device and everything held for it. */
export interface PeerLink {
  readonly account: AccountId
  readonly device: DeviceId
  readonly link: Link
}
const linkKey = (account: AccountId, device: DeviceId): string => `${account}/${device}`

export class Peers {
  readonly #links = new Map<string, PeerLink>()
  readonly #bySession = new Map<string, PeerLink>()
  /** The device last heard of, by account: one for now. */
  readonly #devices = new Map<AccountId, DeviceId>()

  ofSession(id: Uint8Array): PeerLink | undefined {
    return this.#bySession.get(toHex(id))
  }
  /** An empty one where there is none. */
  linkTo(account: AccountId, device: DeviceId): Link {
    return this.#links.get(linkKey(account, device))?.link ?? emptyLink
  }
  deviceOf(account: AccountId): DeviceId | undefined {
    return this.#devices.get(account)
  }
  all(): PeerLink[] {
    return [...this.#links.values()]
  }

  set(peer: PeerLink): void {
    this.#dropSessions(peer)
    this.#links.set(linkKey(peer.account, peer.device), peer)
    for (const session of peer.link.sessions) this.#bySession.set(toHex(session.id), peer)
    this.#devices.set(peer.account, peer.device)
  }
  delete({ account, device }: PeerLink): void {
    this.#dropSessions({ account, device })
    this.#links.delete(linkKey(account, device))
    if (this.#devices.get(account) === device) this.#devices.delete(account)
  }
  /** Which devices there are stays known. */
  dropKeys(): void {
    this.#links.clear()
    this.#bySession.clear()
  }
  clear(): void {
    this.dropKeys()
    this.#devices.clear()
  }

  #dropSessions({ account, device }: Pick<PeerLink, "account" | "device">): void {
    for (const { id } of this.linkTo(account, device).sessions) this.#bySession.delete(toHex(id))
  }
}
