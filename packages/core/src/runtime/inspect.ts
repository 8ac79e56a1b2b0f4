/** An envelope laid open for the curious: its Fernet token and header fields. Never a key. */
import { toBase64url, toPaddedBase64url } from "../bytes/text.ts"
import { SecureChatError } from "../errors.ts"
import type { DeviceId, MessageId } from "../wire/address.ts"
import { decodeEnvelope, type Envelope } from "../wire/envelope.ts"
import { PROTOCOL_VERSION } from "../wire/tags.ts"
import type { Inspection } from "./types.ts"

/** Version, timestamp, IV before the ciphertext; HMAC after it. Fernet specification. */
const IV_AT = 9
const CIPHERTEXT_AT = 25
const HMAC_BYTES = 32

const kemOf = ({ kemKey, kemCiphertext }: Envelope): Inspection["header"]["kem"] => {
  if (kemKey !== undefined) return kemCiphertext === undefined ? "offer" : "both"
  return kemCiphertext === undefined ? "none" : "answer"
}

/** @throws ERR_DECODE on what is no envelope of a message. */
export const inspectionOf = (of: {
  readonly messageId: MessageId
  readonly direction: "in" | "out"
  readonly device: DeviceId
  readonly envelope: Uint8Array
  readonly contentBytes: number
}): Inspection => {
  const envelope = decodeEnvelope(of.envelope)
  const { token, type } = envelope
  if (type === "signal") throw new SecureChatError("ERR_DECODE", "signals are not kept")
  const shown: Inspection = {
    messageId: of.messageId,
    direction: of.direction,
    device: of.device,
    token: toPaddedBase64url(token),
    fields: {
      version: 0x80,
      timestamp: 0,
      iv: toBase64url(token.subarray(IV_AT, CIPHERTEXT_AT)),
      ciphertextBytes: token.length - CIPHERTEXT_AT - HMAC_BYTES,
      hmac: toBase64url(token.subarray(token.length - HMAC_BYTES)),
    },
    header: {
      version: PROTOCOL_VERSION,
      type,
      sessionId: toBase64url(envelope.sessionId),
      ratchetKey: toBase64url(envelope.ratchetKey),
      previousCount: envelope.previousCount,
      count: envelope.count,
      kem: kemOf(envelope),
    },
    wireBytes: of.envelope.length,
    contentBytes: of.contentBytes,
  }
  return Object.freeze(shown)
}
