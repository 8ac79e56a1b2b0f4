/**
 * Content by payload kind: text message, receipt, typing. A kind this version does not know is kept as
 * its number and never guessed. protocol.md §6.4. Not its concern: meta (`meta.ts`), numbering, sealing.
 */
import type { Bytes } from "../deps.ts"
import { MAX_CONTENT_CBOR_BYTES, MAX_HANDLE_BYTES } from "../limits.ts"
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts"
import { type Check, bytesOf, flag, fromMap, listOf, maybe, text, toMap, tuple, u32, u53 } from "./schema.ts"

/** Kind 1. */
export interface TextContent {
  readonly text: string
  /** Message id answered to, 16 bytes. */
  readonly replyTo?: Uint8Array | undefined
  /**
   * The sender's handle, in messages to somebody who has not answered yet: a hint what to look up, worth
   * nothing until an own look-up gives the account of this very session. protocol.md §1.2
   */
  readonly handle?: string | undefined
}
/** Kind 3. What was received is in the meta map's `seen`; this adds what was read. */
export interface ReceiptContent {
  /** Highest conversation sequence of the recipient's messages that was read; 0 for none. */
  readonly readUpTo: number
  /** Of the sender's own numbers below this nothing comes any more; only where the recipient may still wait for some. */
  readonly floor?: number | undefined
}
/** Kind 4: these envelopes did not open. */
export interface ResendContent {
  readonly envelopes: readonly EnvelopeName[]
}
/** As a header names it. */
export interface EnvelopeName {
  /** 16 bytes. */
  readonly sessionId: Uint8Array
  /** dh, 32 bytes. */
  readonly ratchetKey: Uint8Array
  readonly count: number
  /** The session itself is not known: nothing on it can be read. */
  readonly unknown: boolean
}
/** Kind 14, ephemeral. */
export interface TypingContent {
  readonly active: boolean
}

const handle: Check<string> = (value): value is string =>
  text(value) && new TextEncoder().encode(value).length <= MAX_HANDLE_BYTES
const TEXT_KEYS = { text: 1, replyTo: 2, handle: 3 } as const
const TEXT_SHAPE = {
  text,
  replyTo: maybe(bytesOf(16)),
  handle: maybe(handle),
}
const RECEIPT_KEYS = { readUpTo: 1, floor: 2 } as const
const RECEIPT_SHAPE = { readUpTo: u53, floor: maybe(u53) }
const TYPING_KEYS = { active: 1 } as const
const TYPING_SHAPE = { active: flag }

const map = (bytes: Uint8Array): CborValue => decodeCbor(bytes, MAX_CONTENT_CBOR_BYTES)

export const encodeText = (content: TextContent): Bytes => encodeCbor(toMap(content, TEXT_KEYS))
/** @throws ERR_DECODE */
export const decodeText = (bytes: Uint8Array): TextContent => fromMap(map(bytes), TEXT_KEYS, TEXT_SHAPE)

export const encodeReceipt = (content: ReceiptContent): Bytes => encodeCbor(toMap(content, RECEIPT_KEYS))
/** @throws ERR_DECODE */
export const decodeReceipt = (bytes: Uint8Array): ReceiptContent =>
  fromMap(map(bytes), RECEIPT_KEYS, RECEIPT_SHAPE)

const RESEND_KEYS = { envelopes: 1 } as const
const RESEND_SHAPE = {
  envelopes: listOf(tuple<[Uint8Array, Uint8Array, number, boolean]>(bytesOf(16), bytesOf(32), u32, flag)),
}

export const encodeResend = ({ envelopes }: ResendContent): Bytes =>
  encodeCbor(
    toMap(
      { envelopes: envelopes.map((one) => [one.sessionId, one.ratchetKey, one.count, one.unknown]) },
      RESEND_KEYS,
    ),
  )
/** @throws ERR_DECODE */
export const decodeResend = (bytes: Uint8Array): ResendContent => ({
  envelopes: fromMap(map(bytes), RESEND_KEYS, RESEND_SHAPE).envelopes.map(
    ([sessionId, ratchetKey, count, unknown]) => ({ sessionId, ratchetKey, count, unknown }),
  ),
})

export const encodeTyping = (content: TypingContent): Bytes => encodeCbor(toMap(content, TYPING_KEYS))
/** @throws ERR_DECODE */
export const decodeTyping = (bytes: Uint8Array): TypingContent =>
  fromMap(map(bytes), TYPING_KEYS, TYPING_SHAPE)
