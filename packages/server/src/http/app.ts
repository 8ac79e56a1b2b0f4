/**
 * The built web app at `/`: files of one folder, no listing, and headers under which a page can talk to
 * nobody but this relay. For trying it out: who serves the code can change it. relay.md §2
 */
import { statSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { SecureChatError } from "@securechat/core/errors"
import sirv from "sirv"

/** What every answer of the relay carries. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
}

/**
 * Own files and own relay only. `connect-src` names the WebSocket origin too: not every browser counts it
 * as 'self'.
 *
 * @param origin the relay's origin as this browser dialled it.
 */
const contentSecurityPolicy = (origin: string): string =>
  [
    "default-src 'self'",
    `connect-src 'self' ${origin.replace(/^http/, "ws")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join("; ")

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

export type ServeApp = (request: IncomingMessage, response: ServerResponse, origin: string) => void

/**
 * @param folder holds `index.html`; read once, when the relay is made.
 * @throws ERR_CONFIG_INVALID when there is no such folder.
 */
export const serveApp = (folder: string): ServeApp => {
  if (!isFolder(folder))
    throw new SecureChatError("ERR_CONFIG_INVALID", `app: '${folder}' is no folder`, {
      hint: "Build the web app first, or leave `app` out.",
    })
  const serve = sirv(folder, {
    etag: true,
    extensions: ["html"],
    setHeaders: (response, path) => {
      // Built files have their hash in the name; pages are asked for again each time.
      const forever = path.startsWith("/assets/")
      response.setHeader("Cache-Control", forever ? "public, max-age=31536000, immutable" : "no-cache")
    },
  })
  return (request, response, origin) => {
    response.setHeader("Content-Security-Policy", contentSecurityPolicy(origin))
    serve(request, response, () => {
      response.writeHead(404).end()
    })
  }
}
