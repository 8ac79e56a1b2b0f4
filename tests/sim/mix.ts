/** What may go wrong in one run: each seed draws its own mix, so that rare faults meet. */
import type { UnsafeSeeded } from "@securechat/testkit"
import type { DiskFaults } from "./disk.ts"
import type { NetworkFaults } from "./network.ts"

export interface Mix {
  readonly people: number
  readonly network: NetworkFaults
  readonly disk: DiskFaults
  /** Weights of what may happen in a step. */
  readonly weights: Readonly<Record<Happening, number>>
  /** Something on the way changes, loses or makes up frames: then a loss may be told instead of mended. */
  readonly hostile: boolean
  /** An older copy of a store may be put back. */
  readonly restores: boolean
}

export const HAPPENINGS = [
  ...(["send", "burst", "open", "read", "typing", "attend"] as const),
  ...(["cut", "deaf", "apart", "together"] as const),
  ...(["restart", "kill", "boot", "copy", "restore", "jump", "stand"] as const),
  ...(["killRelay", "startRelay", "drain", "evil", "good", "probe"] as const),
] as const
export type Happening = (typeof HAPPENINGS)[number]

export const drawMix = (random: UnsafeSeeded): Mix => {
  /** In half of the runs nothing, else up to `most`, small values as often as large ones. */
  const some = (most: number): number =>
    random.chance(0.5) ? 0 : most * Math.pow(10, -2 * random.fraction())
  const hostile = random.chance(0.5)
  const restores = random.chance(0.15)
  const bad = (most: number): number => (hostile ? some(most) : 0)
  return {
    people: random.chance(0.3) ? 3 : 2,
    hostile,
    restores,
    network: {
      ...{ delayMs: random.pick([1, 20, 200, 2_000]) },
      ...{ lose: bad(0.1), repeat: bad(0.2), reorder: bad(0.2) },
    },
    disk: {
      ...{ slowMs: random.pick([0, 0, 5, 500]) },
      ...{ failBefore: some(0.1), failAfter: some(0.1), torn: some(0.1) },
      ...{ dieBefore: some(0.05), dieAfter: some(0.05) },
    },
    weights: {
      ...{ send: 10, burst: 2 * random.fraction(), open: 1, read: 2, typing: some(2), attend: 0.5 },
      ...{ cut: some(3), deaf: some(2), apart: some(2), together: 3 },
      ...{ restart: some(2), kill: some(3), boot: 4 },
      ...{ copy: restores ? 0.5 : 0, restore: restores ? 0.2 : 0, jump: some(1), stand: some(0.5) },
      ...{ killRelay: some(1), startRelay: 3, drain: some(0.5) },
      ...{ evil: hostile ? 2 : 0, good: 2, probe: hostile ? 1 : 0 },
    },
  }
}
