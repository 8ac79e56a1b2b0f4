/** The address of a client behind a proxy. Forwarded addresses count only from proxies that are trusted. relay.md §11 */
import type { IncomingHttpHeaders } from "node:http"

/** What is read of a request. */
export interface Forwarded {
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** `::ffff:192.0.2.1` is the same computer as `192.0.2.1`. */
const plain = (address: string): string => address.replace(/^::ffff:/i, "")

/**
 * From the right, the first address that no trusted proxy has added: everything left of it was written by
 * whoever connected and may say anything.
 */
export const addressOf =
  (trusted: readonly string[]) =>
  (request: Forwarded): string => {
    const peer = plain(request.socket.remoteAddress ?? "")
    if (!trusted.includes(peer)) return peer
    const header = request.headers["x-forwarded-for"]
    const chain = (typeof header === "string" ? header : "").split(",").map((part) => plain(part.trim()))
    return chain.findLast((address) => address !== "" && !trusted.includes(address)) ?? peer
  }
