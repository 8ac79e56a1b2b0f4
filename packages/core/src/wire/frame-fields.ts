/** The fields that several layouts of `frame.ts` and `frame-answers.ts` share. */
import { type Layout, fixedBytes, lengthPrefixed } from "../bytes/codec.ts"
import type { Bytes } from "../deps.ts"
import { MAX_CURSOR_BYTES } from "../limits.ts"
import { ACCOUNT_ID_BYTES, DEVICE_ID_BYTES } from "./address.ts"

export const accountId: Layout<Bytes> = /* @__PURE__ */ fixedBytes(ACCOUNT_ID_BYTES)
export const deviceId: Layout<Bytes> = /* @__PURE__ */ fixedBytes(DEVICE_ID_BYTES)
/** At most 64 bytes, opaque to everybody but the mailbox that made them; empty: none. */
export const cursor: Layout<Bytes> = /* @__PURE__ */ lengthPrefixed(8, MAX_CURSOR_BYTES)
