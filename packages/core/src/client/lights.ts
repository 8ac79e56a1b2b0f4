/**
 * The traffic light of each conversation: computed from what the ledger holds whenever it is asked for,
 * told when it changed. Only the moment of a change is remembered, and not stored. protocol.md §9.3
 */
import type { Pin, Trust } from "../identity/trust.ts"
import { shownPin } from "../identity/trust.ts"
import type { SecurityChange } from "../runtime/types.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import { securityOf } from "../session/security.ts"
import type { Link } from "../session/state.ts"
import { type AccountId, type ConversationId, formatAccountId } from "../wire/address.ts"
import type { Ledger } from "./ledger.ts"
import type { ConversationRecord } from "./records.ts"

/** Spelled once for each pin: every light names an account, and every step asks for every light. */
const names = /* @__PURE__ */ new WeakMap<Pin, AccountId>()
const accountOf = (pin: Pin): AccountId => {
  const name = names.get(pin) ?? formatAccountId(pin.accountId)
  names.set(pin, name)
  return name
}

/** The account in force. */
export const pinnedAccount = (trust: Trust): AccountId => accountOf(trust.pin)
/** The account a person is shown: the one to be decided about, else the one in force. */
export const shownAccount = (trust: Trust): AccountId => accountOf(shownPin(trust))

export class Lights {
  readonly #ledger: Ledger
  readonly #tell: (change: SecurityChange) => void
  readonly #shown = new Map<ConversationId, SecurityStatus>()
  /** What `#shown` was computed from: while it stands, a look costs nothing, however many conversations there are. */
  #facts = -1
  #locked = false

  constructor(ledger: Ledger, tell: (change: SecurityChange) => void) {
    this.#ledger = ledger
    this.#tell = tell
  }

  /** The status now. */
  of(id: ConversationId): SecurityStatus {
    const shown = this.#shown.get(id)
    if (shown !== undefined && this.#stands) return shown
    const record = this.#ledger.conversations.get(id)
    if (record === undefined) return shown ?? this.#gone()
    const next = this.compute(record, this.#ledger.linkWith(pinnedAccount(record.trust)))
    if (shown !== undefined && same(shown, next)) return shown
    return next
  }

  /** The status these facts give, for a step that has not been stored yet. */
  compute(record: ConversationRecord, link: Link): SecurityStatus {
    const { locked } = this.#ledger
    const { trust, devices } = record
    const facts = { link, trust, devices, subject: shownAccount(trust), locked }
    const shown = this.#shown.get(record.id)
    const next = securityOf(facts, new Date(this.#ledger.deps.nowMs()))
    return shown !== undefined && same(shown, next) ? shown : next
  }

  /** Remembers where every light stands, without telling. */
  watch(): void {
    for (const id of this.#ledger.conversations.keys()) this.#shown.set(id, this.of(id))
    this.#seen(this.#ledger.facts, this.#ledger.locked)
  }

  forget(id: ConversationId): void {
    this.#shown.delete(id)
  }

  /** Tells what has changed since the last look; returns the conversations it changed for. */
  refresh(): readonly ConversationId[] {
    if (this.#stands) return []
    const { facts, locked } = this.#ledger
    const changed: ConversationId[] = []
    for (const [id, record] of this.#ledger.conversations) {
      const status = this.of(id)
      const previous = this.#shown.get(id)
      if (previous === status) continue
      this.#shown.set(id, status)
      changed.push(id)
      if (previous !== undefined)
        this.#tell(
          Object.freeze({ status, previous, conversationId: id, contact: shownAccount(record.trust) }),
        )
    }
    this.#seen(facts, locked)
    return changed
  }

  get #stands(): boolean {
    return this.#facts === this.#ledger.facts && this.#locked === this.#ledger.locked
  }
  #seen(facts: number, locked: boolean): void {
    this.#facts = facts
    this.#locked = locked
  }

  #gone(): SecurityStatus {
    const since = new Date(this.#ledger.deps.nowMs())
    return Object.freeze({ level: "red", reason: "no-session", action: "retry", since })
  }
}

const same = (a: SecurityStatus, b: SecurityStatus): boolean =>
  a.reason === b.reason && a.subject === b.subject
