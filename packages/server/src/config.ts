/** Options to a configuration that is whole and safe, or an error that says what to set. relay.md §11 */
import { SecureChatError } from "@securechat/core/errors"
import type { Logger } from "@securechat/core/transport"
import type { RelayAuth } from "./auth/authorize.ts"
import { isLoopback, parseOrigin } from "./http/origins.ts"
import type { TlsFiles } from "./http/server.ts"
import { type Limits, type RelayLimits, resolveLimits } from "./limit/limits.ts"
import type { Mailbox } from "./mailbox/mailbox.ts"
import type { Metrics } from "./observe/metrics.ts"

export interface RelayOptions {
  /** Default 5000; 0 picks a free one. */
  readonly port?: number | undefined
  /** Default '127.0.0.1'. Another address needs `tls` or `behindProxy`, and `origins`. */
  readonly host?: string | undefined
  /**
   * The origins clients dial, e.g. `https://chat.example`: signed by every login, so that a relay in the
   * middle cannot pass on our challenge. Bound to loopback, its own names at its own port are known.
   */
  readonly origins?: readonly string[] | undefined
  /**
   * Mailboxes, accounts, prekeys, handles. Default 'memory': nothing outlives the process. `sqlite`: path of one file,
   * for one relay. `redis`: address of a Redis, for several relays. An own `Mailbox` keeps mail only.
   */
  readonly mailbox?: "memory" | { readonly sqlite: string } | { readonly redis: string } | Mailbox | undefined
  /** Redis without AOF, or with eviction: be ready all the same. Default false. */
  readonly allowVolatile?: boolean | undefined
  /** SQLite: survive a killed process (default), or a power cut too. */
  readonly durability?: "process" | "power" | undefined
  /** Called after the device has proved its key. Default: everybody may enter, handles go to the first who asks. */
  readonly auth?: RelayAuth | undefined
  /** Pages of other origins that may connect. Default: own origins only, and loopback when bound to it. */
  readonly cors?: { readonly origins: readonly string[] } | undefined
  readonly tls?: TlsFiles | undefined
  /** TLS ends at a proxy. `trust`: the addresses whose `X-Forwarded-For` counts; true: loopback. */
  readonly behindProxy?: boolean | { readonly trust: readonly string[] } | undefined
  /** Socket.IO over plain requests too, for networks that let no WebSocket through. Default false. */
  readonly polling?: boolean | undefined
  /** Folder of a built web app to serve at '/'. For trying out: who serves the code can change it. */
  readonly app?: string | undefined
  readonly limits?: RelayLimits | undefined
  /** Client addresses in logs. Default false. */
  readonly logAddresses?: boolean | undefined
  /** Default: JSON lines on standard output. */
  readonly logger?: Logger | undefined
  /** `/metrics` in Prometheus' form, for this computer only unless `token` is set; or an own sink. */
  readonly metrics?: Metrics | { readonly prometheus: true; readonly token?: string | undefined } | undefined
}

export interface RelayConfig {
  readonly host: string
  readonly port: number
  readonly loopback: boolean
  readonly tls: TlsFiles | undefined
  readonly origins: readonly URL[]
  readonly pages: readonly URL[]
  readonly behindProxy: boolean
  /** Addresses of proxies whose forwarded address counts. */
  readonly trusted: readonly string[]
  readonly polling: boolean
  readonly limits: Limits
}

const invalid = (message: string, hint: string): SecureChatError =>
  new SecureChatError("ERR_CONFIG_INVALID", message, { hint })

/** Files this process may have open; undefined where the platform does not say. */
const descriptorLimit = (): number | undefined => {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } }
  const soft = report.userLimits?.open_files?.soft
  const limit = typeof soft === "string" || typeof soft === "number" ? Number(soft) : NaN
  return Number.isInteger(limit) ? limit : undefined
}

const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"]
const trustedProxies = (behindProxy: RelayOptions["behindProxy"]): readonly string[] => {
  if (behindProxy === true) return LOOPBACK_ADDRESSES
  return typeof behindProxy === "object" ? behindProxy.trust : []
}

const checkExposure = (config: RelayConfig): void => {
  const { loopback, host, tls, behindProxy, origins } = config
  if (!loopback && tls === undefined && !behindProxy)
    throw invalid(
      `host: '${host}' would be served without TLS`,
      "Set `tls`, or `behindProxy` where a proxy ends TLS.",
    )
  if ((!loopback || behindProxy) && origins.length === 0)
    throw invalid("origins: missing", "Name what clients dial, e.g. origins: ['https://chat.example'].")
}

/** @throws ERR_CONFIG_INVALID */
export const resolveConfig = (options: RelayOptions): RelayConfig => {
  const { host = "127.0.0.1", port = 5000, behindProxy = false } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw invalid(`port: ${port}`, "A number from 0 (a free one) to 65535.")
  const config: RelayConfig = {
    host,
    port,
    loopback: isLoopback(host),
    tls: options.tls,
    origins: (options.origins ?? []).map((origin) => parseOrigin(origin, "origins")),
    pages: (options.cors?.origins ?? []).map((origin) => parseOrigin(origin, "cors.origins")),
    behindProxy: behindProxy !== false,
    trusted: trustedProxies(behindProxy),
    polling: options.polling ?? false,
    limits: resolveLimits(options.limits, descriptorLimit()),
  }
  checkExposure(config)
  return config
}
