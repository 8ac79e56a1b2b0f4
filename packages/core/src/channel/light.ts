/** The traffic light of a channel: computed from its state whenever it is asked for. protocol.md §9.3 */
import { shownPin } from "../identity/trust.ts"
import { SecureChatError } from "../errors.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import { isTransient, securityOf } from "../session/security.ts"
import { emptyLink } from "../session/state.ts"
import { type AccountId, formatAccountId } from "../wire/address.ts"
import { type Pairing, openParty } from "./pairing-state.ts"

/** The account a person is shown: the one to be decided about, else the one in force, else the one asked for. */
export const shownAccount = (state: Pairing, only: AccountId | undefined): AccountId | undefined =>
  state.trust === undefined ? only : formatAccountId(shownPin(state.trust).accountId)

export interface LightInput {
  readonly state: Pairing
  readonly only: AccountId | undefined
  /** Started: hellos are under way. */
  readonly running: boolean
}

/**
 * A session counts once the channel is open; until then keys are being agreed on, whatever a stranger says.
 * @param previous kept where nothing has changed, with its `since`.
 */
export const lightOf = (
  input: LightInput,
  previous: SecurityStatus | undefined,
  nowMs: number,
): SecurityStatus => {
  const { state, only, running } = input
  const link = openParty(state)?.link ?? { ...emptyLink, requestedAtMs: running ? nowMs : undefined }
  const facts = { link, trust: state.trust, devices: "proven", subject: shownAccount(state, only) } as const
  const next = securityOf(facts, new Date(nowMs))
  const same = previous !== undefined && previous.reason === next.reason && previous.subject === next.subject
  return same ? previous : next
}

/** @throws ERR_NOT_SECURE while red: nothing is encrypted, nothing leaves. */
export const refuseRed = (status: SecurityStatus): void => {
  if (status.level !== "red") return
  throw new SecureChatError("ERR_NOT_SECURE", `not sent: ${status.reason}`, {
    retryable: isTransient(status.reason),
    hint: "Show `security` and offer its action.",
    details: { reason: status.reason },
  })
}
