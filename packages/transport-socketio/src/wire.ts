/**
 * The WebSocket below the engine, under our eyes. The platform's own is behind `#wire`: `ws` under Node,
 * the global elsewhere. The engine by itself bounds nothing, tells nothing of back pressure and throws
 * at a handshake it cannot read, which under Node ends the process.
 */
import type { ManagerOptions } from "socket.io-client"
import { PROTOCOL_ERROR, TOO_BIG } from "./close.ts"

export interface WireEvents {
  /** What the far end is to blame for: nothing more may be read. */
  readonly fault: (code: number, reason: string) => void
  /** The platform refused to dial. */
  readonly refused: (cause: unknown) => void
  /** The socket has ended; the last event. */
  readonly closed: () => void
}

export interface Wire {
  /** For the engine; makes one socket. */
  readonly transport: NonNullable<ManagerOptions["transportImplementations"]>[number]
  /** Bytes given to the socket and not yet to the network. */
  bufferedBytes(): number
  /** Resolves when what was written has been handed over, as far as the platform tells; rejects when it was not. */
  drained(): Promise<void> | undefined
  /** Ends without a handshake, as far as the platform can. */
  abandon(): void
}

export type MakeWire = (maxPacketBytes: number, events: WireEvents) => Wire

/** Hands a message to the engine, unless it is too large or the engine cannot read it. */
export const feed = (
  message: string | ArrayBuffer,
  maxBytes: number,
  events: WireEvents,
  take: () => void,
): void => {
  const bytes = typeof message === "string" ? message.length : message.byteLength
  if (bytes > maxBytes) events.fault(TOO_BIG, "packet too large")
  else
    try {
      take()
    } catch {
      events.fault(PROTOCOL_ERROR, "protocol error")
    }
}
