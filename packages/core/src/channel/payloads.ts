/** Payloads of a channel: openings, acknowledgements and messages, to bytes and back. protocol.md §6.4 */
import { equalBytes } from "../bytes/compare.ts"
import {
  type ChannelContent,
  decodeChannelContent,
  decodeNothing,
  encodeChannelContent,
  encodeNothing,
} from "../content/channel.ts"
import { type ListView, type Meta, decodeMeta, encodeMeta } from "../content/meta.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { accountIdOfKey, deviceListHash, directConversationId } from "../identity/ids.ts"
import type { Identity } from "../identity/keys.ts"
import type { Payload } from "../session/payload.ts"
import type { Session } from "../session/state.ts"
import { MESSAGE_ID_BYTES } from "../wire/address.ts"
import { type Numbers, seenOf } from "./numbers.ts"
import type { Env, Party } from "./pairing-state.ts"

const LIST_HASH_BYTES = 16

const ownView = ({ list }: Identity): ListView => ({
  version: list.version,
  hash: deviceListHash(list.body).slice(0, LIST_HASH_BYTES),
})
const peerView = ({ peer }: Session): ListView => ({
  version: peer.listVersion,
  hash: peer.listHash.slice(0, LIST_HASH_BYTES),
})

/** On which session with whom. */
export interface Addressee {
  readonly party: Party
  readonly session: Session
}

const metaFor = ({ party, session }: Addressee, sequence: number, { setting, deps }: Env): Meta => ({
  messageId: deps.random(MESSAGE_ID_BYTES),
  sentAtMs: deps.nowMs(),
  ownList: ownView(setting.own),
  peerList: peerView(session),
  sequence,
  seen: seenOf(party.heard),
})

/** @param numbers `pairSent` counts this one already. */
export const openingPayload = (
  kind: "channelOpen" | "channelOpenAck",
  to: Addressee,
  numbers: Numbers,
  env: Env,
): Payload => ({
  kind,
  meta: encodeMeta(metaFor(to, numbers.pairSent, env)),
  content: encodeNothing(),
})

export interface OutgoingMessage {
  readonly body: string | Uint8Array
  /** Own messages sent before the session began. */
  readonly base: number
}
/** @param numbers `sent` counts this one already. */
export const messagePayload = (
  message: OutgoingMessage,
  to: Addressee,
  numbers: Numbers,
  env: Env,
): { readonly payload: Payload; readonly messageId: Bytes } => {
  const meta = metaFor(to, numbers.sent, env)
  const content = encodeChannelContent({ ...message, run: numbers.run })
  return {
    payload: { kind: "message", meta: encodeMeta(meta), content },
    messageId: meta.messageId as Bytes,
  }
}

/** The conversation is checked against the session: a valid message of another one is refused (CVE-2022-39251). */
const checkedMeta = (payload: Payload, session: Session, own: Identity): Meta => {
  const meta = decodeMeta(payload.meta)
  if (meta.conversation === undefined) return meta
  const here = directConversationId(accountIdOfKey(own.certificate.accountKey), session.peer.accountId)
  if (!equalBytes(meta.conversation, here))
    throw new SecureChatError("ERR_DECODE", "message of another conversation")
  return meta
}

/** @throws ERR_DECODE */
export const readOpening = (payload: Payload, session: Session, own: Identity): Meta => {
  decodeNothing(payload.content)
  return checkedMeta(payload, session, own)
}

export interface ReadMessage {
  readonly meta: Meta
  readonly content: ChannelContent
}
/** @throws ERR_DECODE */
export const readMessage = (payload: Payload, session: Session, own: Identity): ReadMessage => ({
  meta: checkedMeta(payload, session, own),
  content: decodeChannelContent(payload.content),
})
