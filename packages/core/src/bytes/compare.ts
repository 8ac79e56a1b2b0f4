/** Comparison and order of byte strings. */

/**
 * Equal? Reads every byte before it answers, so that the time does not tell where a forged tag
 * differs. Lengths are public and checked first: a truncated tag is refused (openmls
 * GHSA-8x3w-qj7j-gqhf). JavaScript promises no constant time; this is the one place that tries.
 */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

/** Order by unsigned bytes, shorter first where one begins the other: negative, zero or positive. For public values. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** All zero? For values that stand for "none". */
export const isZero = (bytes: Uint8Array): boolean => {
  let union = 0
  for (const byte of bytes) union |= byte
  return union === 0
}
