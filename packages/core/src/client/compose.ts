/** A text on its way out: sealed, recorded and queued in one `Change`. */
import { fromBase64url } from "../bytes/text.ts"
import { encodeText } from "../content/kinds.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_CONTENT_BYTES } from "../limits.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import { sendingSession } from "../session/tie-break.ts"
import type { AccountId, ConversationId, MessageId } from "../wire/address.ts"
import type { Context } from "./context.ts"
import { keepInspection } from "./inspections.ts"
import type { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { storeMessage } from "./messages.ts"
import type { ConversationRecord, MessageRecord, OutboxEntry } from "./records.ts"
import { type Sealed, seal } from "./seal.ts"

export interface Draft {
  readonly text: string
  readonly replyTo: MessageId | undefined
}
export interface Composition {
  readonly draft: Draft
  readonly messageId: MessageId
  readonly sentAtMs: number
  /** The light as it stood: `message.security`. */
  readonly status: SecurityStatus
  /** Of a message that has its place already. */
  readonly place?: number | undefined
}

export const conversationIn = (change: Change, id: ConversationId): ConversationRecord => {
  const record = change.conversation(id)
  if (record === undefined) throw new SecureChatError("ERR_CONVERSATION_NOT_FOUND", "no such conversation")
  return record
}

/** Content bytes; to somebody who has not answered yet, with the own handle to look up. @throws ERR_MESSAGE_TOO_LARGE */
const encodeDraft = ({ ledger, settings }: Context, draft: Draft, account: AccountId): Bytes => {
  const replyTo = draft.replyTo === undefined ? undefined : fromBase64url(draft.replyTo)
  const unanswered = sendingSession(ledger.linkWith(account))?.phase === "unconfirmed"
  const content = encodeText({ text: draft.text, replyTo, handle: unanswered ? settings.handle : undefined })
  if (content.length > MAX_CONTENT_BYTES)
    throw new SecureChatError("ERR_MESSAGE_TOO_LARGE", `content of ${content.length} bytes`, {
      hint: `At most ${MAX_CONTENT_BYTES} bytes fit one message.`,
      details: { limitBytes: MAX_CONTENT_BYTES },
    })
  return content
}

const recordOf = (
  context: Context,
  what: Composition,
  sealed: Sealed,
  to: { account: AccountId; place: number },
): MessageRecord => {
  const { accountId, deviceId } = context.ledger.identity
  return {
    place: to.place,
    id: what.messageId,
    mine: true,
    account: accountId,
    device: deviceId,
    peer: to.account,
    sentAtMs: what.sentAtMs,
    receivedAtMs: undefined,
    text: what.draft.text,
    replyTo: what.draft.replyTo,
    sequence: sealed.sequence,
    security: what.status,
    quarantined: false,
    problem: undefined,
    commitKey: sealed.commitKey,
    commitment: sealed.commitment,
    late: undefined,
    replaces: undefined,
  }
}

const entryOf = (
  { ledger, deps }: Context,
  id: ConversationId,
  message: MessageRecord,
  sealed: Sealed,
): OutboxEntry => ({
  order: ledger.nextOrder(),
  conversationId: id,
  account: message.peer,
  device: sealed.device,
  messageId: message.id,
  messagePlace: message.place,
  sequence: message.sequence,
  envelopeId: deps.random(16),
  envelope: sealed.envelope,
  state: "queued",
  problem: undefined,
  sinceMs: deps.nowMs(),
  previous: sealed.previous,
  resends: 0,
})

/** Into `change`: session step, message, outbox entry. @throws ERR_NO_SESSION, ERR_MESSAGE_TOO_LARGE */
export const composeText = (
  context: Context,
  change: Change,
  id: ConversationId,
  what: Composition,
): MessageRecord => {
  const { ledger, settings } = context
  const conversation = conversationIn(change, id)
  const account = pinnedAccount(conversation.trust)
  const content = encodeDraft(context, what.draft, account)
  const messageId = fromBase64url(what.messageId)
  const sealed = seal(ledger, change, "message", { id, account, messageId, sentAtMs: what.sentAtMs, content })
  const place = what.place ?? conversation.places + 1
  const message = recordOf(context, what, sealed, { account, place })
  storeMessage(change.batch, id, message)
  change.setConversation({ ...conversation, places: Math.max(place, conversation.places), stranger: false })
  change.setEntry(entryOf(context, id, message, sealed))
  const { device, envelope } = sealed
  const record = { messageId: message.id, mine: true, device, envelope, contentBytes: content.length }
  keepInspection(change.batch, id, settings.inspect, { place, record })
  return message
}
