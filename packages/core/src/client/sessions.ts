/**
 * Keys towards an account: asked of the directory, proven by the handshake, stored before use. One
 * attempt per conversation at a time. protocol.md §4.3
 */
import { EMPTY } from "../bytes/concat.ts"
import { SecureChatError } from "../errors.ts"
import type { FailureReason } from "../session/state.ts"
import { sendingSession } from "../session/tie-break.ts"
import { mayStillSend } from "../session/retire.ts"
import { transition } from "../session/transition.ts"
import type { AccountId, ConversationId, DeviceId } from "../wire/address.ts"
import type { Bundle } from "../wire/prekey.ts"
import type { Context } from "./context.ts"
import { type FoundAccount, claimBundle, findAccount } from "./directory.ts"
import { Change, type Ledger } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import type { DeviceProof } from "./records.ts"

/** Is there a session to send on? */
export const hasSession = (ledger: Ledger, account: AccountId): boolean => {
  const session = sendingSession(ledger.linkWith(account))
  return session !== undefined && mayStillSend(session, ledger.deps.nowMs())
}

/** The account's device to talk to: one for now. @throws ERR_NO_PREKEYS */
export const deviceIn = (found: FoundAccount): DeviceId => {
  const device = found.devices[0]
  if (device === undefined) throw new SecureChatError("ERR_NO_PREKEYS", "the account has no valid device")
  return device
}

/** Into `change`: a session made from a proven bundle. @throws ERR_HANDSHAKE_FAILED, ERR_VERSION_UNSUPPORTED */
export const beginSession = (
  ledger: Ledger,
  change: Change,
  found: FoundAccount,
  with_: { readonly device: DeviceId; readonly bundle: Bundle },
): void => {
  const { identity: own, deps } = ledger
  const [asked] = transition(ledger.linkTo(found.account, with_.device), { type: "start" }, deps)
  const input = {
    type: "bundle",
    own,
    bundle: with_.bundle,
    context: EMPTY,
    source: { mode: "stored" },
  } as const
  const [made] = transition(asked, input, deps)
  change.setLink(found.account, with_.device, made).setList(found.account, found.known)
}

/** Why there is no session now. */
const failureOf = (error: unknown): FailureReason => {
  if (SecureChatError.is(error, "ERR_HANDSHAKE_FAILED")) return "handshake-failed"
  // A proven bundle below the minimum, and nothing else: a relay that says "unsupported" must not leave a lasting red.
  const below =
    SecureChatError.is(error, "ERR_VERSION_UNSUPPORTED") && error.details?.["cause"] === "downgrade"
  return below ? "downgrade" : "no-session"
}
/** What a failed proof says about the peer's devices; undefined: nothing. */
export const proofOf = (error: unknown): DeviceProof | undefined => {
  if (!SecureChatError.is(error, "ERR_DIRECTORY_PROOF_INVALID", "ERR_IDENTITY_MISMATCH")) return undefined
  return ["rollback", "fork"].includes(String(error.details?.["cause"])) ? "rollback" : "invalid"
}

export class Sessions {
  readonly #context: Context
  readonly #underway = new Map<ConversationId, Promise<void>>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Keys where there are none. @throws ERR_TRANSPORT_…, ERR_NO_PREKEYS, ERR_HANDSHAKE_FAILED, … */
  async ensure(id: ConversationId): Promise<void> {
    const { ledger } = this.#context
    const record = ledger.conversations.get(id)
    if (record === undefined || hasSession(ledger, pinnedAccount(record.trust))) return
    await this.renew(id)
  }

  /** New keys also where there are some: the old ones stay for what is under way. */
  renew(id: ConversationId): Promise<void> {
    const underway = this.#underway.get(id)
    if (underway !== undefined) return underway
    const attempt = this.#attempt(id).finally(() => {
      this.#underway.delete(id)
    })
    this.#underway.set(id, attempt)
    return attempt
  }

  async #attempt(id: ConversationId): Promise<void> {
    const { ledger, relay } = this.#context
    const record = ledger.conversations.get(id)
    if (record === undefined) return
    const account = pinnedAccount(record.trust)
    await this.#note(account, { type: "start" })
    try {
      const found = await findAccount(relay, account, ledger.listOf(account))
      const device = deviceIn(found)
      const bundle = await claimBundle(relay, found, device)
      await ledger.queue.run(async () => {
        const change = new Change(ledger)
        beginSession(ledger, change, found, { device, bundle })
        const current = ledger.conversations.get(id)
        if (current !== undefined && current.devices !== "proven")
          change.setConversation({ ...current, devices: "proven" })
        await ledger.commit(change)
      })
    } catch (error) {
      await this.#note(account, { type: "refused", reason: failureOf(error) })
      await this.#noteProof(id, error)
      throw error
    } finally {
      this.#context.changed()
    }
  }

  /** What is known of an account's device, if any is: a light that says `handshaking` or why not. */
  async #note(account: AccountId, input: Parameters<typeof transition>[1]): Promise<void> {
    const { ledger, deps } = this.#context
    const device = ledger.deviceOf(account)
    if (device === undefined) return
    await ledger.queue.run(async () => {
      const [link] = transition(ledger.linkTo(account, device), input, deps)
      await ledger.commit(new Change(ledger).setLink(account, device, link))
    })
    this.#context.changed()
  }

  async #noteProof(id: ConversationId, error: unknown): Promise<void> {
    const devices = proofOf(error)
    if (devices !== undefined) await this.#context.ledger.update(id, (record) => ({ ...record, devices }))
  }
}
