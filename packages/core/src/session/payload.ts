/**
 * What is inside a token, and the commitment to it. protocol.md §6.4, §11
 *
 *   01 ‖ kind u8 ‖ [franked: k_f 32] ‖ u16 metaLen ‖ meta ‖ u32 contentLen ‖ content ‖ 80 ‖ 00 …
 *
 * Meta and content are CBOR and stay opaque here. Fernet is not key-committing, so a message commits first:
 * C_f = HMAC(k_f, LP(convId, senderAccountId, kind, content)) stands in the header, and a receiver refuses a
 * message whose C_f does not open (invisible salamanders, eprint 2019/016).
 */
import { equalBytes } from "../bytes/compare.ts"
import { Reader } from "../bytes/reader.ts"
import { type Secret, secret } from "../bytes/secret.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { PeerDevice } from "../handshake/peer.ts"
import { accountIdOfKey, directConversationId } from "../identity/ids.ts"
import type { Identity } from "../identity/keys.ts"
import { MAX_CONTENT_BYTES, MAX_CONTENT_CBOR_BYTES, MAX_META_BYTES } from "../limits.ts"
import { hmacSha256 } from "#primitives"
import { lengthPrefixedParts } from "../wire/address.ts"
import { COMMITMENT_BYTES } from "../wire/envelope.ts"
import { unopened } from "../wire/faults.ts"
import { PAYLOAD_KIND } from "../wire/tags.ts"
import { pad, unpad } from "./padding.ts"

export type PayloadKind = keyof typeof PAYLOAD_KIND

export interface Payload {
  readonly kind: PayloadKind
  /** Canonical CBOR map, at most 4 KiB. */
  readonly meta: Bytes
  /** Canonical CBOR, at most 64 KiB and what spelling it as CBOR adds. */
  readonly content: Bytes
}

/** Whose words these are, and where: a valid message in another conversation is refused. */
export interface Franking {
  /** convId, 32 bytes. */
  readonly conversationId: Bytes
  /** The author's account id, 20 bytes. */
  readonly author: Bytes
}

interface Parties {
  readonly own: Identity
  readonly ownAccount: Bytes
  readonly conversationId: Bytes
}
/** Three hashes that never change while a session lives: computed once, forgotten with the session's peer. */
const parties = /* @__PURE__ */ new WeakMap<PeerDevice, Parties>()
const partiesOf = (own: Identity, peer: PeerDevice): Parties => {
  const known = parties.get(peer)
  if (known?.own === own) return known
  const ownAccount = accountIdOfKey(own.certificate.accountKey)
  const made = { own, ownAccount, conversationId: directConversationId(ownAccount, peer.accountId) }
  parties.set(peer, made)
  return made
}
/** Of our words to this peer, or of its words to us. */
export const frankingOf = (own: Identity, peer: PeerDevice, by: "us" | "peer"): Franking => {
  const { conversationId, ownAccount } = partiesOf(own, peer)
  return { conversationId, author: by === "us" ? ownAccount : peer.accountId }
}

const VERSION = 0x01
const KIND_OF: ReadonlyMap<number, PayloadKind> = new Map(
  (Object.keys(PAYLOAD_KIND) as PayloadKind[]).map((kind) => [PAYLOAD_KIND[kind], kind]),
)
/** These and only these travel as signals. */
const SIGNAL_KINDS: ReadonlySet<PayloadKind> = new Set<PayloadKind>(["typing", "presence"])
export const isSignalKind = (kind: PayloadKind): boolean => SIGNAL_KINDS.has(kind)

/** C_f, 32 bytes. @param commitKey k_f, 32 bytes. */
export const commitmentOf = (commitKey: Secret, franking: Franking, payload: Payload): Bytes =>
  hmacSha256(
    commitKey.expose(),
    ...lengthPrefixedParts(
      franking.conversationId,
      franking.author,
      Uint8Array.of(PAYLOAD_KIND[payload.kind]),
      payload.content,
    ),
  )

const checkSizes = (payload: Payload): void => {
  if (payload.content.length > MAX_CONTENT_CBOR_BYTES)
    throw new SecureChatError("ERR_MESSAGE_TOO_LARGE", `content of ${payload.content.length} bytes`, {
      hint: `At most ${MAX_CONTENT_BYTES} bytes fit one message.`,
      details: { limitBytes: MAX_CONTENT_BYTES },
    })
  if (payload.meta.length > MAX_META_BYTES)
    throw new SecureChatError("ERR_LIMIT", `meta of ${payload.meta.length} bytes`)
}

/** The padded payload. @throws ERR_MESSAGE_TOO_LARGE */
export const encodePayload = (payload: Payload, commitKey: Secret | undefined): Bytes => {
  checkSizes(payload)
  const room =
    payload.meta.length + payload.content.length + (commitKey === undefined ? 8 : 8 + COMMITMENT_BYTES)
  const out = new Writer(room).u8(VERSION).u8(PAYLOAD_KIND[payload.kind])
  if (commitKey !== undefined) out.fixed(commitKey.expose(), COMMITMENT_BYTES)
  return pad(out.prefixed(16, payload.meta).prefixed(32, payload.content).bytes())
}

export interface OpenedPayload extends Payload {
  /** k_f, of a franked message: shows later what was said. */
  readonly commitKey: Secret | undefined
}

/** @throws ERR_DECODE, ERR_VERSION_UNSUPPORTED for an unknown version or kind, ERR_MESSAGE_TOO_LARGE */
export const decodePayload = (padded: Bytes, franked: boolean): OpenedPayload => {
  const input = new Reader(unpad(padded))
  if (input.u8() !== VERSION) throw new SecureChatError("ERR_VERSION_UNSUPPORTED", "payload version")
  const kind = KIND_OF.get(input.u8())
  if (kind === undefined) throw new SecureChatError("ERR_VERSION_UNSUPPORTED", "payload kind")
  if (isSignalKind(kind) === franked) input.fail("payload kind in another envelope type than its own", 1)
  const commitKey = franked ? secret(input.take(COMMITMENT_BYTES)) : undefined
  const meta = input.prefixed(16, MAX_META_BYTES)
  const content = input.prefixed(32, MAX_CONTENT_CBOR_BYTES)
  input.end()
  return { kind, meta, content, commitKey }
}

/** @throws ERR_AUTHENTICATION when C_f does not open to this payload. */
export const checkCommitment = (opened: OpenedPayload, franking: Franking, commitment: Bytes): void => {
  const { commitKey } = opened
  if (commitKey === undefined || !equalBytes(commitmentOf(commitKey, franking, opened), commitment))
    throw unopened()
}
