/** `#socket` under Node: `ws`, because it bounds fragments and buffered chunks, and its send tells when it is done. */
import { MAX_WS_CHUNKS, MAX_WS_FRAGMENTS, wsFaultCode } from "@securechat/core/transport"
import WebSocket from "ws"
import type { OpenSocket } from "./socket.ts"

export const openSocket: OpenSocket = (url, { protocols, maxMessageBytes }, events) => {
  const socket = new WebSocket(url, [...protocols], {
    // Compression beside encryption leaks lengths (CRIME) and inflates into memory.
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    // A relay may be the attacker: the library's defaults let one message cost 16,384 fragments.
    maxFragments: MAX_WS_FRAGMENTS,
    maxBufferedChunks: MAX_WS_CHUNKS,
  })
  socket.binaryType = "arraybuffer"
  socket.on("open", () => {
    events.open()
  })
  socket.on("message", (data, isBinary) => {
    events.message(isBinary && data instanceof ArrayBuffer ? new Uint8Array(data) : undefined)
  })
  socket.on("error", (error) => {
    events.error(error, wsFaultCode(error))
  })
  socket.on("close", (code, reason) => {
    events.close(code, reason.toString())
  })
  return {
    bufferedBytes: () => socket.bufferedAmount,
    send: (frame) =>
      new Promise((resolve, reject) => {
        socket.send(frame, (error) => {
          if (error instanceof Error) reject(error)
          else resolve()
        })
      }),
    close: (code, reason) => {
      socket.close(code, reason)
    },
    abandon: () => {
      socket.terminate()
    },
  }
}
