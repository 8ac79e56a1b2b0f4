/**
 * Content of a channel's messages (kind 1 inside a `SecureChannel`): text or bytes, and where the author's
 * counter stood. A pipe has no mailbox and a reloaded peer starts to count again, so each message says which
 * run it belongs to and what was sent before its session began: then a gap is seen whatever else was lost.
 * Keys 1 to 3 are those of `TextContent` (`kinds.ts`); none means two things.
 */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_CONTENT_CBOR_BYTES } from "../limits.ts"
import { decodeCbor, encodeCbor } from "./cbor.ts"
import { bytesOf, bytesUpTo, fromMap, maybe, text, toMap, u53 } from "./schema.ts"

export const RUN_BYTES = 8

export interface ChannelContent {
  readonly body: string | Uint8Array
  /** Random, of one start of the author's channel: 8 bytes. */
  readonly run: Uint8Array
  /** Messages of this run sent before the session of this message began. */
  readonly base: number
}

const KEYS = { text: 1, data: 4, run: 5, base: 6 } as const
const SHAPE = {
  text: maybe(text),
  data: maybe(bytesUpTo(MAX_CONTENT_CBOR_BYTES)),
  run: bytesOf(RUN_BYTES),
  base: u53,
}

export const encodeChannelContent = (content: ChannelContent): Bytes => {
  const { body, run, base } = content
  const said = typeof body === "string" ? { text: body } : { data: body }
  return encodeCbor(toMap({ ...said, run, base }, KEYS))
}

/** @throws ERR_DECODE */
export const decodeChannelContent = (bytes: Uint8Array): ChannelContent => {
  const { text, data, run, base } = fromMap(decodeCbor(bytes, MAX_CONTENT_CBOR_BYTES), KEYS, SHAPE)
  const body = text ?? data
  if (body === undefined || (text !== undefined && data !== undefined))
    throw new SecureChatError("ERR_DECODE", "content: text or data, one of them")
  return { body, run, base }
}

/** Content of a channel's opening and its acknowledgement: nothing. */
export const encodeNothing = (): Bytes => encodeCbor(new Map())
/** @throws ERR_DECODE */
export const decodeNothing = (bytes: Uint8Array): void => {
  fromMap(decodeCbor(bytes, MAX_CONTENT_CBOR_BYTES), {}, {})
}
