/** Defaults and validation of `ChatOptions`, in one place. */
import { SecureChatError } from "../errors.ts"
import { MAX_QUEUE } from "../limits.ts"
import type { RetryOptions } from "../runtime/types.ts"
import { memoryStore } from "../store/memory.ts"
import type { StoreKey } from "../store/store-key.ts"
import type { Store } from "../store/store.ts"
import { requireKey } from "../store/open.ts"
import { type Logger, type Transport, silentLogger } from "../transport/transport.ts"
import { isHandle } from "../wire/address.ts"
import type { ChatOptions, TokenSource } from "./types.ts"

export interface Settings {
  readonly handle: string | undefined
  readonly transport: Transport
  readonly store: Store
  /** Forgotten by `lock` where it is the secret itself. */
  storeKey: StoreKey | undefined
  readonly token: TokenSource | undefined
  readonly retry: RetryOptions | undefined
  readonly receipts: { readonly delivered: boolean; readonly read: boolean }
  readonly typing: boolean
  readonly inspect: number
  readonly takeover: boolean
  readonly maxQueue: number
  readonly log: Logger
}

const invalid = (option: string, allowed: string): SecureChatError =>
  new SecureChatError("ERR_CONFIG_INVALID", `option '${option}' is not valid`, {
    hint: `Give ${allowed}.`,
    details: { option },
  })

const count = (option: string, value: number | undefined, fallback: number): number => {
  if (value === undefined) return fallback
  if (!Number.isSafeInteger(value) || value < 0) throw invalid(option, "a whole number from 0")
  return value
}

/** @throws ERR_CONFIG_INVALID naming the option, ERR_STORE_KEY_REQUIRED for a durable store without a key */
export const settingsOf = (options: ChatOptions): Settings => {
  const transport = options.transport as Transport | undefined
  if (typeof transport?.connect !== "function") throw invalid("transport", "a transport, e.g. webSocket(url)")
  if (options.user !== undefined && !isHandle(options.user))
    throw invalid("user", "2 to 32 of a-z 0-9 . _ -, not beginning with 'sc1', or leave it out")
  const store = options.store ?? memoryStore()
  requireKey(store, options.storeKey)
  return {
    handle: options.user,
    transport,
    store,
    storeKey: options.storeKey,
    token: options.token,
    retry: options.retry,
    receipts: { delivered: options.receipts?.delivered ?? true, read: options.receipts?.read ?? true },
    typing: options.typing ?? true,
    inspect: count("inspect", options.inspect, 0),
    takeover: options.tabs === "takeover",
    maxQueue: count("maxQueue", options.maxQueue, MAX_QUEUE),
    log: options.logger ?? silentLogger,
  }
}
