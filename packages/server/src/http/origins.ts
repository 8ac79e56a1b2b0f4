/**
 * Which names are this relay's own, and which pages may talk to it. The origin in a challenge must be
 * one the operator (or loopback) vouches for: taken from the `Host` header alone, a relay in the middle
 * could choose it and pass the challenge on. docs/decisions/0010-relay-origin.md
 */
import { isIP } from "node:net"
import { SecureChatError } from "@securechat/core/errors"
import type { AdmitPolicy } from "../auth/admit.ts"

/** `127.0.0.0/8`, `::1` and `localhost`: no other computer can answer there. */
export const isLoopback = (host: string): boolean => {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase()
  if (name === "localhost" || name === "::1") return true
  return isIP(name) === 4 && name.startsWith("127.")
}

const DEFAULT_PORT: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 }

/** @throws ERR_CONFIG_INVALID unless an http or https origin and nothing else. */
export const parseOrigin = (text: string, option: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || DEFAULT_PORT[url.protocol] === undefined || `${url.origin}/` !== url.href)
    throw new SecureChatError("ERR_CONFIG_INVALID", `${option}: '${text}' is not an origin`, {
      hint: "Scheme, host and port only, e.g. https://chat.example.",
    })
  return url
}

/** `Host` header to the form URLs write it in; undefined for anything that is no host. */
const normalHost = (host: string, scheme: string): string | undefined => {
  if (!/^[A-Za-z0-9.:[\]-]{1,261}$/.test(host) || !URL.canParse(`${scheme}//${host}`)) return undefined
  return new URL(`${scheme}//${host}`).host
}

export interface OwnNames {
  /** Bound to loopback, so that `localhost` and its kin are ours at this port. */
  readonly loopbackPort: number | undefined
  readonly tls: boolean
  /** Public origins given by the operator. */
  readonly origins: readonly URL[]
  /** Foreign pages that may connect. */
  readonly pages: readonly URL[]
}

const loopbackOrigin = (names: OwnNames, host: string): string | undefined => {
  if (names.loopbackPort === undefined) return undefined
  const scheme = names.tls ? "https:" : "http:"
  const normal = normalHost(host, scheme)
  if (normal === undefined) return undefined
  const url = new URL(`${scheme}//${normal}`)
  const port = url.port === "" ? DEFAULT_PORT[scheme] : Number(url.port)
  return isLoopback(url.hostname) && port === names.loopbackPort ? url.origin : undefined
}

/** The policy of a relay with these names. */
export const originPolicy = (names: () => OwnNames): AdmitPolicy => ({
  originOf: (host) => {
    if (host === undefined) return undefined
    const known = names().origins.find((origin) => normalHost(host, origin.protocol) === origin.host)
    return known?.origin ?? loopbackOrigin(names(), host)
  },
  allowsPage: (page) => {
    if (!URL.canParse(page)) return false
    const { origins, pages, loopbackPort } = names()
    const url = new URL(page)
    if ([...origins, ...pages].some((allowed) => allowed.origin === url.origin)) return true
    // Own pages served from another port of this computer, as development servers do.
    return loopbackPort !== undefined && url.origin === page && isLoopback(url.hostname)
  },
})
