/** `#wire` in browsers and other runtimes: the global WebSocket. */
import { drainOf } from "@securechat/core/transport"
import { WebSocket as EngineWebSocket } from "socket.io-client"
import { type MakeWire, feed } from "./wire.ts"

export const makeWire: MakeWire = (maxPacketBytes, events) => {
  let socket: WebSocket | undefined
  let drained: () => Promise<void> | undefined = () => undefined
  class BoundedWebSocket extends EngineWebSocket {
    override doOpen(): this {
      this.socket.binaryType = "arraybuffer"
      return super.doOpen()
    }
    override createSocket(...given: Parameters<EngineWebSocket["createSocket"]>): WebSocket {
      try {
        socket = super.createSocket(...given) as WebSocket
      } catch (cause) {
        events.refused(cause)
        throw cause
      }
      socket.addEventListener("close", events.closed)
      drained = drainOf(socket)
      return socket
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
    drained: () => drained(),
    abandon: () => socket?.close(),
  }
}
