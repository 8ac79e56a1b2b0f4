/** The client's transport: one call of `connect` is one attempt is one connection. */
import { MAX_FRAME_BYTES, type Transport } from "@securechat/core/transport"
import { type Platform, dial } from "./connection.ts"
import { type SocketIoOptions, targetOf } from "./target.ts"

/** `socketIo` on a given platform, for its own tests. */
export const socketIoOn = (
  platform: Platform,
  url: string | URL,
  options: SocketIoOptions = {},
): Transport => {
  const target = targetOf(url, options)
  return {
    name: "socket.io",
    maxFrameBytes: MAX_FRAME_BYTES,
    origin: target.origin,
    connect: (context) => dial(target, context, platform),
  }
}
