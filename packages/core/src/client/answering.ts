/**
 * A peer could not open what was sent to it: encrypted again from the outbox, under the session that sends now, as the
 * same message (id, number, place in the chain, k_f and so C_f). Only what is on its way to this very device, and only
 * while its identity is the one in force; three times at most. protocol.md §6.9
 */
import { equalBytes } from "../bytes/compare.ts"
import { EMPTY } from "../bytes/concat.ts"
import { secret } from "../bytes/secret.ts"
import { fromBase64url, toHex } from "../bytes/text.ts"
import { type EnvelopeName, encodeText } from "../content/kinds.ts"
import type { Bytes } from "../deps.ts"
import { MAX_RESENDS, MAX_WANTED } from "../limits.ts"
import { commitmentOf } from "../session/payload.ts"
import { retire } from "../session/retire.ts"
import { parseAccountId } from "../wire/address.ts"
import { decodeEnvelope } from "../wire/envelope.ts"
import type { Context } from "./context.ts"
import { Change } from "./ledger.ts"
import { pinnedAccount } from "./lights.ts"
import { messageAt } from "./messages.ts"
import type { Author } from "./opened.ts"
import type { MessageRecord, OutboxEntry } from "./records.ts"
import { seal } from "./seal.ts"

const nameOf = ({ sessionId, ratchetKey, count }: Omit<EnvelopeName, "unknown">): string =>
  `${toHex(sessionId)}/${toHex(ratchetKey)}/${count}`

/** @param asked the session the request came on: the others it may name as lost. */
export const answer = async (
  context: Context,
  { account, device }: Author,
  asked: { readonly sessionId: Bytes; readonly envelopes: readonly EnvelopeName[] },
): Promise<void> => {
  const { ledger, lights, deps, givenUp, pump } = context
  const id = ledger.conversationWith(account)?.id
  if (id === undefined) return
  const envelopes = asked.envelopes.slice(0, MAX_WANTED)
  await ledger.queue.run(async () => {
    const record = ledger.conversations.get(id)
    // Never to an identity nobody has accepted.
    if (record === undefined || account !== pinnedAccount(record.trust) || lights.of(id).level === "red")
      return
    const lost = envelopes.filter((one) => one.unknown && !equalBytes(one.sessionId, asked.sessionId))
    const link = ledger.linkTo(account, device)
    const left = lost.reduce((next, one) => retire(next, one.sessionId as Bytes, deps.nowMs()), link)
    if (lost.length > 0) await ledger.commit(new Change(ledger).setLink(account, device, left))
    const names = new Set(envelopes.map(nameOf))
    for (const entry of ledger.entriesTo(account))
      if (
        entry.device === device &&
        entry.state !== "held" &&
        names.has(nameOf(decodeEnvelope(entry.envelope)))
      )
        await sealAgain(context, entry)
  })
  // Something authentic in any case: the asker learns that its request came through.
  givenUp(id)
  pump()
}

/** The next step of the ratchet is stored before the next entry: no key for two. */
const sealAgain = async (context: Context, entry: OutboxEntry): Promise<void> => {
  const { ledger, deps } = context
  const { conversationId: id } = entry
  const message = await messageAt(ledger.store, id, entry.messagePlace)
  if (message?.commitKey === undefined || entry.resends >= MAX_RESENDS) return
  const { commitKey, sentAtMs } = message
  const content = contentOf(context, message)
  if (content === undefined) return
  const { account, sequence, previous } = entry
  const change = new Change(ledger)
  const { envelope } = seal(ledger, change, "message", {
    ...{ id, account, messageId: fromBase64url(entry.messageId), sentAtMs, content },
    again: { sequence, previous, commitKey },
  })
  const resends = entry.resends + 1
  change.setEntry({ ...entry, envelope, envelopeId: deps.random(16), state: "queued", resends })
  await ledger.commit(change)
}

/** The very bytes that were committed to; a message to somebody unanswered carried the own handle. */
const contentOf = ({ ledger, settings }: Context, message: MessageRecord): Bytes | undefined => {
  const { commitKey, commitment, peer, text = "" } = message
  if (commitKey === undefined || commitment === undefined) return undefined
  const replyTo = message.replyTo === undefined ? undefined : fromBase64url(message.replyTo)
  const author = parseAccountId(ledger.identity.accountId)
  const franking = { conversationId: ledger.directIdWith(peer), author }
  return [undefined, settings.handle]
    .map((handle) => encodeText({ text, replyTo, handle }))
    .find((content) =>
      equalBytes(
        commitmentOf(secret(commitKey), franking, { kind: "message", meta: EMPTY, content }),
        commitment,
      ),
    )
}
