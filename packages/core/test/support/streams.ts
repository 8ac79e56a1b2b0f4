/** Sealed streams in tests: collected, taken apart, and put together in another order. */
import { concat } from "../../src/bytes/concat.ts"
import type { Bytes } from "../../src/deps.ts"
import { SecureChatError, type ErrorCode } from "../../src/errors.ts"
import { STREAM_CHUNK_BYTES } from "../../src/limits.ts"
import { STREAM_HEADER_BYTES } from "../../src/stream/header.ts"

export const SEALED_CHUNK_BYTES: number = STREAM_CHUNK_BYTES + 16

export const collect = async (stream: AsyncIterable<Uint8Array>): Promise<Bytes> => {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return concat(...pieces)
}

/** What a stream gave before it ended, and the code it ended with. */
export const untilRefused = async (
  stream: AsyncIterable<Uint8Array>,
): Promise<{ given: Bytes; code: ErrorCode | undefined }> => {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of stream) pieces.push(piece)
    return { given: concat(...pieces), code: undefined }
  } catch (error) {
    if (!SecureChatError.is(error)) throw error
    return { given: concat(...pieces), code: error.code }
  }
}

/** In pieces of so many bytes. */
export const inPieces = (bytes: Uint8Array, size: number): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

/** The head and the sealed chunks of a stream. */
export const takenApart = (sealed: Uint8Array): readonly [Uint8Array, ...Uint8Array[]] => [
  sealed.subarray(0, STREAM_HEADER_BYTES),
  ...inPieces(sealed.subarray(STREAM_HEADER_BYTES), SEALED_CHUNK_BYTES),
]
