/**
 * The only ambient capabilities a protocol folder may use: randomness and time. Everything else is a
 * function of its arguments, so that a seed replays any run. Not its concern: which primitives compute.
 */
import { SecureChatError } from "./errors.ts"

/** Bytes handed out: an own, unshared buffer, so that `new Blob([x])` compiles. */
export type Bytes = Uint8Array<ArrayBuffer>

export interface Deps {
  /** `length` fresh, uniform, unpredictable bytes. */
  readonly random: (length: number) => Bytes
  /** Milliseconds since 1970. Informative: order and de-duplication never depend on it. */
  readonly nowMs: () => number
}

/** The platform's generator, read when called and never on import. `getRandomValues` takes 64 KiB at most. */
export const platformDeps: Deps = {
  random: (length) => randomWith(fillFromPlatform, length),
  nowMs: () => Date.now(),
}

const fillFromPlatform = (block: Bytes): void => {
  const source = (globalThis as { crypto?: Crypto }).crypto
  if (typeof source?.getRandomValues !== "function")
    throw new SecureChatError("ERR_RUNTIME_UNSUPPORTED", "crypto.getRandomValues is missing", {
      hint: "Use a browser, or Node 22.13 or newer.",
    })
  source.getRandomValues(block)
}

/**
 * `length` bytes from `fill`, refusing a block of all-equal bytes: what a broken polyfill or a
 * restored snapshot of an empty pool gives (protocol.md §2). A false alarm at 16 bytes has chance 2⁻¹²⁰.
 *
 * @throws ERR_RUNTIME_UNSUPPORTED when the generator is missing or visibly broken.
 */
export const randomWith = (fill: (block: Bytes) => void, length: number): Bytes => {
  const block = new Uint8Array(length)
  fill(block)
  if (length >= 16 && block.every((byte) => byte === block[0]))
    throw new SecureChatError("ERR_RUNTIME_UNSUPPORTED", "the random generator repeats one byte", {
      hint: "Remove the polyfill of crypto.getRandomValues.",
    })
  return block
}
