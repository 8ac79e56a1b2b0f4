/** `#wire` under Node: `ws`, because it bounds fragments and buffered chunks, and its send tells when it is done. */
import { CLOSE_TIMEOUT_MS, MAX_WS_CHUNKS, MAX_WS_FRAGMENTS } from "@securechat/core/transport"
import { NodeWebSocket } from "socket.io-client"
import type { WebSocket } from "ws"
import { PROTOCOL_ERROR, TOO_BIG } from "./close.ts"
import { type MakeWire, feed } from "./wire.ts"

const BOUNDS = {
  // Compression beside encryption leaks lengths (CRIME) and inflates into memory.
  perMessageDeflate: false,
  // A server may be the attacker: the library's defaults let one message cost 16,384 fragments.
  maxFragments: MAX_WS_FRAGMENTS,
  maxBufferedChunks: MAX_WS_CHUNKS,
  closeTimeout: CLOSE_TIMEOUT_MS,
}

/** Wrong status, no HTTP, or a WebSocket that breaks its protocol; undefined for the network, and for a server that restarts. */
const faultCode = ({ code, message }: Error & { readonly code?: string }): number | undefined => {
  if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") return TOO_BIG
  const isFault =
    code === undefined
      ? /^Unexpected server response: (?!408|429|5)/.test(message)
      : /^(WS_ERR|HPE)_/.test(code)
  return isFault ? PROTOCOL_ERROR : undefined
}

export const makeWire: MakeWire = (maxPacketBytes, events) => {
  let socket: WebSocket | undefined
  /** Settles when the kernel has the newest message: they leave in order. */
  let written: Promise<void> | undefined
  class BoundedWebSocket extends NodeWebSocket {
    override doOpen(): this {
      this.socket.binaryType = "arraybuffer"
      return super.doOpen()
    }
    override createSocket(url: string, protocols: string | string[] | undefined, options: object): WebSocket {
      try {
        socket = super.createSocket(url, protocols, {
          ...options,
          ...BOUNDS,
          maxPayload: maxPacketBytes,
        }) as WebSocket
      } catch (cause) {
        events.refused(cause)
        throw cause
      }
      socket.on("error", (error) => {
        const code = faultCode(error)
        if (code !== undefined) events.fault(code, "protocol error")
      })
      socket.on("close", events.closed)
      return socket
    }
    override doWrite(_packet: unknown, message: string | Uint8Array): void {
      written = new Promise((resolve, reject) => {
        socket?.send(message, (error) => {
          if (error instanceof Error) reject(error)
          else resolve()
        })
      })
      // Pings are answered too, and nobody waits for that.
      written.catch(() => undefined)
    }
    override onData(message: string | ArrayBuffer): void {
      feed(message, maxPacketBytes, events, () => {
        super.onData(message)
      })
    }
  }
  return {
    transport: BoundedWebSocket,
    bufferedBytes: () => socket?.bufferedAmount ?? 0,
    drained: () => written,
    abandon: () => socket?.terminate(),
  }
}
