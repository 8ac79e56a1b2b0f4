/**
 * The responder's half: the block of a first message in; the session's secrets out. What it used is spent
 * by the caller only in the transaction that stores the authenticated message: consuming keys earlier lets
 * anybody burn them (vodozemac `create_inbound_session`). protocol.md §4.3
 */
import { equalBytes } from "../bytes/compare.ts"
import type { Bytes } from "../deps.ts"
import { checkDevice } from "../identity/certificate.ts"
import type { Identity } from "../identity/keys.ts"
import { type OwnPrekey, bindingMatches } from "../identity/prekeys.ts"
import { mlKemDecapsulate, sha256 } from "#primitives"
import { handshakeFailed, unsupported } from "../wire/faults.ts"
import type { HandshakeBlock } from "../wire/handshake.ts"
import { SUITE_1 } from "../wire/tags.ts"
import { type PeerDevice, peerDevice } from "./peer.ts"
import { type SessionSecrets, agree, deriveSecrets } from "./secrets.ts"
import { transcriptHash } from "./transcript.ts"

/** The private prekeys a block names, found by the shell. */
export interface ResponderKeys {
  readonly spk: OwnPrekey
  readonly opk: OwnPrekey | undefined
  readonly pq: OwnPrekey
}
export interface RespondInput {
  readonly own: Identity
  readonly block: HandshakeBlock
  readonly keys: ResponderKeys
  readonly context: Bytes
  /** Empty (stored) or the hash of both hellos (channel). */
  readonly fresh: Bytes
  /** Hash of the own list whose version the block names. */
  readonly ownListHash: Bytes
}
export interface Responded {
  readonly secrets: SessionSecrets
  readonly peer: PeerDevice
  readonly reduced: boolean
}

/** What a replayed first message is recognised by. protocol.md §4.3.3 */
export const firstMessageHash = (block: HandshakeBlock): Bytes => sha256(block.ephemeralKey)

/** Refusals that cost no key operation. */
const checkCheap = (input: RespondInput): void => {
  const { block, keys, own } = input
  if (block.suite !== SUITE_1) throw unsupported("suite", "version")
  // An initiator outside the franked profile would choose to be unreportable (attack A22).
  if (block.unfranked) throw handshakeFailed("unfranked first message")
  if (equalBytes(block.certificate.accountKey, own.certificate.accountKey))
    throw handshakeFailed("a session with oneself: a reflected handshake")
  const kinds =
    keys.spk.statement.kind === "spk" && (keys.opk === undefined || keys.opk.statement.kind === "opk")
  if (!kinds || (block.opkId !== 0) !== (keys.opk !== undefined))
    throw handshakeFailed("prekeys of other kinds")
  if (keys.pq.statement.kind !== (block.oneTimeKem ? "pqopk" : "pqspk"))
    throw handshakeFailed("KEM prekey of another kind")
  // Keys made for one hello or one request serve that alone, stored ones no other mode (protocol.md §4.3.1).
  const nonce = block.liveNonce ?? block.channelNonces?.[1]
  for (const key of [keys.spk, keys.pq, ...(keys.opk === undefined ? [] : [keys.opk])])
    if (!bindingMatches(key.statement, nonce)) throw handshakeFailed("prekey made for another occasion")
}

/** @throws ERR_HANDSHAKE_FAILED, ERR_VERSION_UNSUPPORTED. The first message's token proves it: nothing is stored before. */
export const respond = (input: RespondInput): Responded => {
  checkCheap(input)
  const { own, block, keys } = input
  checkDevice(block.certificate, block.list)
  const spkSecret = keys.spk.secret.expose()
  const agreements = [
    agree(spkSecret, block.certificate.dhKey),
    agree(own.dhSecret.expose(), block.ephemeralKey),
    agree(spkSecret, block.ephemeralKey),
    ...(keys.opk === undefined ? [] : [agree(keys.opk.secret.expose(), block.ephemeralKey)]),
  ]
  const kemSecret = mlKemDecapsulate(keys.pq.secret.expose(), block.kemCiphertext)
  const transcript = transcriptHash({
    suite: block.suite,
    flags: block.flags,
    context: input.context,
    initiator: block.certificate,
    initiatorListBody: block.list.body,
    ephemeralKey: block.ephemeralKey,
    responder: own.certificate,
    responderListHash: input.ownListHash,
    spk: keys.spk.statement,
    opk: keys.opk?.statement,
    pq: keys.pq.statement,
    kemCiphertext: block.kemCiphertext,
    fresh: input.fresh,
  })
  return {
    secrets: deriveSecrets(agreements, kemSecret, transcript),
    peer: peerDevice(block.certificate, block.list),
    reduced: keys.pq.statement.kind === "pqspk",
  }
}
