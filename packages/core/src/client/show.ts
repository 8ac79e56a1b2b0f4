/** Records as an app sees them: plain, frozen, with what is computed rather than stored. */
import { toBase64url } from "../bytes/text.ts"
import { type ErrorCode, type ErrorInfo, SecureChatError } from "../errors.ts"
import { type ConversationId, formatDeviceId } from "../wire/address.ts"
import { dateOf } from "../runtime/date.ts"
import type { Ledger } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import type { ConversationRecord, MessageRecord } from "./records.ts"
import type { Message, SendStatus, Sender, Unreadable } from "./types.ts"

export interface OwnState {
  readonly status: SendStatus
  readonly problem: ErrorCode | undefined
}

const SAID: Readonly<Partial<Record<ErrorCode, string>>> = {
  ERR_NOT_SECURE: "held because the conversation turned red",
  ERR_FRAME_TOO_LARGE: "too large for this relay",
  ERR_STORE_CORRUPT: "its record in the store is damaged",
  ERR_TIMEOUT: "nobody confirmed it in thirty days",
}
const problemOf = (code: ErrorCode): ErrorInfo =>
  new SecureChatError(code, SAID[code] ?? "could not be read").toJSON()

const senderOf = (
  ledger: Ledger,
  id: ConversationId,
  record: MessageRecord,
  own: string | undefined,
): Sender => {
  const conversation = ledger.conversations.get(id)
  const inForce = conversation !== undefined && pinnedAccount(conversation.trust) === record.account
  const handle = record.mine ? own : inForce ? conversation.handle : undefined
  const sender = { accountId: record.account, deviceId: record.device }
  return Object.freeze(handle === undefined ? sender : { ...sender, handle })
}

/** @param state of an own message; undefined for others'. */
export const showRecord = (
  ledger: Ledger,
  id: ConversationId,
  record: MessageRecord,
  context: { readonly handle: string | undefined; readonly state: OwnState | undefined },
): Message | Unreadable => {
  const base = { id: record.id, conversationId: id }
  if (record.problem !== undefined && !record.mine) {
    const receivedAt = dateOf(record.receivedAtMs ?? record.sentAtMs)
    const resendRequested =
      record.commitment !== undefined && ledger.wanted.has(toBase64url(record.commitment))
    const problem = problemOf(record.problem)
    // Of a damaged record nobody knows whose it was.
    const from = (record.account as string) === "" ? {} : { from: record.account }
    return Object.freeze({ ...base, ...from, receivedAt, problem, resendRequested })
  }
  const { state } = context
  const problem = state?.problem ?? (state?.status === "held" ? "ERR_NOT_SECURE" : undefined)
  return Object.freeze({
    ...base,
    sender: senderOf(ledger, id, record, context.handle),
    mine: record.mine,
    sentAt: dateOf(record.sentAtMs),
    ...(record.receivedAtMs === undefined ? {} : { receivedAt: new Date(record.receivedAtMs) }),
    ...(record.text === undefined ? {} : { text: record.text }),
    ...(record.replyTo === undefined ? {} : { replyTo: record.replyTo }),
    ...(record.replaces === undefined ? {} : { replaces: record.replaces }),
    ...(record.late === true ? { reordered: record.sequence } : {}),
    ...(state === undefined ? {} : { status: state.status }),
    ...(problem === undefined ? {} : { problem: problemOf(problem) }),
    security: record.security,
  })
}

export const titleOf = (record: ConversationRecord): string => record.handle ?? pinnedAccount(record.trust)

/** Devices of an account as its pinned list names them. */
export const devicesOf = (
  ledger: Ledger,
  record: ConversationRecord,
): readonly { readonly id: string; readonly addedAt: Date }[] => {
  const account = pinnedAccount(record.trust)
  const listed = ledger.listOf(account)?.list.devices ?? []
  if (listed.length > 0)
    return listed.map((device) => ({
      id: formatDeviceId(device.deviceId),
      addedAt: new Date(device.addedAtMs),
    }))
  const device = ledger.deviceOf(account)
  const since = ledger.linkWith(account).sessions[0]?.createdAtMs ?? record.createdAtMs
  return device === undefined ? [] : [{ id: device, addedAt: new Date(since) }]
}
