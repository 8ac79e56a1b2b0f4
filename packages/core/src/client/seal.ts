/**
 * One message for one device: number, meta, session step. Everything goes into the caller's `Change`;
 * nothing leaves before that is stored.
 */
import { encodeMeta, type ListView, type Meta } from "../content/meta.ts"
import { reduceDirect, seenOf } from "../conversation/reduce.ts"
import { progressOf } from "../conversation/state.ts"
import { secret } from "../bytes/secret.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { deviceListHash } from "../identity/ids.ts"
import type { Identity } from "../identity/keys.ts"
import type { Effect } from "../session/effect.ts"
import type { Link } from "../session/state.ts"
import { sendingSession } from "../session/tie-break.ts"
import { transition } from "../session/transition.ts"
import { type AccountId, type ConversationId, type DeviceId, parseAccountId } from "../wire/address.ts"
import { PAYLOAD_KIND } from "../wire/tags.ts"
import type { Change, Ledger } from "./ledger.ts"
import { nextHead } from "./log.ts"

export interface Sealed {
  readonly device: DeviceId
  readonly envelope: Bytes
  readonly sequence: number
  readonly commitKey: Bytes
  readonly commitment: Bytes
  /** h of the own chain before it. */
  readonly previous: Bytes
  readonly link: Link
}

const VIEW_HASH_BYTES = 16

const ownListView = (own: Identity): ListView => ({
  version: own.list.version,
  hash: deviceListHash(own.list.body).subarray(0, VIEW_HASH_BYTES),
})

/** What is believed about the peer's list: the pinned one, else the one the handshake showed. */
const peerListView = (ledger: Ledger, account: AccountId, link: Link): ListView => {
  const known = ledger.listOf(account)?.list
  if (known !== undefined)
    return { version: known.version, hash: deviceListHash(known.body).subarray(0, VIEW_HASH_BYTES) }
  const peer = sendingSession(link)?.peer
  if (peer === undefined) throw noSession()
  return { version: peer.listVersion, hash: peer.listHash.subarray(0, VIEW_HASH_BYTES) }
}

const transmitOf = (effects: readonly Effect[]): Effect & { type: "transmit" } => {
  const found = effects.find((effect) => effect.type === "transmit")
  if (found === undefined) throw new SecureChatError("ERR_INTERNAL", "a send without an envelope")
  return found
}

interface Outgoing {
  readonly id: ConversationId
  readonly account: AccountId
  readonly messageId: Bytes
  readonly sentAtMs: number
  readonly content: Bytes
  readonly acks?: Meta["acks"]
  /** What had its number before, and keeps it. */
  readonly again?: { readonly sequence: number; readonly previous: Bytes; readonly commitKey: Bytes }
}

type SealKind = "message" | "receipt" | "resend"

/**
 * Numbers and encrypts content with everything the conversation has to say besides it.
 * @throws ERR_NO_SESSION
 */
export const seal = (ledger: Ledger, change: Change, kind: SealKind, out: Outgoing): Sealed => {
  const { identity: own, deps } = ledger
  const device = ledger.deviceOf(out.account)
  if (device === undefined) throw noSession()
  const link = ledger.linkTo(out.account, device)
  const state = change.direct(out.account)
  const isText = kind === "message"
  const { again } = out
  const sequence = again?.sequence ?? (isText ? state.sent : progressOf(state, device).pairSent) + 1
  const meta = encodeMeta({
    messageId: out.messageId,
    sentAtMs: out.sentAtMs,
    ownList: ownListView(own),
    peerList: peerListView(ledger, out.account, link),
    sequence,
    previous: again?.previous ?? (isText ? state.sentHead : undefined),
    acks: out.acks,
    seen: seenOf(state, device),
  })
  const payload = { kind, meta, content: out.content }
  const kept = again && secret(again.commitKey)
  const [next, effects] = transition(link, { type: "send", own, payload, commitKey: kept }, deps)
  const { envelope, commitKey, commitment } = transmitOf(effects)
  const leaf = {
    conversation: ledger.directIdWith(out.account),
    account: parseAccountId(own.accountId),
    device: own.certificate.deviceId,
    messageId: out.messageId,
    sequence,
    kind: PAYLOAD_KIND[kind],
    sentAtMs: out.sentAtMs,
    commitment,
  }
  const [sent] = reduceDirect(
    state,
    isText ? { type: "sent", head: nextHead(state.sentHead, leaf) } : { type: "pair-sent", deviceId: device },
  )
  change.setLink(out.account, device, next)
  if (again === undefined) change.setDirect(out.account, sent)
  const previous = state.sentHead
  return { device, envelope, sequence, commitKey: commitKey.expose(), commitment, previous, link: next }
}

const noSession = (): SecureChatError => new SecureChatError("ERR_NO_SESSION", "no session to send on")
