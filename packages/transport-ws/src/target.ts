/** Where and how to dial: an address and options, checked once. */
import {
  MAX_FOREIGN_PACKET_BYTES,
  MAX_FRAME_BYTES,
  httpAddress,
  invalidOption,
} from "@securechat/core/transport"
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
  /** Speaks our subprotocol: nothing but frames may come. Else a room of others, who may say what they like. */
  readonly relay: boolean
  /** Longest message to take. */
  readonly maxMessageBytes: number
}

/** @throws ERR_CONFIG_INVALID */
export const targetOf = (url: string | URL, options: WebSocketOptions): Target => {
  const address = httpAddress(url, "WebSocket")
  const { origin } = address
  address.protocol = address.protocol.replace("http", "ws")
  if (address.pathname === "/") address.pathname = RELAY_PATH
  address.hash = ""
  const maxFrameBytes = options.maxFrameBytes ?? MAX_FRAME_BYTES
  // 0 would mean "no limit" to `ws`.
  if (!Number.isSafeInteger(maxFrameBytes) || maxFrameBytes < 1)
    throw invalidOption("maxFrameBytes is no positive integer", "Leave it out, or give a number of bytes.")
  const protocols = options.protocols ?? (address.pathname === RELAY_PATH ? [SUBPROTOCOL] : [])
  const relay = protocols.includes(SUBPROTOCOL)
  return {
    url: address.href,
    origin,
    protocols,
    maxFrameBytes,
    relay,
    maxMessageBytes: relay ? maxFrameBytes : Math.max(maxFrameBytes, MAX_FOREIGN_PACKET_BYTES),
  }
}
