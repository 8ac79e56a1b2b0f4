/** One connection attempt of the client and the connection it becomes. One binary message is one frame. */
import { SecureChatError } from "@securechat/core/errors"
import {
  CLOSE_TIMEOUT_MS,
  type GuardedConnection,
  type TransportConnection,
  type TransportContext,
  abortedError,
  guardConnection,
  type Timers,
  neverMind,
  unconnectedError,
} from "@securechat/core/transport"
import { ABNORMAL, TOO_BIG, UNSUPPORTED_DATA, beginClose, closeInfo, faultInfo } from "./close.ts"
import type { ClientSocket, OpenSocket, SocketEvents } from "./socket.ts"
import type { Target } from "./target.ts"

export interface Platform {
  readonly openSocket: OpenSocket
  readonly timers: Timers
}

/** From the call of `connect` to the last event of its socket. */
class Attempt {
  readonly #target: Target
  readonly #context: TransportContext
  readonly #platform: Platform
  readonly #socket: ClientSocket
  #settle: { resolve(connection: TransportConnection): void; reject(error: unknown): void } | undefined
  /** Set once open. */
  #guarded: GuardedConnection | undefined
  /** What we blame the far end for; the first counts. */
  #fault: { readonly code: number; readonly reason: string } | undefined
  #cause: unknown
  #cancelCloseTimeout = neverMind

  readonly connection: Promise<TransportConnection>

  constructor(target: Target, context: TransportContext, platform: Platform) {
    this.#target = target
    this.#context = context
    this.#platform = platform
    this.connection = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.#socket = platform.openSocket(target.url, target, this.#events())
    context.signal.addEventListener("abort", this.#abort, { once: true })
  }

  #events(): SocketEvents {
    return {
      open: () => {
        this.#open()
      },
      message: (data) => {
        if (data === undefined) this.#stray(UNSUPPORTED_DATA, "text message")
        else if (data.length > this.#target.maxFrameBytes) this.#stray(TOO_BIG, "frame too large")
        else this.#guarded?.received(data)
      },
      error: (cause, code) => {
        this.#cause ??= cause
        if (code !== undefined) this.#fault ??= { code, reason: "protocol error" }
      },
      close: (code, reason) => {
        this.#closed(code, reason)
      },
    }
  }

  readonly #abort = (): void => {
    this.#giveUp(abortedError(this.#context.signal))
    this.#socket.abandon()
  }

  /** Ends the attempt, unless it has already become a connection or been given up. */
  #giveUp(error: SecureChatError): void {
    this.#context.signal.removeEventListener("abort", this.#abort)
    this.#settle?.reject(error)
    this.#settle = undefined
  }

  #open(): void {
    if (this.#settle === undefined) return
    const { signal, log } = this.#context
    signal.removeEventListener("abort", this.#abort)
    this.#guarded = guardConnection(
      {
        bufferedBytes: () => this.#socket.bufferedBytes(),
        send: (frame) => this.#socket.send(frame),
        close: (code, reason) => {
          this.#close(code, reason)
        },
      },
      {
        name: "websocket",
        log,
        handlers: this.#context,
        maxFrameBytes: this.#target.maxFrameBytes,
        signal,
      },
    )
    this.#settle.resolve(this.#guarded.connection)
    this.#settle = undefined
  }

  /** No frame: a relay has broken its word, and in a room of others they talk among themselves. */
  #stray(code: number, reason: string): void {
    if (this.#target.relay) this.#fail(code, reason)
  }

  #fail(code: number, reason: string): void {
    this.#fault ??= { code, reason }
    void this.#guarded?.connection.close({ code, reason })
  }

  #close(code: number | undefined, reason: string | undefined): void {
    beginClose(this.#socket, code, reason)
    // A dead far end never answers, and a caller waits for `close()`.
    this.#cancelCloseTimeout = this.#platform.timers.after(CLOSE_TIMEOUT_MS, () => {
      this.#socket.abandon()
      this.#closed(ABNORMAL, "")
    })
  }

  #closed(code: number, reason: string): void {
    this.#cancelCloseTimeout()
    const fault = this.#fault
    if (this.#guarded !== undefined)
      this.#guarded.ended(fault === undefined ? closeInfo(code, reason) : faultInfo(fault.code, fault.reason))
    else this.#giveUp(unconnectedError("WebSocket", fault !== undefined, this.#cause))
  }
}

/**
 * @throws ERR_ABORTED; ERR_TRANSPORT_UNREACHABLE; ERR_TRANSPORT_PROTOCOL where the platform tells the
 * difference (browsers do not).
 */
export const dial = async (
  target: Target,
  context: TransportContext,
  platform: Platform,
): Promise<TransportConnection> => {
  if (context.signal.aborted) throw abortedError(context.signal)
  try {
    return await new Attempt(target, context, platform).connection
  } catch (cause) {
    // What else is thrown comes from the socket's constructor: a blocked port, mixed content.
    throw SecureChatError.is(cause) ? cause : unconnectedError("WebSocket", false, cause)
  }
}
