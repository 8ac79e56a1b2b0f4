/**
 * Seeded pseudo-randomness, so that one number replays a run. Unsafe by name: whoever knows the seed
 * knows every key made with it. For tests only.
 */

/** splitmix32 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014). */
const splitmix32 = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x9e37_79b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0_aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a_2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}

export interface UnsafeSeeded {
  /** Fits `Deps["random"]`. Keys made from it are known to everybody who knows the seed. */
  readonly random: (length: number) => Uint8Array<ArrayBuffer>
  /** u32 */
  readonly next: () => number
  /** In [0, 1). */
  readonly fraction: () => number
  /** An integer in [0, bound). */
  readonly below: (bound: number) => number
  /** True with this chance. */
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(items: readonly T[]) => T
  /** Another stream of the same seed, so that one consumer's draws do not shift another's. */
  readonly fork: (label: number) => UnsafeSeeded
}

/** @param seed an integer; its low 32 bits count. Two generators of one seed give the same values. */
export const unsafeSeeded = (seed: number): UnsafeSeeded => {
  const next = splitmix32(seed)
  const fraction = (): number => next() / 2 ** 32
  const below = (bound: number): number => Math.floor(fraction() * bound)
  return {
    next,
    fraction,
    below,
    chance: (probability) => fraction() < probability,
    pick: (items) => {
      if (items.length === 0) throw new Error("nothing to pick from")
      return items[below(items.length)]!
    },
    random: (length) => {
      const bytes = new Uint8Array(length)
      for (let i = 0; i < length; i++) bytes[i] = next() >>> 24
      return bytes
    },
    fork: (label) => unsafeSeeded(splitmix32(seed ^ Math.imul(label + 1, 0x9e37_79b1))()),
  }
}

/** `Deps["random"]` from a seed. */
export const unsafeSeededRandom = (seed: number): UnsafeSeeded["random"] => unsafeSeeded(seed).random
