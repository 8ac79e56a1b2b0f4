/**
 * What a person decides about a peer: verify, reject, accept, withdraw, reset. Each names what was seen,
 * and each is one stored step. protocol.md §9.3
 */
import { equalBytes } from "../bytes/compare.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { safetyNumberOfKeys, scanMatches } from "../identity/safety-number.ts"
import { type Trust, accept, forgetMismatch, reject, shownPin, unverify, verify } from "../identity/trust.ts"
import type { SafetyNumber } from "../runtime/types.ts"
import type { AccountId, ConversationId } from "../wire/address.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount, shownAccount } from "./lights.ts"
import { tellGaps } from "./open-gaps.ts"
import { release } from "./quarantine.ts"
import type { ConversationRecord } from "./records.ts"

const stale = (): SecureChatError =>
  new SecureChatError("ERR_VERIFICATION_STALE", "the peer changed since this was shown", {
    hint: "Compare the new safety number.",
  })

export class Decisions {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  safetyNumber(id: ConversationId): SafetyNumber {
    const { ledger } = this.#context
    const peer = shownPin(this.#record(id).trust).accountKey
    return Object.freeze(safetyNumberOfKeys(ledger.identity.certificate.accountKey, peer))
  }

  /** @throws ERR_VERIFICATION_STALE, ERR_IDENTITY_MISMATCH */
  async verify(id: ConversationId, seen: SafetyNumber | Uint8Array): Promise<boolean> {
    const number = this.safetyNumber(id)
    const now = this.#context.deps.nowMs()
    if (seen instanceof Uint8Array) {
      const matches = scanMatches(number, seen)
      await this.#decide(id, (trust) => {
        const key = this.#keyOf(trust, number.subject)
        return matches ? verify(trust, key, "qr", now) : reject(trust, key)
      })
      return matches
    }
    if (seen.digits !== number.digits) throw stale()
    await this.#decide(id, (trust) => verify(trust, this.#keyOf(trust, seen.subject), "number", now))
    return true
  }

  /** @throws ERR_VERIFICATION_STALE */
  async reject(id: ConversationId, seen: SafetyNumber): Promise<void> {
    if (seen.digits !== this.safetyNumber(id).digits) throw stale()
    await this.#decide(id, (trust) => reject(trust, this.#keyOf(trust, seen.subject)))
  }

  async unverify(id: ConversationId): Promise<void> {
    await this.#decide(id, unverify)
  }

  /** @throws ERR_VERIFICATION_STALE, ERR_IDENTITY_MISMATCH */
  async accept(id: ConversationId, identity: AccountId): Promise<void> {
    await this.#decide(id, (trust) => accept(trust, this.#keyOf(trust, identity)))
  }

  /** A mismatch is forgotten; the caller makes new keys. */
  async reset(id: ConversationId): Promise<void> {
    await this.#decide(id, forgetMismatch)
  }

  #record(id: ConversationId): ConversationRecord {
    const record = this.#context.ledger.conversations.get(id)
    if (record === undefined) throw new SecureChatError("ERR_CONVERSATION_NOT_FOUND", "no such conversation")
    return record
  }

  /** The key of the account a person named, if it is the one shown. */
  #keyOf(trust: Trust, named: AccountId): Bytes {
    if (shownAccount(trust) !== named) throw stale()
    return shownPin(trust).accountKey
  }

  async #decide(id: ConversationId, decide: (trust: Trust) => Trust): Promise<void> {
    const { ledger, changed, ensureSession, report, pump } = this.#context
    const told = await ledger.queue.run(async () => {
      const record = this.#record(id)
      const trust = decide(record.trust)
      if (trust === record.trust) return []
      const moved = !equalBytes(trust.pin.accountKey, record.trust.pin.accountKey)
      // Opened by account id: nobody can accept another identity there.
      if (moved && record.fixed)
        throw new SecureChatError("ERR_IDENTITY_MISMATCH", "this conversation accepts one identity only")
      if (moved && ledger.hasOwnConversation(pinnedAccount(trust)))
        throw new SecureChatError("ERR_IDENTITY_MISMATCH", "this identity has a conversation of its own", {
          hint: "Write to it there.",
        })
      const change = new Change(ledger).setConversation({ ...record, trust, stranger: false })
      if (moved) this.#holdFor(change, id, pinnedAccount(record.trust))
      const told = moved ? await release(this.#context, change, id) : []
      await ledger.commit(change)
      if (moved)
        told.push(() => {
          tellGaps(this.#context, { id, trust })
        })
      return told
    })
    changed()
    for (const tell of told) tell()
    pump()
    ensureSession(id).catch(report)
  }

  /** Undelivered messages to the former identity wait for `retry`: nothing goes to new keys by itself. */
  #holdFor(change: Change, id: ConversationId, former: AccountId): void {
    for (const entry of this.#context.ledger.entries())
      if (entry.conversationId === id && entry.account === former)
        change.setEntry({ ...entry, state: "held", problem: "ERR_NOT_SECURE" })
  }
}
