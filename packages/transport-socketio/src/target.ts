/** Where and how to dial: an address and options, checked once. */
import {
  MAX_FOREIGN_PACKET_BYTES,
  MAX_FRAME_BYTES,
  httpAddress,
  invalidOption,
} from "@securechat/core/transport"
import { type Encoding, type Payloads, payloadsOf } from "./payload.ts"
import { RELAY_EVENT } from "./packet.ts"

export interface SocketIoOptions extends Encoding {
  /** Event that carries frames; default 'securechat.v1'. Set it to the event an existing server already broadcasts. */
  readonly event?: string | undefined
  /** Sent once after connecting: what an existing server wants to hear before it passes anything on. */
  readonly join?: { readonly event: string; readonly payload: unknown } | undefined
}

export interface Target {
  /** Scheme, host, port and query. */
  readonly address: string
  /** The address's path: Socket.IO's own reading of it. */
  readonly namespace: string
  /** The same place as an http origin. */
  readonly origin: string
  readonly event: string
  readonly payloads: Payloads
  readonly join: SocketIoOptions["join"]
  /** The far end is a relay: nothing but frames may come. Else an app's own server. */
  readonly relay: boolean
  /** Longest packet to take. */
  readonly maxPacketBytes: number
}

/** Socket.IO's own, on one side or the other. */
const RESERVED = /^((dis)?connect(ing|_error)?|(new|remove)Listener)?$/

const ENCODINGS: readonly string[] = ["binary", "base64url"]

const checkEvent = (event: string, option: string): string => {
  if (typeof event !== "string" || RESERVED.test(event))
    throw invalidOption(`${option}: not a name for an event`, "Any but Socket.IO's own, such as 'connect'.")
  return event
}

/** @throws ERR_CONFIG_INVALID */
export const targetOf = (url: string | URL, options: SocketIoOptions): Target => {
  const { origin, pathname, search } = httpAddress(url, "Socket.IO")
  const { event = RELAY_EVENT, encoding = "binary", wrap, unwrap, join } = options
  if (!ENCODINGS.includes(encoding)) throw invalidOption("encoding: unknown", "'binary' or 'base64url'.")
  checkEvent(event, "event")
  if (join !== undefined) checkEvent(join.event, "join.event")
  const plain = encoding === "binary" && wrap === undefined && unwrap === undefined && join === undefined
  const relay = plain && event === RELAY_EVENT && pathname === "/"
  return {
    address: origin + search,
    namespace: pathname,
    origin,
    event,
    payloads: payloadsOf({ encoding, wrap, unwrap }),
    join,
    relay,
    maxPacketBytes: relay ? MAX_FRAME_BYTES : MAX_FOREIGN_PACKET_BYTES,
  }
}
