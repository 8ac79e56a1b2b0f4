/** Identifiers derived from keys. protocol.md §1.2 */
import { concat } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { LABELS, labelled } from "../primitives/labels.ts"
import { sha256 } from "#primitives"
import { ACCOUNT_ID_BYTES, DEVICE_ID_BYTES, lengthPrefixedAll, sortedPair } from "../wire/address.ts"
import { ID_SUITE_1 } from "../wire/tags.ts"

/** `idSuite ‖ AIK`, 33 bytes: leaves room for a post-quantum co-signature key. */
export const keySetOf = (accountKey: Uint8Array): Bytes => concat(Uint8Array.of(ID_SUITE_1), accountKey)

/** 20 bytes: the account id of an account key. It identifies; comparisons of trust use the key. */
export const accountIdOfKey = (accountKey: Uint8Array): Bytes =>
  sha256(labelled(LABELS.accountId, keySetOf(accountKey))).slice(0, ACCOUNT_ID_BYTES)

/** 16 bytes: the device id of a device signing key. Nobody can register another account's id. */
export const deviceIdOfKey = (signingKey: Uint8Array): Bytes =>
  sha256(labelled(LABELS.deviceId, signingKey)).slice(0, DEVICE_ID_BYTES)

/** 32 bytes: the conversation of two accounts, the same on both sides. */
export const directConversationId = (a: Uint8Array, b: Uint8Array): Bytes =>
  sha256(labelled(LABELS.convDirect, lengthPrefixedAll(...sortedPair(a, b))))

/** Hash of a certificate's body, not of its signatures: signatures may be re-spelled. */
export const certificateHash = (body: Uint8Array): Bytes => sha256(labelled(LABELS.deviceCertHash, body))

/** Hash of a device list's body. */
export const deviceListHash = (body: Uint8Array): Bytes => sha256(labelled(LABELS.deviceListHash, body))
