/**
 * Bytes of a handle record, a name pointing at an account. relay.md §5
 *
 *   01 ‖ u8 len ‖ handle ‖ accountId 20 ‖ u32 version ‖ prevHash 32 ‖ u64 time ‖ sig_AIK(handle) 64
 */
import { type Codec, type Layout, codec } from "../bytes/codec.ts"
import { utf8 } from "../bytes/text.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import { MAX_HANDLE_BYTES } from "../limits.ts"
import { ACCOUNT_ID_BYTES, isHandle } from "./address.ts"
import { SIGNATURE_BYTES } from "./certificate.ts"
import { HASH_BYTES } from "./device-list.ts"
import { STATEMENT_VERSION } from "./tags.ts"

export interface HandleFields {
  readonly handle: string
  readonly accountId: Bytes
  readonly version: number
  readonly previousHash: Bytes
  readonly timeMs: number
}
export interface HandleRecord extends HandleFields {
  readonly body: Bytes
  readonly signature: Bytes
  readonly bytes: Bytes
}

export const handleBody = (fields: HandleFields): Bytes =>
  new Writer()
    .u8(STATEMENT_VERSION)
    .prefixed(8, utf8(fields.handle))
    .fixed(fields.accountId, ACCOUNT_ID_BYTES)
    .u32(fields.version)
    .fixed(fields.previousHash, HASH_BYTES)
    .u64(fields.timeMs)
    .bytes()

export const handleRecordLayout: Layout<HandleRecord> = {
  write: (out, record) => {
    out.put(record.bytes)
  },
  read: (input) => {
    const start = input.offset
    input.expect(STATEMENT_VERSION, "statement version")
    const name = input.prefixed(8, MAX_HANDLE_BYTES)
    const handle = String.fromCharCode(...name)
    if (!isHandle(handle)) input.fail("not a handle")
    const accountId = input.take(ACCOUNT_ID_BYTES)
    const version = input.u32()
    const previousHash = input.take(HASH_BYTES)
    const timeMs = input.u64()
    const body = input.since(start)
    const signature = input.take(SIGNATURE_BYTES)
    return { handle, accountId, version, previousHash, timeMs, body, signature, bytes: input.since(start) }
  },
}
export const handleRecordCodec: Codec<HandleRecord> = /* @__PURE__ */ codec(handleRecordLayout)
