/** Deterministic randomness and time for tests: one seed replays a run. Never for keys that matter. */
import type { Bytes, Deps } from "../../src/deps.ts"

/** sfc32 by Chris Doty-Humphrey: small, fast, and long enough a period for any test. */
export class Seeded {
  #a: number
  #b: number
  #c: number
  #counter = 1
  constructor(seed: number) {
    this.#a = seed >>> 0
    this.#b = Math.imul(seed, 0x9e3779b9) >>> 0
    this.#c = 0x2545f491
    for (let i = 0; i < 16; i++) this.u32()
  }
  u32(): number {
    const t = (this.#a + this.#b + this.#counter++) >>> 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) >>> 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) >>> 0
    return t
  }
  /** An integer in [0, below). */
  below(below: number): number {
    return this.u32() % below
  }
  chance(probability: number): boolean {
    return this.u32() / 2 ** 32 < probability
  }
  bytes(length: number): Bytes {
    return Uint8Array.from({ length }, () => this.u32() & 0xff)
  }
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new Error("nothing to pick from")
    return value
  }
}

export interface SeededDeps extends Deps {
  advance(ms: number): void
}
const START_MS = 1_700_000_000_000

export const seededDeps = (seed: number): SeededDeps => {
  const source = new Seeded(seed)
  let nowMs = START_MS
  return {
    random: (length) => source.bytes(length),
    nowMs: () => nowMs,
    advance: (ms) => {
      nowMs += ms
    },
  }
}
