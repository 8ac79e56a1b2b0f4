/**
 * What an operator sees: one line per event, and figures without a per-account label. Accounts appear as
 * a keyed hash under a key of this process; bodies, tokens, nonces, handles never. relay.md §11
 */
import { SecureChatError } from "@securechat/core/errors"
import { hmacSha256 } from "@securechat/core/primitives"
import type { ConnectionOrigin, Logger } from "@securechat/core/transport"
import type { Refusal } from "../auth/admit.ts"
import type { Effect } from "../relay/effect.ts"
import { type RelayState, isOnline } from "../relay/state.ts"
import { values } from "../relay/table.ts"
import { toText } from "../relay/text.ts"
import type { Metrics } from "./metrics.ts"

export interface Observer {
  count(name: string, labels?: Readonly<Record<string, string>>): void
  observe(name: string, value: number): void
  log(effect: Extract<Effect, { type: "log" }>): void
  gauges(state: RelayState, mail: { mailboxes: number; messages: number }, bufferedBytes: number): void
  refused(reason: Refusal, from: ConnectionOrigin): void
  hookFailed(error: unknown): void
  mailboxFailed(error: unknown): void
  directoryFailed(error: unknown): void
}

export interface ObserverOptions {
  readonly logger: Logger
  readonly metrics: Metrics | undefined
  /** 32 random bytes of this process: the same account is the same hash until it ends. */
  readonly key: Uint8Array
  readonly logAddresses: boolean
}

/** A code or a class: a message may quote what was being read. */
const nameOf = (error: unknown): string =>
  SecureChatError.is(error) ? error.code : error instanceof Error ? error.name : typeof error

const encoder = new TextEncoder()

export const observerOf = ({ logger, metrics, key, logAddresses }: ObserverOptions): Observer => {
  const hashed = (account: string): string => toText(hmacSha256(key, encoder.encode(account)).subarray(0, 8))
  const count: Observer["count"] = (name, labels) => {
    metrics?.count(name, 1, labels)
  }
  return {
    count,
    observe: (name, value) => {
      metrics?.observe(name, value)
    },
    log: ({ level, event, fields: { account, address, ...fields } }) => {
      logger[level](event, {
        ...fields,
        ...(account === undefined ? {} : { account: hashed(account) }),
        ...(address === undefined || !logAddresses ? {} : { address }),
      })
    },
    gauges: (state, mail, bufferedBytes) => {
      if (metrics === undefined) return
      const byTransport = new Map<string, number>()
      const online = values(state.connections).filter(isOnline)
      for (const { transport } of online) byTransport.set(transport, (byTransport.get(transport) ?? 0) + 1)
      for (const [transport, connections] of byTransport)
        metrics.gauge("connections", connections, { transport })
      metrics.gauge("mailboxes", mail.mailboxes)
      metrics.gauge("mailbox_messages", mail.messages)
      metrics.gauge("buffered_bytes", bufferedBytes)
    },
    refused: (reason, from) => {
      count("refused_upgrades", { reason })
      logger.info("connection refused", { reason, ...(logAddresses ? { address: from.address } : {}) })
    },
    hookFailed: (error) => {
      logger.warn("authorize failed", { error: nameOf(error) })
    },
    mailboxFailed: (error) => {
      logger.error("mailbox failed", { error: nameOf(error) })
    },
    directoryFailed: (error) => {
      logger.error("directory failed", { error: nameOf(error) })
    },
  }
}
