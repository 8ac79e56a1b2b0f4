/** Plain HTTP: health, readiness, figures, the app. No cookie is ever set or read. relay.md §2 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { equalBytes, sha256 } from "@securechat/core/primitives"
import type { AdmitPolicy } from "../auth/admit.ts"
import type { PrometheusMetrics } from "../observe/metrics.ts"
import { SAFE_HEADERS, type ServeApp } from "./app.ts"
import { isLoopback } from "./origins.ts"
import { hasTooManyHeaders, pathOf } from "./upgrades.ts"

export interface HandlerOptions {
  readonly policy: AdmitPolicy
  readonly headers: number
  readonly app: ServeApp | undefined
  /** Is the mailbox answering, and no drain on? */
  readonly ready: () => Promise<boolean>
  readonly metrics: PrometheusMetrics | undefined
  readonly metricsToken: string | undefined
  /** Behind a proxy every request seems to come from this computer: figures need the token then. */
  readonly behindProxy: boolean
}

const answer = (response: ServerResponse, status: number, text = ""): void => {
  response
    .writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" })
    .end(text)
}

const encoder = new TextEncoder()
/** Compared as hashes: neither length nor first difference shows in the time. */
const sameSecret = (a: string, b: string): boolean =>
  equalBytes(sha256(encoder.encode(a)), sha256(encoder.encode(b)))

const mayReadMetrics = (request: IncomingMessage, options: HandlerOptions): boolean => {
  const { metricsToken, behindProxy, policy } = options
  if (metricsToken !== undefined)
    return sameSecret(request.headers.authorization ?? "", `Bearer ${metricsToken}`)
  const address = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "")
  // The host too: a page that rebinds its name to 127.0.0.1 comes from this computer as well.
  return !behindProxy && isLoopback(address) && policy.originOf(request.headers.host) !== undefined
}

const giveMetrics = async (
  request: IncomingMessage,
  response: ServerResponse,
  options: HandlerOptions,
): Promise<void> => {
  const { metrics } = options
  if (metrics === undefined || !mayReadMetrics(request, options)) {
    answer(response, 404)
    return
  }
  const text = await metrics.text()
  response.writeHead(200, { "Content-Type": metrics.contentType, "Cache-Control": "no-store" }).end(text)
}

const giveApp = (request: IncomingMessage, response: ServerResponse, options: HandlerOptions): void => {
  const origin = options.policy.originOf(request.headers.host)
  if (options.app === undefined) answer(response, 404)
  // A name that is not ours: some other page's, bound to our address.
  else if (origin === undefined) answer(response, 421, "This relay does not go by that name.\n")
  else options.app(request, response, origin)
}

export const handleRequest = async (
  request: IncomingMessage,
  response: ServerResponse,
  options: HandlerOptions,
): Promise<void> => {
  for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value)
  const path = pathOf(request)
  if (hasTooManyHeaders(request, options.headers)) answer(response, 431)
  else if (request.method !== "GET" && request.method !== "HEAD") answer(response, 405)
  else if (path === undefined) answer(response, 400)
  else if (path === "/healthz") answer(response, 200, "ok\n")
  else if (path === "/readyz") answer(response, (await options.ready()) ? 200 : 503)
  else if (path === "/metrics") await giveMetrics(request, response, options)
  else giveApp(request, response, options)
}
