/**
 * How long to wait before another attempt: full jitter, so that ten thousand clients of a restarted
 * relay do not come back in step.
 */
export interface BackoffRange {
  readonly minMs: number
  readonly maxMs: number
}

/**
 * @param attempt failed attempts so far, from 1.
 * @param random uniform in [0, 1).
 * @returns milliseconds in [0, min(maxMs, minMs · 2^(attempt−1))), at least a tenth of `minMs`.
 */
export const backoffMs = (attempt: number, random: number, range: BackoffRange): number => {
  const ceiling = Math.min(range.maxMs, range.minMs * 2 ** Math.min(attempt - 1, 30))
  // Full jitter may draw zero; a floor keeps a refused connection from being tried in a tight loop.
  return Math.max(range.minMs / 10, Math.floor(random * ceiling))
}

/** Uniform in [0, 1) from four random bytes. */
export const uniform = (random: (length: number) => Uint8Array): number => {
  const bytes = random(4)
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32
}
