/** The one HTTP server, with bounds on everything a request can spend before it is understood. relay.md §9 */
import { type IncomingMessage, type Server, type ServerResponse, createServer as createHttp } from "node:http"
import { createServer as createHttps } from "node:https"
import type { AddressInfo } from "node:net"
import { SecureChatError } from "@securechat/core/errors"
import type { Limits } from "../limit/limits.ts"

export interface TlsFiles {
  /** PEM. */
  readonly key: string | Uint8Array
  readonly cert: string | Uint8Array
}

type OnRequest = (request: IncomingMessage, response: ServerResponse) => void

const pem = (value: string | Uint8Array): string | Buffer =>
  typeof value === "string" ? value : Buffer.from(value)

/** For `createServer` and for renewal alike. */
export const secureOptions = ({ key, cert }: TlsFiles): { key: string | Buffer; cert: string | Buffer } => ({
  key: pem(key),
  cert: pem(cert),
})

export const createServer = (limits: Limits, tls: TlsFiles | undefined, onRequest: OnRequest): Server => {
  const options = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: 1_000,
  }
  return tls === undefined
    ? createHttp(options, onRequest)
    : createHttps({ ...options, ...secureOptions(tls), minVersion: "TLSv1.2" }, onRequest)
}

const unusable = (error: NodeJS.ErrnoException, host: string, port: number): SecureChatError =>
  new SecureChatError("ERR_CONFIG_INVALID", `cannot listen on ${host}:${port} (${error.code ?? "unknown"})`, {
    cause: error,
    hint:
      error.code === "EADDRINUSE"
        ? "Something else listens there (on macOS often AirPlay Receiver on 5000): choose another `port`."
        : "Choose another `host` or `port`.",
  })

/** Storms of reconnects wait in the backlog rather than being refused; 511 is Node's own. */
const BACKLOG = 4_096

/**
 * Resolves with the port that was bound.
 * @throws ERR_CONFIG_INVALID, ERR_ABORTED
 */
export const listenOn = (
  server: Server,
  at: { readonly host: string; readonly port: number },
  signal?: AbortSignal,
): Promise<number> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(
        new SecureChatError("ERR_ABORTED", "listening was aborted by its signal", { cause: signal.reason }),
      )
      return
    }
    const onError = (error: NodeJS.ErrnoException): void => {
      reject(unusable(error, at.host, at.port))
    }
    server.once("error", onError)
    server.listen({ ...at, backlog: BACKLOG }, () => {
      server.off("error", onError)
      resolve((server.address() as AddressInfo).port)
    })
  })

/** Takes no new connection and ends those that are open: upgraded ones are the listeners' own. */
export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
