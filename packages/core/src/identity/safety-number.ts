/**
 * The number two people compare: 60 digits, or the bytes of a QR code. About 2¹⁰⁰ work per side plus
 * 12 bits of stretching; 22 ms a side in pure JavaScript. Accounts are verified, not devices. protocol.md §9.1
 */
import { compareBytes, equalBytes } from "../bytes/compare.ts"
import { concat } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { SAFETY_NUMBER_ITERATIONS } from "../limits.ts"
import { sha512 } from "#primitives"
import { type AccountId, formatAccountId } from "../wire/address.ts"
import { accountIdOfKey, keySetOf } from "./ids.ts"
import { type PublicIdentity, publicStatements } from "./keys.ts"

/** What both people compare. No emoji: a short static code could be searched for offline. */
export interface SafetyNumber {
  /** 60 digits. */
  readonly digits: string
  /** 12 groups of 5. */
  readonly groups: readonly string[]
  /** Payload of the QR code: 01 ‖ own 32 ‖ peer 32. */
  readonly qr: Bytes
  /** The peer account it speaks about. */
  readonly subject: AccountId
}

const VERSION = 0x01
const HALF_BYTES = 32
const GROUPS_PER_SIDE = 6

const fingerprint = (accountKey: Uint8Array): Bytes => {
  const key = keySetOf(accountKey)
  let hash = sha512(concat(Uint8Array.of(0, 1), key, accountIdOfKey(accountKey), key))
  for (let i = 1; i < SAFETY_NUMBER_ITERATIONS; i++) hash = sha512(concat(hash, key))
  return hash
}

/** Five bytes big-endian below 2⁴⁰, exact in a double. */
const group = (bytes: Uint8Array, index: number): string => {
  let value = 0
  for (const byte of bytes.subarray(5 * index, 5 * index + 5)) value = value * 256 + byte
  return String(value % 100_000).padStart(5, "0")
}
const groupsOf = (hash: Uint8Array): string[] =>
  Array.from({ length: GROUPS_PER_SIDE }, (_, i) => group(hash, i))

/** The number of two account keys, 32 bytes each; `digits` are the same from both sides. */
export const safetyNumberOfKeys = (own: Uint8Array, peer: Uint8Array): SafetyNumber => {
  const [mine, theirs] = [fingerprint(own), fingerprint(peer)]
  const halves = compareBytes(mine, theirs) <= 0 ? [mine, theirs] : [theirs, mine]
  const groups = halves.flatMap(groupsOf)
  return {
    digits: groups.join(""),
    groups,
    qr: concat(Uint8Array.of(VERSION), mine.subarray(0, HALF_BYTES), theirs.subarray(0, HALF_BYTES)),
    subject: formatAccountId(accountIdOfKey(peer)),
  }
}

/** Is the scanned code the peer's view of the same two accounts? Compared crosswise. */
export const scanMatches = (number: SafetyNumber, scanned: Uint8Array): boolean => {
  const own = number.qr.subarray(1, 1 + HALF_BYTES)
  const peer = number.qr.subarray(1 + HALF_BYTES)
  return equalBytes(scanned, concat(Uint8Array.of(VERSION), peer, own))
}

const keyOf = (peer: PublicIdentity): Bytes => publicStatements.decode(peer.bytes).certificate.accountKey

/** @throws ERR_IDENTITY_MISMATCH for two views of one account: a number with oneself proves nothing. */
export const safetyNumber = (own: PublicIdentity, peer: PublicIdentity): SafetyNumber => {
  if (own.accountId === peer.accountId)
    throw new SecureChatError("ERR_IDENTITY_MISMATCH", "a safety number needs two accounts")
  return safetyNumberOfKeys(keyOf(own), keyOf(peer))
}

/** Does a scanned QR code match? */
export const compareScanned = (own: PublicIdentity, peer: PublicIdentity, scanned: Uint8Array): boolean =>
  scanMatches(safetyNumber(own, peer), scanned)
