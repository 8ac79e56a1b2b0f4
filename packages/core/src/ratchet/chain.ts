/** One step of a symmetric chain, and what a message key becomes. protocol.md §6, §6.3 */
import { concat } from "../bytes/concat.ts"
import { type Secret, secret } from "../bytes/secret.ts"
import type { Bytes } from "../deps.ts"
import { expand } from "../primitives/hkdf.ts"
import { LABELS } from "../primitives/labels.ts"
import { hmacSha256 } from "#primitives"
import type { Role } from "./state.ts"

const MESSAGE = Uint8Array.of(0x01)
const CHAIN = Uint8Array.of(0x02)

/** The message key at the chain's place, and the chain key after it. */
export const advance = (chainKey: Secret): { readonly messageKey: Secret; readonly next: Secret } => ({
  messageKey: secret(hmacSha256(chainKey.expose(), MESSAGE)),
  next: secret(hmacSha256(chainKey.expose(), CHAIN)),
})

const FROM_INITIATOR = Uint8Array.of(0x01)
const FROM_RESPONDER = Uint8Array.of(0x02)

/** `AD = th ‖ direction`: a message sent back to its author opens nothing (Threema, attack 4). */
export const associatedData = (transcript: Bytes, sender: Role): Bytes =>
  concat(transcript, sender === "initiator" ? FROM_INITIATOR : FROM_RESPONDER)

export const otherRole = (role: Role): Role => (role === "initiator" ? "responder" : "initiator")

/**
 * The one-time Fernet key of a message: 32 bytes, the first half signs, the second encrypts. Fernet has no
 * associated data, so the header enters the derivation: another header is another key, and the HMAC fails.
 */
export const messageFernetKey = (messageKey: Secret, associated: Bytes, header: Bytes): Bytes =>
  expand(messageKey.expose(), LABELS.fernet, [associated, header], 32)

/** The key of an ephemeral signal: shared by its chain, hence never used for content. protocol.md §6.6 */
export const signalFernetKey = (signalKey: Secret, associated: Bytes, header: Bytes): Bytes =>
  expand(signalKey.expose(), LABELS.ephemeral, [associated, header], 32)
