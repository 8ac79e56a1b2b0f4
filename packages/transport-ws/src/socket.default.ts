/** `#socket` in browsers and other runtimes: the global WebSocket. It says little about errors, on purpose. */
import { SecureChatError } from "@securechat/core/errors"
import { drainOf } from "@securechat/core/transport"
import type { OpenSocket } from "./socket.ts"

export const openSocket: OpenSocket = (url, { protocols }, events) => {
  if (typeof globalThis.WebSocket !== "function")
    throw new SecureChatError("ERR_RUNTIME_UNSUPPORTED", "WebSocket is missing", {
      hint: "Run in a browser, or in Node 22.13 or newer.",
    })
  const socket = new WebSocket(url, [...protocols])
  socket.binaryType = "arraybuffer"
  socket.onopen = () => {
    events.open()
  }
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    events.message(data instanceof ArrayBuffer ? new Uint8Array(data) : undefined)
  }
  socket.onerror = () => {
    events.error(undefined, undefined)
  }
  socket.onclose = ({ code, reason }) => {
    events.close(code, reason)
  }
  const drain = drainOf(socket)
  const close = (code?: number, reason?: string): void => {
    socket.close(code, reason)
  }
  return {
    bufferedBytes: () => socket.bufferedAmount,
    send: (frame) => {
      socket.send(frame)
      return drain()
    },
    close,
    abandon: close,
  }
}
