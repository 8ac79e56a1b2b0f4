/** One connection that the listener accepted: a `ws` socket under the transport contract, with its limits. */
import type { Duplex } from "node:stream"
import { SecureChatError } from "@securechat/core/errors"
import {
  type CloseInfo,
  type ConnectionHandlers,
  type ConnectionOrigin,
  type GuardedConnection,
  type ListenerContext,
  type Medium,
  type SlowReader,
  guardConnection,
  wsFaultCode,
  slowReader,
  type Timers,
  neverMind,
} from "@securechat/core/transport"
import { RELAY_CODE, closeCodeOf } from "@securechat/core/wire"
import type { WebSocket } from "ws"
import { holdForTurn, inOneWrite } from "./batch.ts"
import { ABNORMAL, UNSUPPORTED_DATA, beginClose, closeInfo, faultInfo } from "./close.ts"
import { type Heartbeat, heartbeat } from "./heartbeat.ts"

export interface ConnectionLimits {
  readonly maxFrameBytes: number
  /** Outgoing bytes including the next frame. */
  readonly maxBufferedBytes: number
  readonly heartbeatMs: number
  readonly heartbeatTimeoutMs: number
  readonly slowMs: number
  readonly closeTimeoutMs: number
  readonly timers: Timers
  /** Of the same clock. */
  readonly nowMs: () => number
}

const full = (bufferedBytes: number, maxBufferedBytes: number): SecureChatError =>
  new SecureChatError("ERR_QUEUE_FULL", "the reader is behind: its outgoing buffer is full", {
    details: { bufferedBytes, maxBufferedBytes },
  })

/** A `ws` socket, and the stream below it. */
export interface Upgraded {
  readonly socket: WebSocket
  readonly raw: Duplex
}

/** Whoever waits for its frame to be taken. */
interface Waiting {
  resolve(): void
  reject(error: Error): void
}

class Accepted implements Medium, ConnectionHandlers {
  readonly #socket: WebSocket
  /** What `#socket` writes to. */
  readonly #raw: Duplex
  readonly #limits: ConnectionLimits
  readonly #heartbeat: Heartbeat
  readonly #slow: SlowReader
  readonly guarded: GuardedConnection
  handlers: ConnectionHandlers | undefined
  /** What we blame the far end for; the first counts. */
  #fault: { readonly code: number; readonly reason: string } | undefined
  #cancelCloseTimeout = neverMind
  /** Frames of this turn. */
  #held: Uint8Array[] = []
  #heldBytes = 0
  #waiting: Waiting[] | undefined

  constructor({ socket, raw }: Upgraded, limits: ConnectionLimits, context: ListenerContext) {
    const { timers, nowMs, heartbeatMs, heartbeatTimeoutMs, slowMs, maxFrameBytes } = limits
    this.#socket = socket
    this.#raw = raw
    this.#limits = limits
    this.#heartbeat = heartbeat({
      timers,
      intervalMs: heartbeatMs,
      timeoutMs: heartbeatTimeoutMs,
      ping: () => {
        socket.ping()
      },
      dead: () => {
        this.#drop(ABNORMAL, "no answer to a ping")
      },
    })
    this.#slow = slowReader({
      timers,
      nowMs,
      slowMs,
      slow: () => {
        this.#drop(closeCodeOf(RELAY_CODE.slow), "slow reader")
      },
    })
    const { log } = context
    this.guarded = guardConnection(this, {
      name: "websocket",
      log,
      maxFrameBytes,
      handlers: this,
      views: true,
    })
    this.#listen()
  }

  onFrame(frame: Uint8Array): void {
    this.handlers?.onFrame(frame)
  }
  onClose(info: CloseInfo): void {
    this.handlers?.onClose(info)
  }

  bufferedBytes(): number {
    return this.#heldBytes + this.#socket.bufferedAmount
  }

  post(frame: Uint8Array): boolean {
    if (this.bufferedBytes() + frame.length > this.#limits.maxBufferedBytes) return false
    this.#slow.queued()
    if (this.#held.push(frame) === 1) holdForTurn(this)
    this.#heldBytes += frame.length
    return true
  }

  send(frame: Uint8Array): Promise<void> {
    if (!this.post(frame)) throw full(this.bufferedBytes(), this.#limits.maxBufferedBytes)
    return new Promise((resolve, reject) => {
      ;(this.#waiting ??= []).push({ resolve, reject })
    })
  }

  /** All frames of the turn in one write. */
  flush(): void {
    const frames = this.#held
    if (frames.length === 0) return
    const waiting = this.#waiting
    this.#held = []
    this.#heldBytes = 0
    this.#waiting = undefined
    // Nothing may follow a close that has begun; the stream below refuses what comes after its end.
    this.#raw.write(inOneWrite(frames), (error) => {
      this.#written(frames.length, waiting, error)
    })
  }

  #written(frames: number, waiting: readonly Waiting[] | undefined, error: Error | null | undefined): void {
    if (error instanceof Error) for (const one of waiting ?? []) one.reject(error)
    else {
      this.#slow.taken(frames)
      for (const one of waiting ?? []) one.resolve()
      this.handlers?.onDrain?.()
    }
  }

  #listen(): void {
    const socket = this.#socket
    // A view of what was read, where a message lies in one piece.
    socket.binaryType = "nodebuffer"
    socket.on("message", (data, isBinary) => {
      this.#heartbeat.heard()
      if (isBinary && data instanceof Uint8Array) this.guarded.received(data)
      else this.#refuse(UNSUPPORTED_DATA, "binary messages only")
    })
    const heard = (): void => {
      this.#heartbeat.heard()
    }
    socket.on("pong", heard)
    socket.on("ping", heard)
    // `ws` answers its own protocol errors with their close code; here they only get a name.
    socket.on("error", (error) => {
      const code = wsFaultCode(error)
      if (code !== undefined) this.#refuse(code, "protocol error")
    })
    socket.on("close", (code, reason) => {
      this.#heartbeat.stop()
      this.#slow.stop()
      this.#cancelCloseTimeout()
      const fault = this.#fault
      this.guarded.ended(
        fault === undefined ? closeInfo(code, reason.toString()) : faultInfo(fault.code, fault.reason),
      )
    })
  }

  #refuse(code: number, reason: string): void {
    this.#fault ??= { code, reason }
    void this.guarded.connection.close({ code, reason })
  }

  /** For a peer that takes nothing any more: a closing handshake would wait behind what it does not take. */
  #drop(code: number, reason: string): void {
    this.#fault ??= { code, reason }
    this.#socket.terminate()
  }

  close(code: number | undefined, reason: string | undefined): void {
    // What was sent before goes out before.
    if (this.#socket.readyState === this.#socket.OPEN) this.flush()
    beginClose(this.#socket, code, reason)
    this.#cancelCloseTimeout = this.#limits.timers.after(this.#limits.closeTimeoutMs, () => {
      this.#socket.terminate()
    })
  }
}

/** Hands the connection to the relay. @returns the guarded connection, for the listener's own `close()`. */
export const accept = (
  upgraded: Upgraded,
  limits: ConnectionLimits,
  context: ListenerContext,
  from: ConnectionOrigin,
): GuardedConnection => {
  const accepted = new Accepted(upgraded, limits, context)
  try {
    accepted.handlers = context.onConnection(accepted.guarded.connection, from)
  } catch (error) {
    // One client must not stop the process, whatever it made the relay throw.
    const name = error instanceof Error ? error.name : typeof error
    context.log.error("a connection handler threw", { transport: "websocket", error: name })
    upgraded.socket.terminate()
  }
  return accepted.guarded
}
