/**
 * Counters of a channel, as plain data: how many messages one sent, and how many of the peer's were heard. The
 * ratchet refuses repeats; these find what the pipe dropped. protocol.md §5, rule 8
 */
import { toHex } from "../bytes/text.ts"
import { RUN_BYTES } from "../content/channel.ts"
import type { Seen } from "../content/meta.ts"
import type { Bytes, Deps } from "../deps.ts"
import { MAX_PEER_RUNS } from "../limits.ts"

/** Own counters. */
export interface Numbers {
  /** Random, of this start of the channel, 8 bytes: a peer that starts again counts again. */
  readonly run: Bytes
  /** Messages sent in this run. */
  readonly sent: number
  /** Openings and acknowledgements sent: the counter of what goes to one device alone. */
  readonly pairSent: number
}
/** One party's counters, as far as they were heard. */
export interface HeardNumbers {
  /** Highest number, by run, newest last. */
  readonly runs: ReadonlyMap<string, number>
  /** Highest of its openings and acknowledgements. */
  readonly pair: number
}

export const newNumbers = (deps: Deps): Numbers => ({ run: deps.random(RUN_BYTES), sent: 0, pairSent: 0 })
export const NOTHING_HEARD: HeardNumbers = { runs: new Map(), pair: 0 }

export interface Numbered {
  readonly run: Uint8Array
  /** Messages of the run before the session of this one. */
  readonly base: number
  /** This one's, from 1. */
  readonly sequence: number
}

/** A message arrived. @returns the counters, and how many before it are missing that were not told yet. */
export const hearNumber = (
  heard: HeardNumbers,
  message: Numbered,
): readonly [HeardNumbers, missing: number] => {
  const run = toHex(message.run)
  const known = heard.runs.get(run) ?? message.base
  const others = [...heard.runs].filter(([other]) => other !== run)
  const newest = [run, Math.max(known, message.sequence)] as const
  const runs = new Map([...others, newest].slice(-MAX_PEER_RUNS))
  return [{ ...heard, runs }, Math.max(0, message.sequence - known - 1)]
}

export const hearPairNumber = (heard: HeardNumbers, sequence: number): HeardNumbers => ({
  ...heard,
  pair: Math.max(heard.pair, sequence),
})

/** What a message to the party says was seen of it: everything below is here, or its gap was reported. */
export const seenOf = (heard: HeardNumbers): Seen => ({
  conversation: [...heard.runs.values()].at(-1) ?? 0,
  pair: heard.pair,
})
