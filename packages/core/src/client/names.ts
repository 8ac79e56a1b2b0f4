/**
 * What names mean: user names to conversations, and own look-ups that notice when a name has begun to
 * mean somebody else. The pin is made by an own look-up, never by an incoming message. protocol.md §1.2
 */
import { SecureChatError } from "../errors.ts"
import { type Trust, firstSeen, observe } from "../identity/trust.ts"
import {
  type AccountId,
  type ConversationId,
  type DeviceId,
  type UserId,
  isAccountId,
  isHandle,
} from "../wire/address.ts"
import type { Bundle } from "../wire/prekey.ts"
import type { Context } from "./context.ts"
import { type FoundAccount, claimBundle, findAccount, resolveHandle } from "./directory.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { absorb, expel, release } from "./quarantine.ts"
import type { ConversationRecord } from "./records.ts"
import { beginSession, deviceIn, hasSession, proofOf } from "./sessions.ts"

/** Names looked up again after each sign-in, those with waiting messages first. */
const RECHECKED = 32

/** The same trust under another name: a verification belongs to the name it was made under. */
const renamed = (trust: Trust, name: string): Trust => ({ ...trust, name })

const withOneself = (): SecureChatError =>
  new SecureChatError("ERR_CONFIG_INVALID", "a conversation with oneself")

export class Names {
  readonly #context: Context
  readonly #looking = new Map<ConversationId, Promise<void>>()

  constructor(context: Context) {
    this.#context = context
  }

  /** The conversation of a user id that is known already. */
  known(user: UserId): ConversationRecord | undefined {
    const { ledger } = this.#context
    return isAccountId(user) ? ledger.conversationWith(user) : ledger.conversationNamed(user)
  }

  /** @throws ERR_CONFIG_INVALID, ERR_USER_NOT_FOUND, ERR_NO_PREKEYS, ERR_IDENTITY_MISMATCH, ERR_HANDSHAKE_FAILED, … */
  async open(user: UserId): Promise<ConversationId> {
    const { ledger, settings, relay } = this.#context
    const own = ledger.identity.accountId
    if (user === settings.handle || user === own) throw withOneself()
    if (!isAccountId(user) && !isHandle(user))
      throw new SecureChatError("ERR_CONFIG_INVALID", "neither a handle nor an account id", {
        hint: "Like 'bob', or a whole 'sc1…' id.",
      })
    const found = isAccountId(user)
      ? await findAccount(relay, user, ledger.listOf(user))
      : await resolveHandle(relay, user, (account) => ledger.listOf(account))
    if (found.account === own) throw withOneself()
    const device = deviceIn(found)
    const bundle = hasSession(ledger, found.account) ? undefined : await claimBundle(relay, found, device)
    const [id, told] = await ledger.queue.run(() => this.#settle(user, found, { device, bundle }))
    for (const tell of told) tell()
    return id
  }

  async #settle(
    user: UserId,
    found: FoundAccount,
    keys: { readonly device: DeviceId; readonly bundle: Bundle | undefined },
  ): Promise<readonly [ConversationId, (() => void)[]]> {
    const { ledger, announce } = this.#context
    const { device, bundle } = keys
    const change = new Change(ledger)
    if (bundle !== undefined && !hasSession(ledger, found.account))
      beginSession(ledger, change, found, { device, bundle })
    else change.setList(found.account, found.known)
    // It may have come into being while the directory was asked.
    const before = this.known(user) ?? ledger.conversationWith(found.account)
    const record = before === undefined ? this.#created(user, found) : this.#adopted(before, user, found)
    change.setConversation(record)
    const told =
      before === undefined
        ? [
            () => {
              announce(record.id)
            },
          ]
        : [
            ...(await release(this.#context, change, record.id)),
            ...(await expel(this.#context, change, before, record.trust)),
          ]
    await ledger.commit(change)
    return [record.id, told]
  }

  #created(user: UserId, found: FoundAccount): ConversationRecord {
    const { ledger, deps } = this.#context
    const fixed = isAccountId(user)
    return {
      ...{ id: ledger.newConversationId(found.account), trust: firstSeen(user, found.pin) },
      ...{ handle: fixed ? undefined : user, fixed, createdAtMs: deps.nowMs(), places: 0 },
      ...{ devices: "proven", stranger: false },
    }
  }

  /**
   * A conversation that exists is asked for by this name: it is answered now, keeps the stricter rule, and goes
   * by this name from here on. A verification under another name does not follow: what a name means is the
   * relay's word, and it may point "bob" at verified Mallory (attack A20).
   */
  #adopted(record: ConversationRecord, user: UserId, found: FoundAccount): ConversationRecord {
    const seen = { ...record, stranger: false, trust: observe(record.trust, found.pin) }
    if (isAccountId(user)) return seen.handle === undefined ? { ...seen, fixed: true } : seen
    // A change that waits for a decision is about the name it was noticed under.
    if (pinnedAccount(seen.trust) !== found.account) return seen
    // This own look-up is the answer a claim was waiting for.
    return { ...seen, handle: user, claimedHandle: undefined, trust: renamed(seen.trust, user) }
  }

  /** They wrote first, and a person now reads or answers. */
  async answer(id: ConversationId): Promise<void> {
    await this.#context.ledger.update(id, (record) =>
      record.stranger ? { ...record, stranger: false } : undefined,
    )
  }

  /** Asks what the conversation's name means now, unless that is being asked already. */
  lookUp(id: ConversationId): Promise<void> {
    const underway = this.#looking.get(id)
    if (underway !== undefined) return underway
    const looking = this.#look(id)
      .catch((error: unknown) => {
        this.#context.report(error)
      })
      .finally(() => {
        this.#looking.delete(id)
      })
    this.#looking.set(id, looking)
    return looking
  }

  /** After a sign-in: claims that waited, then names somebody may have taken over meanwhile. */
  async recheck(): Promise<void> {
    const { ledger, relay } = this.#context
    const waiting = new Set(ledger.entries().map((entry) => entry.conversationId))
    const named = [...ledger.conversations.values()].filter(
      ({ handle, claimedHandle }) => handle !== undefined || claimedHandle !== undefined,
    )
    const rank = (record: ConversationRecord): number =>
      record.claimedHandle !== undefined ? 0 : waiting.has(record.id) ? 1 : 2
    for (const record of named.sort((a, b) => rank(a) - rank(b)).slice(0, RECHECKED)) {
      if (!relay.usable) return
      await this.lookUp(record.id)
    }
  }

  async #look(id: ConversationId): Promise<void> {
    const { ledger, relay, changed } = this.#context
    const record = ledger.conversations.get(id)
    const name = record?.claimedHandle ?? record?.handle
    if (name === undefined || !relay.usable) return
    let found: FoundAccount | undefined
    let failure: unknown
    try {
      found = await resolveHandle(relay, name, (account) => ledger.listOf(account))
    } catch (error) {
      failure = error
    }
    // The connection went away: the question is asked again after the next sign-in.
    if (found === undefined && !this.#usable()) return
    const told = await ledger.queue.run(() => this.#apply(id, name, found, failure))
    changed()
    for (const tell of told) tell()
  }

  #usable(): boolean {
    return this.#context.relay.usable
  }

  async #apply(
    id: ConversationId,
    name: string,
    found: FoundAccount | undefined,
    failure: unknown,
  ): Promise<(() => void)[]> {
    const { ledger } = this.#context
    const record = ledger.conversations.get(id)
    if (record === undefined) return []
    if (record.claimedHandle === name) return this.#settleClaim(record, name, found)
    if (found !== undefined) return this.#observe(record, found)
    const devices = proofOf(failure)
    if (devices !== undefined) await ledger.commit(new Change(ledger).setConversation({ ...record, devices }))
    return []
  }

  /** A stranger said it is `name`: true for this very account, or nothing. */
  async #settleClaim(
    record: ConversationRecord,
    name: string,
    found: FoundAccount | undefined,
  ): Promise<(() => void)[]> {
    const { ledger } = this.#context
    const account: AccountId = pinnedAccount(record.trust)
    const holds = found?.account === account
    const other = ledger.conversationNamed(name)
    if (holds && other !== undefined && other.id !== record.id) {
      return absorb(this.#context, other, record)
    }
    const unclaimed = { ...record, claimedHandle: undefined }
    const next = holds ? { ...unclaimed, handle: name, trust: renamed(record.trust, name) } : unclaimed
    const change = new Change(ledger).setConversation(next)
    const freed = await release(this.#context, change, record.id)
    await ledger.commit(change)
    return freed
  }

  async #observe(record: ConversationRecord, found: FoundAccount): Promise<(() => void)[]> {
    const { ledger } = this.#context
    const other = ledger.conversationWith(found.account)
    // Who was never answered moves in here. A conversation of its own stays: a name is only the relay's word.
    if (other?.stranger === true && other.id !== record.id) return absorb(this.#context, record, other)
    const trust = observe(record.trust, found.pin)
    const change = new Change(ledger).setList(found.account, found.known)
    const told = await expel(this.#context, change, record, trust)
    await ledger.commit(change.setConversation({ ...record, trust, devices: "proven" }))
    return told
  }
}
