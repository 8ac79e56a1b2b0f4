/**
 * Bytes of a handle record, a name pointing at an account. relay.md §5
 *
 *   01 ‖ u8 len ‖ handle ‖ accountId 20 ‖ u32 version ‖ prevHash 32 ‖ u64 time ‖ sig_AIK(handle) 64
 */
import {
  type Codec,
  type Layout,
  after,
  codec,
  fixedBytes,
  signed,
  struct,
  u32,
  u53,
} from "../bytes/codec.ts"
import { utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { MAX_HANDLE_BYTES } from "../limits.ts"
import { ACCOUNT_ID_BYTES, isHandle } from "./address.ts"
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

const handle: Layout<string> = {
  write: (out, value) => {
    out.prefixed(8, utf8(value))
  },
  read: (input) => {
    const value = String.fromCharCode(...input.prefixed(8, MAX_HANDLE_BYTES))
    return isHandle(value) ? value : input.fail("not a handle")
  },
}
const fields: Layout<HandleFields> = /* @__PURE__ */ after(
  STATEMENT_VERSION,
  "statement version",
  struct<HandleFields>({
    handle,
    accountId: fixedBytes(ACCOUNT_ID_BYTES),
    version: u32,
    previousHash: fixedBytes(HASH_BYTES),
    timeMs: u53,
  }),
)
export const handleBody = (of: HandleFields): Bytes => codec(fields).encode(of)

export const handleRecordLayout: Layout<HandleRecord> = /* @__PURE__ */ signed(fields, ["signature"])
export const handleRecordCodec: Codec<HandleRecord> = /* @__PURE__ */ codec(handleRecordLayout)
