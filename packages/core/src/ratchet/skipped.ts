/**
 * Keys kept for messages that have not arrived: bounded in number and age, oldest out. What was dropped is
 * remembered as a range, so that a late message is "too old" and a repeated one a "duplicate". protocol.md §6.7
 */
import { equalBytes } from "../bytes/compare.ts"
import type { Bytes } from "../deps.ts"
import {
  MAX_EVICTED_RANGES,
  MAX_SKIPPED_KEYS,
  RECENT_CHAINS,
  SKIPPED_KEY_AGE_MS,
  SKIPPED_KEY_TURNS,
} from "../limits.ts"
import type { KnownChain, RatchetState, SkippedKey } from "./state.ts"

export const findSkipped = (state: RatchetState, ratchetKey: Bytes, count: number): SkippedKey | undefined =>
  state.skipped.find((key) => key.count === count && equalBytes(key.ratchetKey, ratchetKey))

export const findChain = (state: RatchetState, ratchetKey: Bytes): KnownChain | undefined =>
  state.chains.find((chain) => equalBytes(chain.ratchetKey, ratchetKey))

export const wasEvicted = (chain: KnownChain, count: number): boolean =>
  chain.evicted.some(([from, to]) => from <= count && count <= to)

export const withoutSkipped = (state: RatchetState, used: SkippedKey): RatchetState => ({
  ...state,
  skipped: state.skipped.filter((key) => key !== used),
})

/** A finished chain beyond the newest 16 is forgotten. */
export const withChain = (state: RatchetState, ratchetKey: Bytes): RatchetState => ({
  ...state,
  chains: [...state.chains, { ratchetKey, evicted: [] }].slice(-(RECENT_CHAINS + 1)),
})

const addToRanges = (ranges: KnownChain["evicted"], count: number): KnownChain["evicted"] => {
  const last = ranges.at(-1)
  if (last !== undefined && last[1] + 1 === count) return [...ranges.slice(0, -1), [last[0], count]]
  return [...ranges, [count, count] as const].slice(-MAX_EVICTED_RANGES)
}

const noteEvicted = (chains: readonly KnownChain[], gone: SkippedKey): readonly KnownChain[] =>
  chains.map((chain) =>
    equalBytes(chain.ratchetKey, gone.ratchetKey)
      ? { ...chain, evicted: addToRanges(chain.evicted, gone.count) }
      : chain,
  )

const tooOld = (key: SkippedKey, state: RatchetState, nowMs: number): boolean =>
  nowMs - key.storedAtMs > SKIPPED_KEY_AGE_MS || state.peerTurns - key.turn >= SKIPPED_KEY_TURNS

/** Drops what is over number or age. @returns the state and how many keys went. */
export const evict = (state: RatchetState, nowMs: number): readonly [RatchetState, number] => {
  const surplus = state.skipped.length - MAX_SKIPPED_KEYS
  const gone = state.skipped.filter((key, index) => index < surplus || tooOld(key, state, nowMs))
  if (gone.length === 0) return [state, 0]
  const dropped = new Set(gone)
  const skipped = state.skipped.filter((key) => !dropped.has(key))
  return [{ ...state, skipped, chains: gone.reduce(noteEvicted, state.chains) }, gone.length]
}
