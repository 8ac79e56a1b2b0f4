/**
 * Everything both sides saw, hashed into the key derivation and not only into a MAC: this removes unknown
 * key-share, reflection, KEM re-encapsulation, prekey substitution and downgrade at once. protocol.md §4.1
 */
import { Writer } from "../bytes/writer.ts"
import { EMPTY } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { certificateHash, deviceListHash, keySetOf } from "../identity/ids.ts"
import { LABELS, labelled } from "../primitives/labels.ts"
import { sha256 } from "#primitives"
import { lengthPrefixedAll } from "../wire/address.ts"
import type { DeviceCertificate } from "../wire/certificate.ts"

export interface TranscriptInput {
  readonly suite: number
  readonly flags: number
  readonly context: Bytes
  readonly initiator: DeviceCertificate
  readonly initiatorListBody: Bytes
  readonly ephemeralKey: Bytes
  readonly responder: DeviceCertificate
  /** Hash of the responder's list as the initiator was given it. */
  readonly responderListHash: Bytes
  readonly spk: PublicPrekey
  readonly opk: PublicPrekey | undefined
  readonly pq: PublicPrekey
  readonly kemCiphertext: Bytes
  /** Empty (stored), the live nonce, or the hash of both hellos (channel). */
  readonly fresh: Bytes
}
interface PublicPrekey {
  readonly keyId: number
  readonly publicKey: Bytes
}

const u8 = (value: number): Bytes => new Writer().u8(value).bytes()
const u16 = (value: number): Bytes => new Writer().u16(value).bytes()
const u32 = (value: number): Bytes => new Writer().u32(value).bytes()

const party = (certificate: DeviceCertificate, listHash: Bytes): readonly Bytes[] => [
  keySetOf(certificate.accountKey),
  certificateHash(certificate.body),
  listHash,
  certificate.signingKey,
  certificate.dhKey,
]

/** `th`, 32 bytes. An absent one-time prekey is two empty strings. */
export const transcriptHash = (input: TranscriptInput): Bytes =>
  sha256(
    labelled(
      LABELS.pqxdhTranscript,
      lengthPrefixedAll(
        u16(input.suite),
        u8(input.flags),
        input.context,
        ...party(input.initiator, deviceListHash(input.initiatorListBody)),
        input.ephemeralKey,
        ...party(input.responder, input.responderListHash),
        u32(input.spk.keyId),
        input.spk.publicKey,
        input.opk === undefined ? EMPTY : u32(input.opk.keyId),
        input.opk?.publicKey ?? EMPTY,
        u32(input.pq.keyId),
        input.pq.publicKey,
        input.kemCiphertext,
        input.fresh,
      ),
    ),
  )
