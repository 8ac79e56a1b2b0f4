/** When does the engine's own buffer reach the socket? Within a turn over a WebSocket, with the next request over polling. */
import type { Manager } from "socket.io-client"

/** To be called after each write: a promise for it and all before. It rejects when the engine ends with unsent data. */
export const flusher = (engine: Manager["engine"]): (() => Promise<void>) => {
  let flushed: Promise<void> | undefined
  let settle: (error?: Error) => void
  engine.on("drain", () => {
    if (flushed !== undefined) settle()
  })
  engine.on("close", () => {
    if (flushed !== undefined) settle(new Error("closed with unsent data"))
  })
  return () =>
    (flushed ??= new Promise((resolve, reject) => {
      settle = (error) => {
        flushed = undefined
        if (error === undefined) resolve()
        else reject(error)
      }
    }))
}
