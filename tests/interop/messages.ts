/** Random messages of a fixed seed, the same in every run: text of all scripts, bytes, sizes around the block. */
import fc from "fast-check"

/** How many messages go each way; the long run asks for more. */
export const COUNT = Number(process.env["INTEROP_MESSAGES"] ?? 1_000)

const SEED = 20_260_101
/** The largest time that both sides write: seconds, u64 on the wire, 2⁵³−1 here. */
const MAX_SECONDS = Number.MAX_SAFE_INTEGER

export interface Message {
  readonly data: Uint8Array
  /** Seconds since 1970. */
  readonly at: number
}

const size = fc.oneof(fc.integer({ min: 0, max: 49 }), fc.integer({ min: 0, max: 3000 }))
const bytes = size.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
const text = fc.string({ unit: "grapheme", maxLength: 200 }).map((value) => new TextEncoder().encode(value))
const seconds = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 33 }),
  fc.constantFrom(0, 2 ** 31, 2 ** 32, MAX_SECONDS),
)

export const messages = (count: number): readonly Message[] =>
  fc.sample(fc.record({ data: fc.oneof(bytes, text), at: seconds }), { seed: SEED, numRuns: count })
/** Text only, for a peer that knows nothing else. */
export const textMessages = (count: number): readonly string[] =>
  fc.sample(fc.string({ unit: "grapheme", maxLength: 400 }), { seed: SEED, numRuns: count })
