/**
 * Which numbers of a counter were taken: everything up to one number, and a bounded set ahead of it.
 * Says new or repeated, and what is missing. Sequence numbers are the authors' own (protocol.md §6.4, key 7): they
 * start at 1 and rise by one.
 */

/** Numbers ahead of the first gap that one window remembers: as many as skipped message keys. */
export const MAX_AHEAD = 2_000

export interface Taken {
  /** Everything from 1 up to here was taken. */
  readonly upTo: number
  /** Taken beyond that, rising. */
  readonly ahead: readonly number[]
}

export const NOTHING_TAKEN: Taken = { upTo: 0, ahead: [] }

export type Verdict = "new" | "repeated"

/** The highest number taken. */
export const highest = (taken: Taken): number => taken.ahead.at(-1) ?? taken.upTo

export const isTaken = (taken: Taken, number: number): boolean =>
  number <= taken.upTo || taken.ahead.includes(number)

/**
 * Nothing up to `number` is waited for any more: what is missing there was told, and does not come.
 * @returns the same window where that changes nothing.
 */
export const giveUp = (taken: Taken, number: number): Taken => {
  if (number <= taken.upTo) return taken
  const ahead = taken.ahead.filter((other) => other > number)
  let upTo = number
  while (ahead[0] === upTo + 1) {
    upTo += 1
    ahead.shift()
  }
  return { upTo, ahead }
}

/**
 * Takes `number`. Repeated: the window comes back as it was. A full window gives up its oldest gap, which was told
 * two thousand messages ago.
 *
 * @param number from 1.
 */
export const take = (taken: Taken, number: number): readonly [Taken, Verdict] => {
  if (isTaken(taken, number)) return [taken, "repeated"]
  const ahead = [...taken.ahead, number].sort((a, b) => a - b)
  const full = ahead.length > MAX_AHEAD || ahead[0] === taken.upTo + 1
  return [full ? giveUp({ upTo: taken.upTo, ahead }, ahead[0] ?? number) : { upTo: taken.upTo, ahead }, "new"]
}
