/** Versioned persistence of a link. The store's values are this device's own; a newer version is refused. */
import {
  type Codec,
  type Layout,
  codec,
  fixedBytes,
  lengthPrefixed,
  listOf,
  optional,
} from "../bytes/codec.ts"
import type { Reader } from "../bytes/reader.ts"
import type { PeerDevice } from "../handshake/peer.ts"
import { SecureChatError } from "../errors.ts"
import { MAX_HANDSHAKE_BLOCK_BYTES } from "../wire/handshake.ts"
import { ratchetLayout, secretLayout } from "../ratchet/codec.ts"
import type { FailureReason, Link, Session } from "./state.ts"

const VERSION = 1
const PHASES = ["unconfirmed", "established", "retired"] as const
const FAILURES: readonly FailureReason[] = ["no-session", "handshake-failed", "session-expired", "downgrade"]

const hash = fixedBytes(32)
const sessionId = fixedBytes(16)
const secretKey = /* @__PURE__ */ secretLayout(32)
const block = /* @__PURE__ */ lengthPrefixed(16, MAX_HANDSHAKE_BLOCK_BYTES + 2)

const pick = <T>(input: Reader, values: readonly T[]): T =>
  values[input.u8()] ?? input.fail("unknown choice", 1)

const peer: Layout<PeerDevice> = {
  write: (out, value) => {
    out.fixed(value.accountId, 20).fixed(value.deviceId, 16).fixed(value.accountKey, 32)
    out.fixed(value.certHash, 32).u32(value.listVersion).fixed(value.listHash, 32)
  },
  read: (input) => ({
    accountId: input.take(20),
    deviceId: input.take(16),
    accountKey: input.take(32),
    certHash: input.take(32),
    listVersion: input.u32(),
    listHash: input.take(32),
  }),
}

const session: Layout<Session> = {
  write: (out, value) => {
    out.u8(PHASES.indexOf(value.phase)).fixed(value.id, 16)
    peer.write(out, value.peer)
    ratchetLayout.write(out, value.ratchet)
    secretKey.write(out, value.exporter)
    out
      .u64(value.createdAtMs)
      .u64(value.lastReceivedAtMs)
      .u64(value.messages)
      .u8(value.reduced ? 1 : 0)
    hash.write(out, value.blockHash)
    if (value.phase === "unconfirmed") block.write(out, value.block)
    if (value.phase === "retired") out.u64(value.retiredAtMs)
  },
  read: (input) => {
    const phase = pick(input, PHASES)
    const base = {
      id: input.take(16),
      peer: peer.read(input),
      ratchet: ratchetLayout.read(input),
      exporter: secretKey.read(input),
      createdAtMs: input.u64(),
      lastReceivedAtMs: input.u64(),
      messages: input.u64(),
      reduced: pick(input, [false, true]),
      blockHash: hash.read(input),
    }
    if (phase === "unconfirmed") return { ...base, phase, block: block.read(input) }
    return phase === "retired" ? { ...base, phase, retiredAtMs: input.u64() } : { ...base, phase }
  },
}

const time: Layout<number> = {
  write: (out, value) => {
    out.u64(value)
  },
  read: (input) => input.u64(),
}
const failure: Layout<FailureReason> = {
  write: (out, value) => {
    out.u8(FAILURES.indexOf(value))
  },
  read: (input) => pick(input, FAILURES),
}
const sessions = /* @__PURE__ */ listOf(8, 255, session)
const requestedAt = /* @__PURE__ */ optional(time)
const lastFailure = /* @__PURE__ */ optional(failure)
const replaced = /* @__PURE__ */ listOf(8, 255, sessionId)

const layout: Layout<Link> = {
  write: (out, link) => {
    out.u8(VERSION)
    sessions.write(out, link.sessions)
    requestedAt.write(out, link.requestedAtMs)
    lastFailure.write(out, link.failure)
    replaced.write(out, link.replaced)
  },
  read: (input) => {
    const version = input.u8()
    if (version > VERSION) throw new SecureChatError("ERR_STORE_TOO_NEW", `session record version ${version}`)
    if (version !== VERSION) input.fail("session record version", 1)
    return {
      sessions: sessions.read(input),
      requestedAtMs: requestedAt.read(input),
      failure: lastFailure.read(input),
      replaced: replaced.read(input),
    }
  },
}
/** Bytes of a link, for the store. */
export const linkCodec: Codec<Link> = /* @__PURE__ */ codec(layout)
