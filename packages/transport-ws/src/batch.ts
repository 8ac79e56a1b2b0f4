/**
 * One write for all frames of a turn: a write is a call into the kernel and was a quarter of the relay's time. A connection
 * is held back from its first frame until the input that is there has been read, and not longer: nothing waits for a timer.
 */
interface Held {
  /** Writes what was held back. */
  flush(): void
}

let held: Held[] = []

const release = (): void => {
  const all = held
  held = []
  for (const one of all) one.flush()
}

/** To be flushed at the end of this turn. Once per turn: whoever is held knows it. */
export const holdForTurn = (one: Held): void => {
  if (held.push(one) === 1) setImmediate(release)
}

const SHORT = 125
const LONG = 0xffff
const BINARY = 0x82

/**
 * Binary messages of one fragment, as a server sends them: unmasked (RFC 6455 §5.2). Written below `ws`, whose sender takes
 * one message at a time and writes each by itself.
 */
export const inOneWrite = (frames: readonly Uint8Array[]): Buffer => {
  let length = 0
  for (const frame of frames)
    length += frame.length + (frame.length <= SHORT ? 2 : frame.length <= LONG ? 4 : 10)
  const out = Buffer.allocUnsafe(length)
  let at = 0
  for (const frame of frames) {
    out[at++] = BINARY
    if (frame.length <= SHORT) out[at++] = frame.length
    else if (frame.length <= LONG) {
      out[at++] = 126
      at = out.writeUInt16BE(frame.length, at)
    } else {
      out[at++] = 127
      at = out.writeBigUInt64BE(BigInt(frame.length), at)
    }
    out.set(frame, at)
    at += frame.length
  }
  return out
}
