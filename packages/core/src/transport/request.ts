/** What a listener reads of a request before it is answered. Structural: Node's `IncomingMessage` fits. */
import type { ConnectionOrigin } from "./transport.ts"

export interface UpgradeRequest {
  readonly url?: string | undefined
  readonly headers: { readonly origin?: string | undefined; readonly host?: string | undefined }
  readonly socket: { readonly remoteAddress?: string | undefined }
}

export const socketAddress = (request: UpgradeRequest): string => request.socket.remoteAddress ?? ""

/** @param address the client's, which behind a proxy is not the socket's. */
export const originOf = ({ headers }: UpgradeRequest, address: string): ConnectionOrigin => ({
  address,
  ...(headers.origin === undefined ? {} : { origin: headers.origin }),
  ...(headers.host === undefined ? {} : { host: headers.host }),
})

/** Of the request target, without its query. */
export const pathOf = (request: UpgradeRequest): string => (request.url ?? "").split("?", 1)[0] ?? ""
