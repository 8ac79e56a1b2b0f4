/** The modulus check of FIPS 203 §7.2 without an encapsulation: 768 numbers of 12 bits, each below q. */
import { KEM_PUBLIC_BYTES } from "./lengths.ts"

const Q = 3329
/** The rest is the seed of the matrix. */
const SEED_BYTES = 32

export const isMlKemPublicKey = (publicKey: Uint8Array): boolean => {
  if (publicKey.length !== KEM_PUBLIC_BYTES) return false
  for (let at = 0; at < KEM_PUBLIC_BYTES - SEED_BYTES; at += 3) {
    const [a, b, c] = [publicKey[at] as number, publicKey[at + 1] as number, publicKey[at + 2] as number]
    if ((a | ((b & 15) << 8)) >= Q || ((b >>> 4) | (c << 4)) >= Q) return false
  }
  return true
}
