/**
 * Side by side: in each round every contestant works for the same short time, the order turns round after each round, and
 * what counts is the ratio within a round. A machine that others use as well slows both alike.
 */
import { type Contestant, type Running, start } from "./contestant.ts"

export interface Rounds {
  readonly count: number
  readonly forMs: number
  /** Uncounted, before the first: compilers warm up. */
  readonly warmMs: number
}

/** What a row says of one opponent; `missing` says why there is nothing. */
export interface Compared {
  readonly ours: number
  readonly theirs: number
  /** Median of the rounds' own ratios, ours over theirs; lowest and highest beside it. */
  readonly ratio: number
  readonly low: number
  readonly high: number
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export const compare = (ours: readonly number[], theirs: readonly number[]): Compared => {
  const ratios = ours.map((mine, round) => mine / (theirs[round] ?? Number.NaN))
  return {
    ours: median(ours),
    theirs: median(theirs),
    ratio: median(ratios),
    low: Math.min(...ratios),
    high: Math.max(...ratios),
  }
}

/** One contestant's figure per round, or why it gave none. */
export type Figures = ReadonlyMap<string, readonly number[] | Error>

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)))

/** Each contestant lives as long as the row. One that fails is out, with its reason; the others go on. */
export async function sideBySide(contestants: readonly Contestant[], rounds: Rounds): Promise<Figures> {
  const figures = new Map<string, number[] | Error>()
  const running: Running[] = []
  const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
    if (figures.get(name) instanceof Error) return
    await work().catch((cause: unknown) => figures.set(name, asError(cause)))
  }
  for (const contestant of contestants) {
    figures.set(contestant.name, [])
    await attempt(contestant.name, async () => {
      running.push(await start(contestant))
    })
  }
  for (const one of running)
    await attempt(one.name, async () => {
      await one.round(rounds.warmMs)
    })
  for (let round = 0; round < rounds.count; round++) {
    const order = round % 2 === 0 ? running : running.toReversed()
    for (const one of order)
      await attempt(one.name, async () => {
        const perSecond = await one.round(rounds.forMs)
        const before = figures.get(one.name)
        if (Array.isArray(before)) before.push(perSecond)
      })
  }
  for (const one of running) await one.stop()
  return figures
}
