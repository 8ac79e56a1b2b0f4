/** Small tools of the adversary. */
import { randomBytes } from "node:crypto"
import type { Bytes } from "@securechat/core"
import type { Filter } from "./evil-relay.ts"

/** A copy with one bit of the byte at `at` turned. */
export const flipped = (bytes: Uint8Array, at: number, bit = 0): Bytes => {
  const copy = new Uint8Array(bytes)
  copy[at] = (copy[at] ?? 0) ^ (1 << bit)
  return copy
}

/** An envelope id that was never used: what is known by its id is dropped before any session sees it. */
export const freshId = (): Bytes => new Uint8Array(randomBytes(16))

export const isDelivery =
  (who: string): Filter =>
  (crossing) =>
    crossing.who === who && crossing.way === "down" && crossing.frame.type === "deliver"
