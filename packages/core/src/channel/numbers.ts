/**
 * Counters of a channel, as plain data: how many messages one sent, and how many of the peer's were heard. The
 * ratchet refuses repeats; these find what the pipe dropped. protocol.md §5, rule 8
 */
import { toHex } from "../bytes/text.ts"
import { RUN_BYTES } from "../content/channel.ts"
import type { Bytes, Deps } from "../deps.ts"
import { MAX_PEER_RUNS } from "../limits.ts"

export interface Numbers {
  /** Random, of this start of the channel, 8 bytes: a peer that starts again counts again. */
  readonly run: Bytes
  /** Messages sent in this run. */
  readonly sent: number
  /** Openings and acknowledgements sent: the counter of what goes to one device alone. */
  readonly pairSent: number
  /** Highest number heard, by the peer's run, newest last. */
  readonly heard: ReadonlyMap<string, number>
  readonly pairHeard: number
}

export const newNumbers = (deps: Deps): Numbers => ({
  run: deps.random(RUN_BYTES),
  sent: 0,
  pairSent: 0,
  heard: new Map(),
  pairHeard: 0,
})

export interface Heard {
  readonly run: Uint8Array
  /** Messages of the run before the session of this one. */
  readonly base: number
  /** This one's, from 1. */
  readonly sequence: number
}

/** A message of the peer. @returns the counters, and how many before it are missing that were not told yet. */
export const hearNumber = (numbers: Numbers, message: Heard): readonly [Numbers, missing: number] => {
  const run = toHex(message.run)
  const known = numbers.heard.get(run) ?? message.base
  const rest = [...numbers.heard].filter(([other]) => other !== run)
  const heard = new Map([...rest, [run, Math.max(known, message.sequence)] as const].slice(-MAX_PEER_RUNS))
  return [{ ...numbers, heard }, Math.max(0, message.sequence - known - 1)]
}

/** What a message to the peer says was seen of it: everything below is here, or its gap was reported. */
export const seenNumbers = (numbers: Numbers): { readonly conversation: number; readonly pair: number } => ({
  conversation: [...numbers.heard.values()].at(-1) ?? 0,
  pair: numbers.pairHeard,
})
