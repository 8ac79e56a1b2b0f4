/** A seeded generator for replays. Unsafe by name: what it gives is predictable. */

/** `length` bytes of a xorshift stream; equal seeds give equal streams. Never for keys outside tests. */
export const unsafeSeededRandom = (seed: number): ((length: number) => Uint8Array<ArrayBuffer>) => {
  // The additive constant keeps seed 0 away from xorshift's fixed point.
  let state = (seed ^ 0x9e37_79b9) >>> 0 || 1
  const next = (): number => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state
  }
  return (length) => Uint8Array.from({ length }, () => (next() >>> 11) & 0xff)
}
