/** Where and how to dial: an address and options, checked once. */
import { SecureChatError } from "@securechat/core/errors"
import { MAX_FRAME_BYTES } from "@securechat/core/transport"
import { RELAY_PATH, SUBPROTOCOL } from "./subprotocol.ts"

export interface WebSocketOptions {
  /** Subprotocols to offer. Default: the relay's on path `/ws`, none on any other: a room need not speak ours. */
  readonly protocols?: readonly string[] | undefined
  /** Longest frame to send or take, in bytes. Default: the relay's limit. */
  readonly maxFrameBytes?: number | undefined
}

export interface Target {
  readonly url: string
  /** The same place as an http origin. */
  readonly origin: string
  readonly protocols: readonly string[]
  readonly maxFrameBytes: number
}

const invalid = (message: string, hint: string): SecureChatError =>
  new SecureChatError("ERR_CONFIG_INVALID", message, { hint })

const parse = (url: string | URL): URL => {
  const address = URL.canParse(url) ? new URL(url) : undefined
  // http addresses are what people copy from a browser.
  if (address?.protocol === "http:") address.protocol = "ws:"
  if (address?.protocol === "https:") address.protocol = "wss:"
  if (address?.protocol !== "ws:" && address?.protocol !== "wss:")
    throw invalid("not a WebSocket address", "Give an absolute address such as wss://chat.example.")
  if (address.pathname === "/") address.pathname = RELAY_PATH
  address.hash = ""
  return address
}

/** @throws ERR_CONFIG_INVALID */
export const targetOf = (url: string | URL, options: WebSocketOptions): Target => {
  const address = parse(url)
  const maxFrameBytes = options.maxFrameBytes ?? MAX_FRAME_BYTES
  // 0 would mean "no limit" to `ws`.
  if (!Number.isSafeInteger(maxFrameBytes) || maxFrameBytes < 1)
    throw invalid("maxFrameBytes is no positive integer", "Leave it out, or give a number of bytes.")
  return {
    url: address.href,
    origin: new URL(address.href.replace(/^ws/, "http")).origin,
    protocols: options.protocols ?? (address.pathname === RELAY_PATH ? [SUBPROTOCOL] : []),
    maxFrameBytes,
  }
}
