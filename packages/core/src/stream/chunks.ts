/**
 * Cutting a run of bytes into chunks, and the nonce of each: `u88 index ‖ u8 last`. The mark of the last chunk is what makes a
 * cut file a refused one (STREAM, eprint 2015/189). protocol.md §13
 */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_STREAM_CHUNKS } from "../limits.ts"

/** Bytes in pieces of any size; a piece may be used again by its owner once the next is asked for. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export interface Chunk {
  readonly index: number
  readonly last: boolean
}

/** 12 bytes, another for every chunk of a stream. @throws ERR_LIMIT past 2³² chunks. */
export const chunkNonce = ({ index, last }: Chunk): Bytes => {
  if (index >= MAX_STREAM_CHUNKS)
    throw new SecureChatError("ERR_LIMIT", `a sealed stream has at most ${MAX_STREAM_CHUNKS} chunks`)
  const nonce = new Uint8Array(NONCE_BYTES)
  // The index has eleven bytes and never fills more than the lowest four. Each is cut to its byte by the array.
  nonce[7] = index >>> 24
  nonce[8] = index >>> 16
  nonce[9] = index >>> 8
  nonce[10] = index
  nonce[11] = last ? 1 : 0
  return nonce
}
const NONCE_BYTES = 12

/**
 * Chunks of exactly `size` bytes out of pieces of any size. A full chunk comes out only once a byte follows it, since whether
 * it is the last decides its nonce; so one chunk is held, and nothing more.
 */
export class Cutter {
  readonly #held: Bytes
  #length = 0

  constructor(size: number) {
    this.#held = new Uint8Array(size)
  }

  /** Views of the piece or of what is held, each to be used before the next is asked for. */
  *push(piece: Uint8Array): Generator<Uint8Array, void, void> {
    const size = this.#held.length
    let at = 0
    while (piece.length - at > size - this.#length) {
      const missing = size - this.#length
      if (this.#length === 0) {
        yield piece.subarray(at, at + size)
      } else {
        this.#held.set(piece.subarray(at, at + missing), this.#length)
        this.#length = 0
        yield this.#held
      }
      at += missing
    }
    this.#held.set(piece.subarray(at), this.#length)
    this.#length += piece.length - at
  }

  /** What is left when nothing follows: the last chunk, empty only where nothing ever came. */
  rest(): Uint8Array {
    return this.#held.subarray(0, this.#length)
  }
}
