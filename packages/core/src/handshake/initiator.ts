/**
 * The initiator's half: a bundle in; the block of the first message and the session's secrets out.
 * PQXDH-shaped, always from a bundle. protocol.md §4
 */
import { equalBytes } from "../bytes/compare.ts"
import { EMPTY } from "../bytes/concat.ts"
import type { Bytes, Deps } from "../deps.ts"
import { deviceListHash } from "../identity/ids.ts"
import type { Identity } from "../identity/keys.ts"
import { checkBundle } from "../identity/prekeys.ts"
import { drawn } from "../primitives/draw.ts"
import { mlKemEncapsulate, x25519KeyPair } from "#primitives"
import { KEY_BYTES } from "../wire/certificate.ts"
import { handshakeFailed } from "../wire/faults.ts"
import { type HandshakeFields, encodeHandshake, handshakeFlags } from "../wire/handshake.ts"
import type { Bundle } from "../wire/prekey.ts"
import { SUITE_1 } from "../wire/tags.ts"
import { type PeerDevice, peerDevice } from "./peer.ts"
import { type SessionSecrets, agree, deriveSecrets } from "./secrets.ts"
import { transcriptHash } from "./transcript.ts"

/** Where the bundle came from decides what makes the handshake fresh. */
export type BundleSource =
  | { readonly mode: "stored" }
  | {
      readonly mode: "channel"
      readonly initiatorNonce: Bytes
      readonly responderNonce: Bytes
      /** Hash of both hellos, 32 bytes. */
      readonly fresh: Bytes
    }

export interface InitiateInput {
  readonly own: Identity
  readonly bundle: Bundle
  /** At most 255 bytes from the app. */
  readonly context: Bytes
  readonly source: BundleSource
  /** sid of the session this one retires, 16 zero bytes for none. */
  readonly replaces: Bytes
}
export interface Initiated {
  readonly secrets: SessionSecrets
  /** The handshake block with its length, repeated until the peer answers. */
  readonly block: Bytes
  readonly peer: PeerDevice
  /** SPK_B: the peer's first ratchet key. */
  readonly peerRatchetKey: Bytes
  /** The KEM key was the last-resort one: this first message's secrecy waits for the ratchet. */
  readonly reduced: boolean
}

const encapsulate = (publicKey: Bytes, deps: Deps): { ciphertext: Bytes; sharedSecret: Bytes } => {
  try {
    return mlKemEncapsulate(publicKey, drawn(deps, 32))
  } catch (cause) {
    throw handshakeFailed("the KEM prekey is not a key", "cert", cause)
  }
}

const fieldsOf = (input: InitiateInput, ephemeralKey: Bytes, kemCiphertext: Bytes): HandshakeFields => {
  const { bundle, source, own } = input
  return {
    suite: SUITE_1,
    oneTimeKem: bundle.pq.kind === "pqopk",
    unfranked: false,
    certificate: own.certificate,
    list: own.list,
    ephemeralKey,
    peerListVersion: bundle.list.version,
    spkId: bundle.spk.keyId,
    opkId: bundle.opk?.keyId ?? 0,
    pqId: bundle.pq.keyId,
    kemCiphertext,
    replaces: input.replaces,
    liveNonce: undefined,
    channelNonces: source.mode === "channel" ? [source.initiatorNonce, source.responderNonce] : undefined,
  }
}

/** @throws ERR_HANDSHAKE_FAILED, ERR_VERSION_UNSUPPORTED; nothing was made then. */
export const initiate = (input: InitiateInput, deps: Deps): Initiated => {
  const { own, bundle, source } = input
  const binding = source.mode === "channel" ? source.responderNonce : undefined
  if (equalBytes(bundle.certificate.accountKey, own.certificate.accountKey))
    throw handshakeFailed("a session with oneself")
  checkBundle(bundle, { binding, nowMs: deps.nowMs() })
  const ephemeral = x25519KeyPair(drawn(deps, KEY_BYTES))
  const ephemeralSecret = ephemeral.secret.expose()
  const kem = encapsulate(bundle.pq.publicKey, deps)
  const fields = fieldsOf(input, ephemeral.publicKey, kem.ciphertext)
  const agreements = [
    agree(own.dhSecret.expose(), bundle.spk.publicKey),
    agree(ephemeralSecret, bundle.certificate.dhKey),
    agree(ephemeralSecret, bundle.spk.publicKey),
    ...(bundle.opk === undefined ? [] : [agree(ephemeralSecret, bundle.opk.publicKey)]),
  ]
  const transcript = transcriptHash({
    ...fields,
    flags: handshakeFlags(fields),
    context: input.context,
    initiator: own.certificate,
    initiatorListBody: own.list.body,
    responder: bundle.certificate,
    responderListHash: deviceListHash(bundle.list.body),
    spk: bundle.spk,
    opk: bundle.opk,
    pq: bundle.pq,
    fresh: source.mode === "channel" ? source.fresh : EMPTY,
  })
  return {
    secrets: deriveSecrets(agreements, kem.sharedSecret, transcript),
    block: encodeHandshake(fields),
    peer: peerDevice(bundle.certificate, bundle.list),
    peerRatchetKey: bundle.spk.publicKey,
    reduced: bundle.pq.kind === "pqspk",
  }
}
