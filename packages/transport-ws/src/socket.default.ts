/** `#socket` in browsers and other runtimes: the global WebSocket. It says little about errors, on purpose. */
import { SecureChatError } from "@securechat/core/errors"
import { MAX_BUFFERED_BYTES } from "@securechat/core/transport"
import type { OpenSocket } from "./socket.ts"

/** Browsers have no event for a drained buffer. */
const DRAIN_POLL_MS = 25

/** Resolves when the buffer is below the bound again, rejects when the socket is no longer open. */
const drained = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    const look = (): void => {
      if (socket.readyState !== WebSocket.OPEN) reject(new Error("closed with unsent data"))
      else if (socket.bufferedAmount > MAX_BUFFERED_BYTES) return
      else resolve()
      clearInterval(poll)
      socket.removeEventListener("close", look)
    }
    const poll = setInterval(look, DRAIN_POLL_MS)
    socket.addEventListener("close", look)
  })

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
  // One look for all that wait: a slow reader must not cost a listener per frame.
  let draining: Promise<void> | undefined
  const drain = (): Promise<void> =>
    (draining ??= drained(socket).finally(() => {
      draining = undefined
    }))
  const close = (code?: number, reason?: string): void => {
    socket.close(code, reason)
  }
  return {
    bufferedBytes: () => socket.bufferedAmount,
    send: (frame) => {
      socket.send(frame)
      return socket.bufferedAmount > MAX_BUFFERED_BYTES ? drain() : undefined
    },
    close,
    abandon: close,
  }
}
