/**
 * What the client needs of a WebSocket. The platform's own is behind `#socket`: `ws` under Node, the
 * global elsewhere. Not its concern: what a close code means; `close.ts` knows.
 */
import type { Medium } from "@securechat/core/transport"

interface SocketOptions {
  readonly protocols: readonly string[]
  /** Longest message to take, where the platform can be told. */
  readonly maxMessageBytes: number
}

export interface SocketEvents {
  open(): void
  /** A whole binary message in memory of its own, or undefined for text. */
  message(data: Uint8Array | undefined): void
  /** Before `close`. The code says what to blame, where the platform tells: 1002 before `open` is "no WebSocket of ours". */
  error(cause: unknown, code: number | undefined): void
  /** The last event. 1006: the connection ended without a closing handshake, or never came about. */
  close(code: number, reason: string): void
}

export interface ClientSocket {
  bufferedBytes(): number
  /** Takes the frame at once, in order. The promise is back pressure. */
  send: Medium["send"]
  /** Begins the closing handshake. @throws for a code the platform does not let us send. */
  close(code?: number, reason?: string): void
  /** Ends without a handshake, as far as the platform can. */
  abandon(): void
}

/** @throws whatever the platform's constructor throws. */
export type OpenSocket = (url: string, options: SocketOptions, events: SocketEvents) => ClientSocket
