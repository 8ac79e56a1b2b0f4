/** A Fernet key: 32 bytes, a signing half and an encryption half that always belong together (protocol.md §2.1). */
import { copy } from "../bytes/concat.ts"
import { fromPaddedBase64url, fromUtf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"

export const FERNET_KEY_BYTES = 32

/** Whoever holds it can read and forge; it lives as long as the `Fernet` or the message it was derived for. */
export interface FernetKey {
  /** 16 bytes, for HMAC-SHA-256. */
  readonly signing: Bytes
  /** 16 bytes, for AES-128. */
  readonly encryption: Bytes
}

/** Both halves, as copies. @throws ERR_KEY_INVALID unless 32 bytes. */
export const splitKey = (raw: Uint8Array): FernetKey => {
  if (raw.length !== FERNET_KEY_BYTES) throw keyInvalid()
  return { signing: copy(raw.subarray(0, 16)), encryption: copy(raw.subarray(16)) }
}

/**
 * A key as people keep it: 44 characters of padded url-safe base64, their UTF-8 bytes, or the 32 bytes.
 * No length is two of these.
 *
 * @throws ERR_KEY_INVALID on everything else, other spellings of the same bytes included.
 */
export const parseKey = (key: string | Uint8Array): FernetKey => {
  if (typeof key !== "string" && key.length === FERNET_KEY_BYTES) return splitKey(key)
  try {
    return splitKey(fromPaddedBase64url(typeof key === "string" ? key : fromUtf8(key)))
  } catch {
    throw keyInvalid() // without the cause: it may quote the key one day
  }
}

const keyInvalid = (): SecureChatError =>
  new SecureChatError("ERR_KEY_INVALID", "a Fernet key is 32 bytes, or 44 characters of url-safe base64", {
    hint: "Make one with Fernet.generateKey().",
  })
