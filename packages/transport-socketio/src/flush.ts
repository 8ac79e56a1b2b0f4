/** When does the engine's own buffer reach the socket? Within a turn over a WebSocket, with the next request over polling. */
import type { Manager } from "socket.io-client"

interface Waiting {
  readonly flushed: Promise<void>
  resolve(): void
  reject(error: Error): void
}

/** To be called after each write: a promise for it and all before. It rejects when the engine ends with unsent data. */
export const flusher = (engine: Manager["engine"]): (() => Promise<void>) => {
  let waiting: Waiting | undefined
  engine.on("drain", () => {
    waiting?.resolve()
    waiting = undefined
  })
  engine.on("close", () => {
    waiting?.reject(new Error("closed with unsent data"))
    waiting = undefined
  })
  return () => {
    if (waiting === undefined) {
      const settle: Pick<Waiting, "resolve" | "reject"> = {
        resolve: () => undefined,
        reject: () => undefined,
      }
      const flushed = new Promise<void>((resolve, reject) => {
        Object.assign(settle, { resolve, reject })
      })
      waiting = { flushed, ...settle }
    }
    return waiting.flushed
  }
}
