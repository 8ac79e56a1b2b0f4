/**
 * Opening what `seal.ts` made, in constant memory. A byte is given out only after the tag of its chunk held; a chunk that was
 * changed, moved, repeated, left out or put behind the last ends the stream with an error, and so does a stream that ends
 * without its last chunk. protocol.md §13
 *
 * What was given out before such an error is genuine but not the whole: whoever writes a file keeps it under a temporary name
 * until the end has come.
 */
import { concat, EMPTY } from "../bytes/concat.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { STREAM_CHUNK_BYTES } from "../limits.ts"
import { bulkCipher } from "#bulk"
import { type ByteSource, type Chunk, chunkNonce, Cutter } from "./chunks.ts"
import { openHeader, STREAM_HEADER_BYTES, type StreamSecret } from "./header.ts"

const TAG_BYTES = 16

type OpenChunk = (sealed: Uint8Array, place: Chunk) => Bytes | Promise<Bytes>

/** The commitment is checked here, before anything is decrypted. */
const opener = (what: StreamSecret, header: Uint8Array): OpenChunk => {
  const cipher = bulkCipher(openHeader(what, header))
  return (sealed, place) => {
    // A full stream has one spelling: its last chunk holds something.
    if (place.index > 0 && sealed.length === TAG_BYTES)
      throw new SecureChatError("ERR_AUTHENTICATION", "cannot be opened")
    return cipher.open(chunkNonce(place), sealed)
  }
}

/**
 * The bytes that were sealed, chunk by chunk.
 *
 * @throws ERR_DECODE for what is no sealed stream, ERR_VERSION_UNSUPPORTED for another version of it, ERR_KEY_INVALID unless the
 * secret has 32 bytes, ERR_AUTHENTICATION for everything that was changed or is for another secret or purpose, ERR_LIMIT past
 * 2³² chunks, and what the source throws.
 */
export async function* openStream(source: ByteSource, what: StreamSecret): AsyncGenerator<Bytes, void, void> {
  const cutter = new Cutter(STREAM_CHUNK_BYTES + TAG_BYTES)
  let header = EMPTY
  let open: OpenChunk | undefined
  let index = 0
  for await (const piece of source) {
    const headed = piece.subarray(0, STREAM_HEADER_BYTES - header.length)
    header = concat(header, headed)
    if (header.length < STREAM_HEADER_BYTES) continue
    open ??= opener(what, header)
    for (const sealed of cutter.push(piece.subarray(headed.length)))
      yield await open(sealed, { index: index++, last: false })
  }
  open ??= opener(what, header)
  yield await open(cutter.rest(), { index, last: true })
}
