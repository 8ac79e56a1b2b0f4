/** From four agreements and one encapsulation to what a session starts with. protocol.md §4.1 */
import { concat } from "../bytes/concat.ts"
import { type Secret, secret } from "../bytes/secret.ts"
import { utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { expand, hkdfExtract } from "../primitives/hkdf.ts"
import { LABELS } from "../primitives/labels.ts"
import { x25519 } from "#primitives"
import { SESSION_ID_BYTES } from "../wire/address.ts"
import { handshakeFailed } from "../wire/faults.ts"

export interface SessionSecrets {
  /** RK0, 32 bytes. */
  readonly rootKey: Secret
  /** sid, 16 bytes. */
  readonly sessionId: Bytes
  /** EXP, 32 bytes: further keys of this session come from it. */
  readonly exporter: Secret
  /** th, 32 bytes. */
  readonly transcript: Bytes
}

/** @param agreements DH1 ‖ DH2 ‖ DH3 ‖ [DH4], 32 bytes each. @param kemSecret ss, 32 bytes. */
export const deriveSecrets = (
  agreements: readonly Uint8Array[],
  kemSecret: Uint8Array,
  transcript: Bytes,
): SessionSecrets => {
  const prk = hkdfExtract(utf8(LABELS.pqxdh), concat(...agreements, kemSecret))
  return {
    rootKey: secret(expand(prk, LABELS.rootKey0, transcript, 32)),
    sessionId: expand(prk, LABELS.sessionId, transcript, SESSION_ID_BYTES),
    exporter: secret(expand(prk, LABELS.exporter, transcript, 32)),
    transcript,
  }
}

/** @throws ERR_HANDSHAKE_FAILED for a key that agrees on nothing: low order, or not canonical. */
export const agree = (own: Uint8Array, theirs: Uint8Array): Bytes => {
  try {
    return x25519(own, theirs)
  } catch (cause) {
    throw handshakeFailed("a key of the handshake agrees on nothing", "cert", cause)
  }
}
