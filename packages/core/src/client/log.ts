/** The chain of an author's messages: leaf and head of protocol.md §10. Checkpoints come later. */
import { EMPTY, concat } from "../bytes/concat.ts"
import { Writer } from "../bytes/writer.ts"
import type { Bytes } from "../deps.ts"
import { LABELS, labelled } from "../primitives/labels.ts"
import { sha256 } from "#primitives"
import { lengthPrefixedAll } from "../wire/address.ts"

export interface Leaf {
  /** convId, 32 bytes. */
  readonly conversation: Bytes
  /** The author's account and device. */
  readonly account: Uint8Array
  readonly device: Uint8Array
  readonly messageId: Uint8Array
  readonly sequence: number
  readonly kind: number
  readonly sentAtMs: number
  /** C_f. */
  readonly commitment: Uint8Array
}

/** Prefixes as in RFC 6962 §2.1, so that no leaf is taken for a node. */
const LEAF = /* @__PURE__ */ Uint8Array.of(0)
const NODE = /* @__PURE__ */ Uint8Array.of(1)

const u64 = (value: number): Bytes => new Writer().u64(value).bytes()

/** h_0 of an author device in a conversation. */
export const logStart = (conversation: Uint8Array, device: Uint8Array): Bytes =>
  sha256(labelled(LABELS.logStart, conversation, device))

/** h_seq from h_{seq−1}: 32 bytes. No expiry and no acks yet: empty strings. */
export const nextHead = (previous: Uint8Array, leaf: Leaf): Bytes => {
  const body = lengthPrefixedAll(
    leaf.conversation,
    leaf.account,
    leaf.device,
    leaf.messageId,
    u64(leaf.sequence),
    Uint8Array.of(leaf.kind),
    u64(leaf.sentAtMs),
    EMPTY,
    leaf.commitment,
    EMPTY,
  )
  return sha256(concat(NODE, previous, sha256(concat(LEAF, labelled(LABELS.leaf, body)))))
}
