/** Facts of a conversation that are read, not kept: receipts and sessions as an app sees them. */
import { progressOf } from "../conversation/state.ts"
import { type AccountId, type ConversationId, formatDeviceId } from "../wire/address.ts"
import type { Ledger } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { sentMessage } from "./messages.ts"
import type { Receipts, SessionInfo } from "./types.ts"

const SUITE = "X25519+ML-KEM-768, Double Ratchet, Fernet"

export const sessionsOf = (ledger: Ledger, id: ConversationId): readonly SessionInfo[] => {
  const record = ledger.conversations.get(id)
  if (record === undefined) return []
  const { sessions } = ledger.linkWith(pinnedAccount(record.trust))
  return sessions
    .filter((session) => session.phase !== "retired")
    .map((session) =>
      Object.freeze({
        device: formatDeviceId(session.peer.deviceId),
        suite: SUITE,
        establishedAt: new Date(session.createdAtMs),
        postQuantum: true,
        forwardSecrecy: session.reduced ? "reduced-first-message" : "full",
      }),
    )
}

/** The own messages the cursors stand at, as message ids. */
export const receiptsOf = async (
  ledger: Ledger,
  id: ConversationId,
): Promise<ReadonlyMap<AccountId, Receipts>> => {
  const record = ledger.conversations.get(id)
  if (record === undefined) return new Map()
  const account = pinnedAccount(record.trust)
  const device = ledger.deviceOf(account)
  if (device === undefined) return new Map()
  const { delivered, read } = progressOf(ledger.direct(account), device)
  const idOf = async (sequence: number): Promise<string | undefined> =>
    sequence === 0 ? undefined : (await sentMessage(ledger.store, id, { account, sequence }))?.id
  const deliveredUpTo = await idOf(delivered)
  const readUpTo = await idOf(read)
  const receipts = {
    ...(deliveredUpTo === undefined ? {} : { deliveredUpTo }),
    ...(readUpTo === undefined ? {} : { readUpTo }),
  }
  return new Map([[account, Object.freeze(receipts)]])
}
