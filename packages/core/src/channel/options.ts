/** Defaults and validation of `ChannelOptions`, in one place. */
import { utf8 } from "../bytes/text.ts"
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { Identity } from "../identity/keys.ts"
import { MAX_CONTENT_BYTES, MAX_CONTEXT_BYTES } from "../limits.ts"
import type { RetryOptions } from "../runtime/types.ts"
import type { StoreKey } from "../store/store-key.ts"
import type { Store } from "../store/store.ts"
import { requireKey } from "../store/open.ts"
import { type Logger, type Transport, silentLogger } from "../transport/transport.ts"
import { type AccountId, isAccountId } from "../wire/address.ts"
import type { ChannelOptions, ChannelRole } from "./types.ts"

export interface ChannelSettings {
  readonly pipe: Transport
  readonly identity: Identity | undefined
  readonly context: Bytes
  readonly role: ChannelRole
  /** The only account to pair with. */
  readonly only: AccountId | undefined
  /** Under which the peer is pinned and verified: the `peer` option, else the context. */
  readonly name: string
  /** Pins outlive the object under names that were given, not under contexts: many rooms share one. */
  readonly keepsPin: boolean
  readonly store: Store | undefined
  readonly storeKey: StoreKey | undefined
  readonly retry: RetryOptions | undefined
  readonly maxMessageBytes: number
  readonly inspect: boolean
  readonly log: Logger
}

const ROLES: readonly ChannelRole[] = ["auto", "initiator", "responder"]
const MAX_NAME_BYTES = 256

const invalid = (option: string, allowed: string, cause?: unknown): SecureChatError =>
  new SecureChatError("ERR_CONFIG_INVALID", `option '${option}' is not valid`, {
    hint: `Give ${allowed}.`,
    details: { option },
    ...(cause === undefined ? {} : { cause }),
  })

/** UTF-8 of at most `max` bytes. */
const textBytes = (option: string, text: string, max: number): Bytes => {
  let bytes: Bytes
  try {
    bytes = utf8(text)
  } catch (cause) {
    throw invalid(option, "well-formed text", cause)
  }
  if (bytes.length > max) throw invalid(option, `at most ${max} bytes of UTF-8`)
  return bytes
}

const peerOf = (peer: string | undefined): AccountId | undefined => {
  if (peer === undefined || isAccountId(peer)) return peer
  // A misspelt account id must not become a name: it would pin whoever comes first.
  if (peer === "" || peer.startsWith("sc1"))
    throw invalid("peer", "an account id, or a name not beginning with 'sc1'")
  textBytes("peer", peer, MAX_NAME_BYTES)
  return undefined
}

/** @throws ERR_CONFIG_INVALID naming the option, ERR_STORE_KEY_REQUIRED for a durable store without a key */
export const channelSettings = (options: ChannelOptions): ChannelSettings => {
  const pipe = options.pipe as Transport | undefined
  if (typeof pipe?.connect !== "function") throw invalid("pipe", "a transport, e.g. webSocket(url)")
  const { store, peer, context = "", role = "auto", maxMessageBytes = MAX_CONTENT_BYTES } = options
  if (!ROLES.includes(role)) throw invalid("role", "'auto', 'initiator' or 'responder'")
  if (!Number.isSafeInteger(maxMessageBytes) || maxMessageBytes < 1 || maxMessageBytes > MAX_CONTENT_BYTES)
    throw invalid("maxMessageBytes", `a whole number from 1 to ${MAX_CONTENT_BYTES}`)
  if (store !== undefined) requireKey(store, options.storeKey)
  return {
    pipe,
    identity: options.identity,
    context: textBytes("context", context, MAX_CONTEXT_BYTES),
    role,
    only: peerOf(peer),
    name: peer ?? context,
    keepsPin: peer !== undefined,
    store,
    storeKey: options.storeKey,
    retry: options.retry,
    maxMessageBytes,
    inspect: options.inspect ?? false,
    log: options.logger ?? silentLogger,
  }
}
