/** Token buckets as pure functions of (bucket, now, cost). relay.md §9 */

export interface BucketSpec {
  /** How many at once. */
  readonly size: number
  /** How many per second after that. */
  readonly perSecond: number
}
/** A bucket nobody has touched, or that is full again, is `undefined`: it takes no memory. */
export interface Bucket {
  readonly tokens: number
  readonly atMs: number
}
export type Taken =
  { readonly ok: true; readonly bucket: Bucket } | { readonly ok: false; readonly retryAfterMs: number }

/** What the bucket holds at `nowMs`. A clock that jumps back fills nothing and takes nothing. */
export const tokensAt = (bucket: Bucket | undefined, spec: BucketSpec, nowMs: number): number => {
  if (bucket === undefined) return spec.size
  const elapsedMs = Math.max(0, nowMs - bucket.atMs)
  return Math.min(spec.size, bucket.tokens + (elapsedMs * spec.perSecond) / 1_000)
}

/** `cost` tokens out, or how long until they are there. What was asked too early costs nothing. */
export const take = (bucket: Bucket | undefined, spec: BucketSpec, nowMs: number, cost = 1): Taken => {
  const tokens = tokensAt(bucket, spec, nowMs)
  // A thousandth is forgiven: after exactly the announced wait, rounding must not refuse again.
  if (tokens + 0.001 >= cost) return { ok: true, bucket: { tokens: Math.max(0, tokens - cost), atMs: nowMs } }
  return { ok: false, retryAfterMs: Math.ceil(((cost - tokens) * 1_000) / spec.perSecond) }
}

/** May it be forgotten? */
export const isFull = (bucket: Bucket, spec: BucketSpec, nowMs: number): boolean =>
  tokensAt(bucket, spec, nowMs) >= spec.size
