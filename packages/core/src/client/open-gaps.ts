/**
 * Gaps that stand are told again when a store is opened, since a process may have died between storing one and telling it
 * (simulation, seed 162), and when a person accepts an identity, of which nothing was told before (seed 466): nothing else
 * would speak of them. protocol.md §6.9
 */
import { type DeviceProgress, progressOf } from "../conversation/state.ts"
import type { Context } from "./context.ts"
import { pinnedAccount } from "./lights.ts"
import type { ConversationRecord } from "./records.ts"

interface Gap {
  readonly first: number
  readonly last: number
}

/** What the peer has numbered and was not taken, rising. */
export const openGaps = ({
  received: { upTo, ahead },
  known,
}: Pick<DeviceProgress, "received" | "known">): readonly Gap[] => {
  const gaps: Gap[] = []
  let taken = upTo
  for (const next of [...ahead, known + 1]) {
    if (next > taken + 1) gaps.push({ first: taken + 1, last: next - 1 })
    taken = Math.max(taken, next)
  }
  return gaps
}

export const tellGaps = (
  { ledger, emit }: Pick<Context, "ledger" | "emit">,
  { id, trust }: Pick<ConversationRecord, "id" | "trust">,
): void => {
  const accountId = pinnedAccount(trust)
  const state = ledger.direct(accountId)
  for (const deviceId of state.devices.keys())
    for (const { first, last } of openGaps(progressOf(state, deviceId)))
      emit("gap", Object.freeze({ conversationId: id, accountId, deviceId, first, last }), id)
}
