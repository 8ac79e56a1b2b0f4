/**
 * The composition root: options in, a relay out. Listeners are a list, so that another transport is one
 * more line. What it does is decided in `relay/transition.ts`.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { SecureChatError } from "@securechat/core/errors"
import type { HttpServerLike, Listener, Logger } from "@securechat/core/transport"
import { socketIoListener } from "@securechat/transport-socketio/server"
import { webSocketListener } from "@securechat/transport-ws/server"
import { type RelayConfig, type RelayOptions, resolveConfig } from "./config.ts"
import { serveApp } from "./http/app.ts"
import { addressOf } from "./http/forwarded.ts"
import { handleRequest } from "./http/handler.ts"
import { type OwnNames, isLoopback, originPolicy } from "./http/origins.ts"
import { type TlsFiles, closeServer, createServer, listenOn, secureOptions } from "./http/server.ts"
import { type UpgradeRouter, upgradeRouter } from "./http/upgrades.ts"
import { jsonLogger } from "./observe/log.ts"
import { type Metrics, type PrometheusMetrics, prometheusMetrics } from "./observe/metrics.ts"
import { observerOf } from "./observe/observer.ts"
import { type RelayDeps, platformDeps } from "./relay/deps.ts"
import { RelayRuntime } from "./relay/runtime.ts"
import { type Storage, openStorage } from "./storage.ts"

export interface Relay extends AsyncDisposable {
  /**
   * Resolves when connections are taken.
   * @throws ERR_CONFIG_INVALID (with a hint), ERR_ABORTED, ERR_STATE when called twice, ERR_CLOSED
   */
  listen(options?: {
    readonly signal?: AbortSignal | undefined
  }): Promise<{ readonly url: string; readonly port: number }>
  /**
   * Embed: the transports on an HTTP server that is already there. Its other paths, pages included, are its own.
   * @throws ERR_CLOSED
   */
  attach(server: HttpServerLike): void
  /** Certificate and key for new connections. @throws ERR_STATE unless it listens with TLS. */
  renewTls(tls: TlsFiles): void
  stats(): { readonly connections: number; readonly mailboxes: number; readonly pendingMessages: number }
  /** Tell clients to move, finish what is in hand for at most `drainMs` (default 20 s), then close. Idempotent. */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>
}

const DRAIN_MS = 20_000

type PrometheusOptions = Extract<RelayOptions["metrics"], { readonly prometheus: true }>
const isPrometheus = (metrics: RelayOptions["metrics"]): metrics is PrometheusOptions =>
  metrics !== undefined && "prometheus" in metrics

interface Parts {
  readonly config: RelayConfig
  readonly logger: Logger
  readonly storage: Storage
  readonly runtime: RelayRuntime
  readonly prometheus: PrometheusMetrics | undefined
  readonly token: string | undefined
  readonly policy: ReturnType<typeof originPolicy>
  readonly app: ReturnType<typeof serveApp> | undefined
  /** The server that carries the listeners, once there is one. */
  readonly carrier: { server: HttpServerLike | undefined }
}

/** Port of a server bound to loopback, and whether it speaks TLS, as far as it says so. */
const ownNames = (server: HttpServerLike | undefined): Pick<OwnNames, "loopbackPort" | "tls"> => {
  const tls = server !== undefined && "setSecureContext" in server
  const says = server !== undefined && "address" in server && typeof server.address === "function"
  const address: unknown = says ? (server.address as () => unknown)() : undefined
  if (typeof address !== "object" || address === null || !("port" in address) || !("address" in address))
    return { loopbackPort: undefined, tls }
  return { loopbackPort: isLoopback(String(address.address)) ? Number(address.port) : undefined, tls }
}

const assemble = (options: RelayOptions, deps: RelayDeps): Parts => {
  const config = resolveConfig(options)
  const app = options.app === undefined ? undefined : serveApp(options.app)
  const logger = options.logger ?? jsonLogger()
  const storage = openStorage(options, { config, deps, logger })
  const { mailbox, directory, neighbours } = storage
  const wanted = options.metrics
  const prometheus = isPrometheus(wanted) ? prometheusMetrics() : undefined
  const metrics: Metrics | undefined = prometheus ?? (isPrometheus(wanted) ? undefined : wanted)
  const carrier: Parts["carrier"] = { server: undefined }
  const policy = originPolicy(() => ({
    ...ownNames(carrier.server),
    origins: config.origins,
    pages: config.pages,
  }))
  const observer = observerOf({
    logger,
    metrics,
    key: deps.random(32),
    logAddresses: options.logAddresses ?? false,
  })
  const { limits } = config
  const context = {
    ...deps,
    limits,
    hook: options.auth !== undefined,
    keepsHandles: directory.keepsHandles,
    shared: neighbours !== undefined,
  }
  const runtime = new RelayRuntime({
    deps,
    context,
    mailbox,
    directory,
    neighbours,
    auth: options.auth,
    policy,
    observer,
    log: logger,
  })
  const token = isPrometheus(wanted) ? wanted.token : undefined
  return { config, logger, storage, runtime, prometheus, token, policy, app, carrier }
}

/** One line each. */
const makeListeners = ({ config }: Parts): readonly Listener[] => {
  const options = {
    maxFrameBytes: config.limits.frameBytes,
    maxBufferedBytes: config.limits.outgoingBytes,
    slowMs: config.limits.slowMs,
    addressOf: addressOf(config.trusted),
  }
  return [webSocketListener(options), socketIoListener({ ...options, polling: config.polling })]
}

class ComposedRelay implements Relay {
  readonly #parts: Parts
  readonly #listeners: readonly Listener[]
  #server: Server | undefined
  #closing: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#listeners = makeListeners(parts)
  }

  listen: Relay["listen"] = async ({ signal } = {}) => {
    if (this.#closing !== undefined) throw new SecureChatError("ERR_CLOSED", "the relay is closed")
    if (this.#server !== undefined) throw new SecureChatError("ERR_STATE", "the relay listens already")
    const { config, carrier, storage } = this.#parts
    const router = this.#attachListeners(false)
    const server = createServer(config.limits, config.tls, (request, response) => {
      if (!router.onRequest(request, response)) void this.#answer(request, response)
    })
    server.on("upgrade", router.onUpgrade)
    this.#server = server
    carrier.server = server
    try {
      await storage.connect()
      const port = await listenOn(server, config, signal)
      this.#begin(port)
      return { port, url: this.#url(port) }
    } catch (error) {
      this.#server = undefined
      throw error
    }
  }

  attach: Relay["attach"] = (server) => {
    if (this.#closing !== undefined) throw new SecureChatError("ERR_CLOSED", "the relay is closed")
    const router = this.#attachListeners(true)
    server.on("upgrade", router.onUpgrade)
    if (this.#parts.config.polling) server.on("request", router.onRequest)
    const { carrier, storage, logger } = this.#parts
    carrier.server = server
    storage.connect().catch((error: unknown) => {
      logger.error("mailbox failed", { error: SecureChatError.is(error) ? error.code : "unknown" })
    })
    this.#begin(undefined)
  }

  renewTls: Relay["renewTls"] = (tls) => {
    const server = this.#server
    if (server === undefined || !("setSecureContext" in server))
      throw new SecureChatError("ERR_STATE", "the relay does not listen with TLS")
    ;(server as Server & { setSecureContext(options: object): void }).setSecureContext(secureOptions(tls))
  }

  stats: Relay["stats"] = () => {
    const { mailboxes, messages } = this.#parts.runtime.mailCounts()
    return { connections: this.#parts.runtime.online, mailboxes, pendingMessages: messages }
  }

  close: Relay["close"] = ({ drainMs = DRAIN_MS } = {}) => (this.#closing ??= this.#shut(drainMs))

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ drainMs: 0 })
  }

  async #shut(drainMs: number): Promise<void> {
    const { runtime, storage, logger, prometheus } = this.#parts
    await runtime.drain(drainMs)
    runtime.stop()
    await Promise.all(this.#listeners.map((listener) => listener.close()))
    if (this.#server !== undefined) await closeServer(this.#server)
    await storage.mailbox.close()
    prometheus?.close()
    logger.info("closed")
  }

  #attachListeners(foreign: boolean): UpgradeRouter {
    const { config, runtime } = this.#parts
    const router = upgradeRouter({ headers: config.limits.headers, foreign })
    for (const listener of this.#listeners)
      listener.attach(router.serverFor(listener), runtime.listenerContext(listener.name))
    return router
  }

  #begin(port: number | undefined): void {
    const { runtime, logger, config } = this.#parts
    runtime.start()
    logger.info("limits", config.limits)
    logger.info("relay", {
      ...(port === undefined ? {} : { port }),
      transports: this.#listeners.map(({ name }) => name),
    })
  }

  #url(port: number): string {
    const { config } = this.#parts
    const host = config.host.includes(":") ? `[${config.host}]` : config.host
    const scheme = config.tls === undefined ? "http" : "https"
    return config.origins[0]?.origin ?? `${scheme}://${host}:${port}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { config, policy, app, prometheus, token } = this.#parts
    await handleRequest(request, response, {
      policy,
      headers: config.limits.headers,
      app,
      ready: () => this.#isReady(),
      metrics: prometheus,
      metricsToken: token,
      behindProxy: config.behindProxy,
    })
  }

  async #isReady(): Promise<boolean> {
    const { runtime, storage } = this.#parts
    if (runtime.state.draining) return false
    try {
      await storage.mailbox.read("", { limit: 1 })
      await storage.directory.check()
      return true
    } catch {
      return false
    }
  }
}

/**
 * A relay that is not listening yet.
 *
 * @param deps clock, timers and randomness; given by tests, which hold the clock.
 * @throws ERR_CONFIG_INVALID, naming the option and what it may be.
 */
export const createRelay = (options: RelayOptions = {}, deps: RelayDeps = platformDeps): Relay =>
  new ComposedRelay(assemble(options, deps))
