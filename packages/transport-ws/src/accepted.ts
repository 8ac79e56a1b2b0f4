/** One connection that the listener accepted: a `ws` socket under the transport contract, with its limits. */
import type { Duplex } from "node:stream"
import { SecureChatError } from "@securechat/core/errors"
import {
  type ConnectionOrigin,
  type GuardedConnection,
  type ListenerContext,
  type TransportContext,
  guardConnection,
  wsFaultCode,
  slowReader,
  type Timers,
  neverMind,
} from "@securechat/core/transport"
import { RELAY_CODE, closeCodeOf } from "@securechat/core/wire"
import type { WebSocket } from "ws"
import { holdForTurn } from "./batch.ts"
import { ABNORMAL, UNSUPPORTED_DATA, beginClose, closeInfo, faultInfo } from "./close.ts"
import { heartbeat } from "./heartbeat.ts"

export interface ConnectionLimits {
  readonly maxFrameBytes: number
  /** Outgoing bytes including the next frame. */
  readonly maxBufferedBytes: number
  readonly heartbeatMs: number
  readonly heartbeatTimeoutMs: number
  readonly slowMs: number
  readonly closeTimeoutMs: number
  readonly timers: Timers
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

class Accepted {
  readonly #socket: WebSocket
  /** What `#socket` writes to. */
  readonly #raw: Duplex
  readonly #limits: ConnectionLimits
  readonly #guarded: GuardedConnection
  readonly #heartbeat
  readonly #slow
  #handlers: Pick<TransportContext, "onFrame" | "onClose"> | undefined
  /** What we blame the far end for; the first counts. */
  #fault: { readonly code: number; readonly reason: string } | undefined
  #cancelCloseTimeout = neverMind

  constructor({ socket, raw }: Upgraded, limits: ConnectionLimits, context: ListenerContext) {
    const { timers, heartbeatMs, heartbeatTimeoutMs, slowMs, maxFrameBytes } = limits
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
      slowMs,
      slow: () => {
        this.#drop(closeCodeOf(RELAY_CODE.slow), "slow reader")
      },
    })
    this.#guarded = guardConnection(
      {
        bufferedBytes: () => socket.bufferedAmount,
        send: (frame) => this.#send(frame),
        close: (code, reason) => {
          this.#close(code, reason)
        },
      },
      {
        name: "websocket",
        log: context.log,
        maxFrameBytes,
        handlers: {
          onFrame: (frame) => this.#handlers?.onFrame(frame),
          onClose: (info) => this.#handlers?.onClose(info),
        },
      },
    )
    this.#listen()
  }

  get guarded(): GuardedConnection {
    return this.#guarded
  }
  set handlers(handlers: Pick<TransportContext, "onFrame" | "onClose">) {
    this.#handlers = handlers
  }

  #listen(): void {
    const socket = this.#socket
    socket.binaryType = "arraybuffer"
    socket.on("message", (data, isBinary) => {
      this.#heartbeat.heard()
      if (isBinary && data instanceof ArrayBuffer) this.#guarded.received(new Uint8Array(data))
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
      this.#guarded.ended(
        fault === undefined ? closeInfo(code, reason.toString()) : faultInfo(fault.code, fault.reason),
      )
    })
  }

  #send(frame: Uint8Array): Promise<void> {
    const { maxBufferedBytes } = this.#limits
    const bufferedBytes = this.#socket.bufferedAmount
    if (bufferedBytes + frame.length > maxBufferedBytes) throw full(bufferedBytes, maxBufferedBytes)
    this.#slow.queued()
    holdForTurn(this.#raw)
    return new Promise((resolve, reject) => {
      this.#socket.send(frame, (error) => {
        if (error instanceof Error) {
          reject(error)
          return
        }
        this.#slow.taken()
        resolve()
      })
    })
  }

  #refuse(code: number, reason: string): void {
    this.#fault ??= { code, reason }
    void this.#guarded.connection.close({ code, reason })
  }

  /** For a peer that takes nothing any more: a closing handshake would wait behind what it does not take. */
  #drop(code: number, reason: string): void {
    this.#fault ??= { code, reason }
    this.#socket.terminate()
  }

  #close(code: number | undefined, reason: string | undefined): void {
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
