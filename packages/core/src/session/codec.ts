/** Versioned persistence of a link. The store's values are this device's own; a newer version is refused. */
import {
  type Codec,
  type Layout,
  choice,
  codec,
  fixedBytes,
  flag,
  lengthPrefixed,
  listOf,
  optional,
  secretBytes,
  struct,
  u32,
  u53,
} from "../bytes/codec.ts"
import type { PeerDevice } from "../handshake/peer.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_HANDSHAKE_BLOCK_BYTES } from "../wire/handshake.ts"
import { ratchetLayout } from "../ratchet/codec.ts"
import type { FailureReason, Link, Session } from "./state.ts"

const VERSION = 1
const hash = /* @__PURE__ */ fixedBytes(32)
const id = /* @__PURE__ */ fixedBytes(16)
const block = /* @__PURE__ */ lengthPrefixed(16, MAX_HANDSHAKE_BLOCK_BYTES + 2)

const peer = /* @__PURE__ */ struct<PeerDevice>({
  accountId: fixedBytes(20),
  deviceId: id,
  accountKey: hash,
  certHash: hash,
  listVersion: u32,
  listHash: hash,
})

type Common = Pick<Session, keyof Session>
const common = /* @__PURE__ */ struct<Common>({
  phase: choice("unconfirmed", "established", "retired"),
  id,
  peer,
  ratchet: ratchetLayout,
  exporter: secretBytes(32),
  createdAtMs: u53,
  lastReceivedAtMs: u53,
  messages: u53,
  reduced: flag,
  blockHash: hash,
})
const session: Layout<Session> = {
  write: (out, value) => {
    common.write(out, value)
    if (value.phase === "unconfirmed") block.write(out, value.block)
    if (value.phase === "retired") out.u64(value.retiredAtMs)
  },
  read: (input) => {
    const { phase, ...base } = common.read(input)
    if (phase === "unconfirmed") return { ...base, phase, block: block.read(input) }
    return phase === "retired" ? { ...base, phase, retiredAtMs: input.u64() } : { ...base, phase }
  },
}

const fields = /* @__PURE__ */ struct<Link>({
  sessions: listOf(8, 255, session),
  requestedAtMs: optional(u53),
  failure: optional(choice<FailureReason>("no-session", "handshake-failed", "session-expired", "downgrade")),
  replaced: listOf(8, 255, id),
})
const layout: Layout<Link> = {
  write: (out, link) => {
    out.u8(VERSION)
    fields.write(out, link)
  },
  read: (input) => {
    const version = input.u8()
    if (version > VERSION) throw new SecureChatError("ERR_STORE_TOO_NEW", `session record version ${version}`)
    if (version !== VERSION) input.fail("session record version", 1)
    return fields.read(input)
  },
}
/** Bytes of a link, for the store. */
export const linkCodec: Codec<Link> = /* @__PURE__ */ codec(layout)
