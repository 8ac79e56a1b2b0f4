/** The client's transport: one call of `connect` is one attempt is one connection. */
import type { Transport } from "@securechat/core/transport"
import { type Platform, dial } from "./connection.ts"
import { type WebSocketOptions, targetOf } from "./target.ts"

/** `webSocket` on a given platform, for its own tests. */
export const webSocketOn = (
  platform: Platform,
  url: string | URL,
  options: WebSocketOptions = {},
): Transport => {
  const target = targetOf(url, options)
  return {
    name: "websocket",
    maxFrameBytes: target.maxFrameBytes,
    origin: target.origin,
    connect: (context) => dial(target, context, platform),
  }
}
