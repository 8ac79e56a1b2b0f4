/** One connection attempt of the client and the connection it becomes. One event is one frame. */
import type { SecureChatError } from "@securechat/core/errors"
import {
  CLOSE_TIMEOUT_MS,
  type CloseInfo,
  type GuardedConnection,
  MAX_FRAME_BYTES,
  type Timers,
  type TransportConnection,
  type TransportContext,
  abortedError,
  guardConnection,
  neverMind,
  unconnectedError,
} from "@securechat/core/transport"
import { Manager, type Socket } from "socket.io-client"
import { Encoder } from "socket.io-parser"
import { ABNORMAL, PROTOCOL_ERROR, TOO_BIG, byeCodeOf, faultInfo, goodbyeInfo } from "./close.ts"
import { flusher } from "./flush.ts"
import { decoderFor, RELAY_PATH } from "./packet.ts"
import type { Target } from "./target.ts"
import type { MakeWire, Wire } from "./wire.ts"

export interface Platform {
  readonly makeWire: MakeWire
  readonly timers: Timers
}

/** From the call of `connect` to the last event of its socket. */
class Attempt {
  readonly #target: Target
  readonly #context: TransportContext
  readonly #timers: Timers
  readonly #wire: Wire
  readonly #socket: Socket
  readonly #flushed: () => Promise<void>
  #settle: { resolve(connection: TransportConnection): void; reject(error: unknown): void } | undefined
  /** Set once open. */
  #guarded: GuardedConnection | undefined
  #isWireClosed = false
  /** How it ended: what we blame the far end for, else what Socket.IO says; the first counts. */
  #info: CloseInfo | undefined
  #lastBye: number | undefined
  #cancelCloseTimeout = neverMind

  readonly connection: Promise<TransportConnection>

  constructor(target: Target, context: TransportContext, { makeWire, timers }: Platform) {
    this.#target = target
    this.#context = context
    this.#timers = timers
    this.connection = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.#wire = makeWire(target.maxPacketBytes, {
      fault: (code, reason) => {
        this.#fail(code, reason)
      },
      refused: (cause) => {
        this.#giveUp(unconnectedError("Socket.IO", false, cause))
      },
      closed: () => {
        this.#isWireClosed = true
        this.#end()
      },
    })
    const manager = managerOf(target, this.#wire)
    this.#socket = manager.socket(target.namespace)
    this.#listen()
    this.#socket.connect()
    this.#flushed = flusher(manager.engine)
    context.signal.addEventListener("abort", this.#abort, { once: true })
  }

  #listen(): void {
    const socket = this.#socket
    socket.on("connect", () => {
      this.#open()
    })
    socket.on("connect_error", (error) => {
      // Else it is what the far end answered.
      const isNetwork = (error as { readonly type?: string }).type === "TransportError"
      this.#giveUp(unconnectedError("Socket.IO", !isNetwork, error))
      this.#stop()
    })
    socket.on("disconnect", (reason) => {
      this.#info ??= infoOf(reason, this.#lastBye)
      this.#end()
    })
    socket.on(this.#target.event, (payload: unknown) => {
      // An app's own server may speak before it says that we are connected.
      this.#open()
      this.#received(payload)
    })
  }

  readonly #abort = (): void => {
    this.#giveUp(abortedError(this.#context.signal))
    this.#stop()
  }

  /** Ends the attempt, unless it has already become a connection or been given up. */
  #giveUp(error: SecureChatError): void {
    this.#context.signal.removeEventListener("abort", this.#abort)
    this.#settle?.reject(error)
    this.#settle = undefined
  }

  #stop(): void {
    this.#socket.disconnect()
    this.#wire.abandon()
  }

  #open(): void {
    if (this.#settle === undefined) return
    const { signal, log } = this.#context
    signal.removeEventListener("abort", this.#abort)
    this.#guarded = guardConnection(
      {
        bufferedBytes: () => this.#wire.bufferedBytes(),
        send: (frame) => this.#send(frame),
        close: () => {
          this.#close()
        },
      },
      { name: "socket.io", log, handlers: this.#context, maxFrameBytes: MAX_FRAME_BYTES, signal },
    )
    const { join } = this.#target
    if (join !== undefined) this.#socket.emit(join.event, join.payload)
    this.#settle.resolve(this.#guarded.connection)
    this.#settle = undefined
  }

  #received(payload: unknown): void {
    const { relay, payloads } = this.#target
    const frame = payloads.frameOf(payload)
    if (frame === undefined) return
    this.#lastBye = byeCodeOf(frame)
    if (frame.length <= MAX_FRAME_BYTES) this.#guarded?.received(frame)
    else if (relay) this.#fail(TOO_BIG, "frame too large")
  }

  #send(frame: Uint8Array<ArrayBuffer>): Promise<void> {
    // Socket.IO would keep it for a connection that never comes.
    if (!this.#socket.connected) throw new Error("closed with unsent data")
    this.#socket.emit(this.#target.event, this.#target.payloads.payloadOf(frame))
    return this.#flushed().then(() => this.#wire.drained())
  }

  #fail(code: number, reason: string): void {
    this.#info ??= faultInfo(code, reason)
    if (this.#guarded !== undefined) void this.#guarded.connection.close()
    else {
      this.#giveUp(unconnectedError("Socket.IO", true, undefined))
      this.#stop()
    }
  }

  #close(): void {
    this.#cancelCloseTimeout = this.#timers.after(CLOSE_TIMEOUT_MS, () => {
      // A dead far end never answers, and a caller waits for `close()`.
      this.#wire.abandon()
      this.#isWireClosed = true
      if (this.#info?.clean !== false) this.#info = faultInfo(ABNORMAL, "no answer")
      this.#end()
    })
    this.#socket.disconnect()
  }

  #end(): void {
    if (!this.#isWireClosed) return
    this.#cancelCloseTimeout()
    if (this.#guarded === undefined)
      this.#giveUp(unconnectedError("Socket.IO", this.#info?.code === PROTOCOL_ERROR, undefined))
    // Without a reason yet, `disconnect` follows.
    else if (this.#info !== undefined) this.#guarded.ended(this.#info)
  }
}

const managerOf = (target: Target, wire: Wire): Manager => {
  const manager = new Manager(target.address, {
    path: RELAY_PATH,
    autoConnect: false,
    // One reconnect brain, in core; recovery needs a reconnect and so is off with it.
    reconnection: false,
    transportImplementations: [wire.transport],
    // A server could name transports to probe, and so have us open more sockets.
    upgrade: false,
    parser: { Encoder, Decoder: decoderFor(target.relay) },
  })
  // The attempt's signal bounds its time.
  return manager.timeout(false)
}

const infoOf = (reason: Socket.DisconnectReason, bye: number | undefined): CloseInfo => {
  switch (reason) {
    case "io server disconnect":
    case "io client disconnect":
      return goodbyeInfo(bye)
    case "parse error":
      return faultInfo(PROTOCOL_ERROR, "malformed packet")
    default:
      return faultInfo(ABNORMAL, reason)
  }
}

/** @throws ERR_ABORTED; ERR_TRANSPORT_UNREACHABLE; ERR_TRANSPORT_PROTOCOL where the platform tells the difference. */
export const dial = async (
  target: Target,
  context: TransportContext,
  platform: Platform,
): Promise<TransportConnection> => {
  if (context.signal.aborted) throw abortedError(context.signal)
  return new Attempt(target, context, platform).connection
}
