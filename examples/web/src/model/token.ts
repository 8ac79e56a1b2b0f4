/**
 * The layout of a Fernet token, for drawing it in colors: version 1, timestamp 8, IV 16, ciphertext, HMAC 32 bytes.
 * A base64url letter carries six bits, so a border between two parts may run through a letter; it is
 * counted to the part its first bit belongs to.
 */
type TokenPartName = "version" | "timestamp" | "iv" | "ciphertext" | "hmac"

export interface TokenPart {
  readonly name: TokenPartName
  readonly text: string
}

const VERSION_BYTES = 1
const TIMESTAMP_BYTES = 8
const IV_BYTES = 16
const HMAC_BYTES = 32

/** The first letter whose first bit lies at or after `bytes`. */
const letterAt = (bytes: number): number => Math.ceil((bytes * 8) / 6)

export const tokenParts = (token: string): readonly TokenPart[] => {
  const letters = token.replace(/=+$/, "").length
  const totalBytes = Math.floor((letters * 6) / 8)
  const ivEnd = VERSION_BYTES + TIMESTAMP_BYTES + IV_BYTES
  const ends: readonly (readonly [TokenPartName, number])[] = [
    ["version", letterAt(VERSION_BYTES)],
    ["timestamp", letterAt(VERSION_BYTES + TIMESTAMP_BYTES)],
    ["iv", letterAt(ivEnd)],
    ["ciphertext", letterAt(totalBytes - HMAC_BYTES)],
    ["hmac", token.length],
  ]
  return ends.map(([name, end], index) => ({ name, text: token.slice(ends[index - 1]?.[1] ?? 0, end) }))
}
