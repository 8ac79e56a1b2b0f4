/**
 * Sealing a file of any size in constant memory: head, then chunks of 64 KiB, each AES-256-GCM under a nonce that says where it
 * stands and whether it is the last. protocol.md §13
 *
 * Not its concern: padding, names, types and where the bytes go. The same secret serves one stream: a source that changed is
 * sealed under a new one (attack G10); the fresh salt is what keeps a mistake there from using one key twice.
 */
import type { Bytes, Deps } from "../deps.ts"
import { STREAM_CHUNK_BYTES } from "../limits.ts"
import { bulkCipher } from "#bulk"
import { type ByteSource, chunkNonce, Cutter } from "./chunks.ts"
import { beginStream, SALT_BYTES, type StreamSecret } from "./header.ts"

/**
 * The sealed bytes of `source`, in pieces that belong one after another: to be written together where small writes are dear.
 *
 * @throws ERR_KEY_INVALID unless the secret has 32 bytes, ERR_LIMIT past 256 TiB, and what the source throws.
 */
export async function* sealStream(
  source: ByteSource,
  what: StreamSecret,
  deps: Deps,
): AsyncGenerator<Bytes, void, void> {
  const { header, key } = beginStream(what, deps.random(SALT_BYTES))
  const cipher = bulkCipher(key)
  const cutter = new Cutter(STREAM_CHUNK_BYTES)
  let index = 0
  yield header
  for await (const piece of source)
    for (const chunk of cutter.push(piece))
      for (const sealed of await cipher.seal(chunkNonce({ index: index++, last: false }), chunk)) yield sealed
  for (const sealed of await cipher.seal(chunkNonce({ index, last: true }), cutter.rest())) yield sealed
}
