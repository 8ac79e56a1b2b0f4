/** Back pressure where a socket tells how much it holds and has no event for "drained": a browser's WebSocket. */
import { MAX_BUFFERED_BYTES } from "../limits.ts"

/** What is needed of a `WebSocket`. */
export interface BufferingSocket {
  readonly readyState: number
  readonly bufferedAmount: number
  addEventListener(type: "close", listener: () => void): void
  removeEventListener(type: "close", listener: () => void): void
}

const OPEN = 1
const DRAIN_POLL_MS = 25

/** Resolves when the buffer is below the bound again, rejects when the socket is no longer open. */
const drained = (socket: BufferingSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    const look = (): void => {
      if (socket.readyState !== OPEN) reject(new Error("closed with unsent data"))
      else if (socket.bufferedAmount > MAX_BUFFERED_BYTES) return
      else resolve()
      clearInterval(poll)
      socket.removeEventListener("close", look)
    }
    const poll = setInterval(look, DRAIN_POLL_MS)
    socket.addEventListener("close", look)
  })

/**
 * To be asked after each send: a promise while the buffer is over `MAX_BUFFERED_BYTES`. One look for
 * all that wait: a slow reader must not cost a listener per frame.
 */
export const drainOf = (socket: BufferingSocket): (() => Promise<void> | undefined) => {
  let draining: Promise<void> | undefined
  return () => {
    if (socket.bufferedAmount <= MAX_BUFFERED_BYTES) return undefined
    return (draining ??= drained(socket).finally(() => {
      draining = undefined
    }))
  }
}
