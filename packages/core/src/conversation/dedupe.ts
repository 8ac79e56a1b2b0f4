/**
 * Which numbers of a counter were taken: everything up to one number, and a bounded set ahead of it.
 * Says new, repeated or too far, and what is missing. Sequence numbers are the authors' own
 * (protocol.md §6.4, key 7): they start at 1 and rise by one.
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

export type Verdict = "new" | "repeated" | "too-far"

/** The highest number taken. */
export const highest = (taken: Taken): number => taken.ahead.at(-1) ?? taken.upTo

/** Below the highest number taken, how many are missing. */
export const missing = (taken: Taken): number => highest(taken) - taken.upTo - taken.ahead.length

export const isTaken = (taken: Taken, number: number): boolean =>
  number <= taken.upTo || taken.ahead.includes(number)

/**
 * Takes `number`. Repeated or too far: the window comes back as it was.
 *
 * @param number from 1.
 */
export const take = (taken: Taken, number: number): readonly [Taken, Verdict] => {
  if (isTaken(taken, number)) return [taken, "repeated"]
  if (taken.ahead.length >= MAX_AHEAD && number > taken.upTo + 1) return [taken, "too-far"]
  const ahead = [...taken.ahead, number].sort((a, b) => a - b)
  let upTo = taken.upTo
  while (ahead[0] === upTo + 1) {
    upTo += 1
    ahead.shift()
  }
  return [{ upTo, ahead }, "new"]
}
