/**
 * A token bucket as plain data: so many at once, then one at a time. What a stranger in the pipe can make
 * this side do costs a token. protocol.md §5, rules 1 and 7
 */
export interface Rate {
  readonly burst: number
  readonly refillMs: number
}
export interface Bucket {
  /** Between 0 and `burst`, at `atMs`. */
  readonly tokens: number
  readonly atMs: number
}

export const fullBucket = (rate: Rate, nowMs: number): Bucket => ({ tokens: rate.burst, atMs: nowMs })

/** A token computed to be there at some millisecond is there, whatever its last bits say. */
const ROUNDING = 1e-9

const tokensAt = (bucket: Bucket, rate: Rate, nowMs: number): number =>
  Math.min(rate.burst, bucket.tokens + Math.max(0, nowMs - bucket.atMs) / rate.refillMs)

/** The bucket with one token less; undefined when there is none. */
export const takeToken = (bucket: Bucket, rate: Rate, nowMs: number): Bucket | undefined => {
  const tokens = tokensAt(bucket, rate, nowMs)
  return tokens < 1 - ROUNDING ? undefined : { tokens: tokens - 1, atMs: nowMs }
}

/** When the next token will be there. */
export const tokenAtMs = (bucket: Bucket, rate: Rate): number =>
  bucket.atMs + Math.ceil(Math.max(0, 1 - bucket.tokens) * rate.refillMs)
