/** One connection that the listener accepted: an engine socket under the transport contract, with its limits. */
import { SecureChatError } from "@securechat/core/errors"
import {
  type CloseInfo,
  type ConnectionHandlers,
  type ConnectionOrigin,
  type GuardedConnection,
  type ListenerContext,
  type Timers,
  guardConnection,
  neverMind,
  slowReader,
  wsFaultCode,
} from "@securechat/core/transport"
import { RELAY_CODE, closeCodeOf } from "@securechat/core/wire"
import type { Socket as EngineSocket, Transport as EngineTransport } from "engine.io"
import { type Packet, PacketType } from "socket.io-parser"
import type { WebSocket } from "ws"
import { ABNORMAL, PROTOCOL_ERROR, TOO_BIG, byeCodeOf, faultInfo, goodbyeInfo } from "./close.ts"
import { RELAY_EVENT, bytesOf, decoderFor } from "./packet.ts"

/** The text before a frame. A constant: the library would build and parse it for every frame. */
const FRAME_HEAD = `51-${JSON.stringify([RELAY_EVENT, { _placeholder: true, num: 0 }])}`

const RelayDecoder = decoderFor(true)

export interface ConnectionLimits {
  readonly maxFrameBytes: number
  /** Outgoing bytes including the next frame. */
  readonly maxBufferedBytes: number
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

/** The socket below; undefined while the client polls. */
const webSocketOf = (transport: EngineTransport): WebSocket | undefined =>
  transport.name === "websocket" ? (transport as unknown as { readonly socket: WebSocket }).socket : undefined

class Accepted {
  readonly #engine: EngineSocket
  readonly #limits: ConnectionLimits
  readonly #guarded: GuardedConnection
  readonly #decoder = new RelayDecoder()
  readonly #slow
  #handlers: ConnectionHandlers | undefined
  /** The client has entered the default namespace: it takes no event before. */
  readonly #joined: Promise<void>
  #join = (): void => undefined
  #isJoined = false
  #isEngineClosed = false
  /** How it ended: what we blame the far end for, else its goodbye or ours; the first counts. */
  #info: CloseInfo | undefined
  #lastBye: number | undefined
  #webSocket: WebSocket | undefined
  #bufferedBytes = 0
  /** Sends whose frame the network has not taken. */
  readonly #unsent = new Set<(error: Error) => void>()
  #cancelCloseTimeout = neverMind

  constructor(engine: EngineSocket, limits: ConnectionLimits, context: ListenerContext) {
    this.#engine = engine
    this.#limits = limits
    this.#joined = new Promise((resolve) => {
      this.#join = resolve
    })
    this.#slow = slowReader({
      timers: limits.timers,
      nowMs: limits.nowMs,
      slowMs: limits.slowMs,
      slow: () => {
        this.#info ??= faultInfo(closeCodeOf(RELAY_CODE.slow), "slow reader")
        this.#drop()
      },
    })
    this.#guarded = guardConnection(
      {
        bufferedBytes: () => this.#bufferedBytes,
        send: (frame) => this.#send(frame),
        close: () => {
          this.#close()
        },
      },
      {
        name: "socket.io",
        log: context.log,
        maxFrameBytes: limits.maxFrameBytes,
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
  set handlers(handlers: ConnectionHandlers) {
    this.#handlers = handlers
  }

  #listen(): void {
    const engine = this.#engine
    this.#over(engine.transport)
    engine.on("upgrade", (transport: EngineTransport) => {
      this.#over(transport)
    })
    this.#decoder.on("decoded", (packet) => {
      this.#decoded(packet)
    })
    engine.on("data", (data: unknown) => {
      try {
        this.#decoder.add(data)
      } catch {
        this.#refuse(PROTOCOL_ERROR, "malformed packet")
      }
    })
    engine.on("close", (reason: string) => {
      this.#info ??= faultInfo(ABNORMAL, reason)
      this.#isEngineClosed = true
      this.#end()
    })
  }

  /** `ws` answers its own protocol errors with their close code; here they only get a name. */
  #over(transport: EngineTransport): void {
    this.#webSocket = webSocketOf(transport)
    // Before the engine's own, which ends the connection.
    this.#webSocket?.prependListener("error", (error: Error) => {
      const code = wsFaultCode(error)
      if (code !== undefined) this.#info ??= faultInfo(code, "protocol error")
    })
    this.#webSocket?.on("close", () => {
      this.#end()
    })
  }

  #decoded({ type, data }: Packet): void {
    switch (type) {
      case PacketType.CONNECT:
        // A name, as the protocol wants one; nothing is ever asked by it.
        this.#engine.send(`0${JSON.stringify({ sid: crypto.randomUUID() })}`)
        this.#isJoined = true
        this.#join()
        return
      case PacketType.EVENT:
        this.#received(bytesOf((data as readonly unknown[])[1]))
        return
      case PacketType.DISCONNECT:
        this.#info ??= goodbyeInfo(this.#lastBye)
        this.#engine.close()
        return
      default:
        this.#refuse(PROTOCOL_ERROR, "malformed packet")
    }
  }

  #received(frame: Uint8Array | undefined): void {
    if (frame === undefined) return
    // Over polling the body is bounded, and a frame is three quarters of it.
    if (frame.length > this.#limits.maxFrameBytes) {
      this.#refuse(TOO_BIG, "frame too large")
      return
    }
    this.#lastBye = byeCodeOf(frame)
    this.#guarded.received(frame)
  }

  #send(frame: Uint8Array): Promise<void> {
    const { maxBufferedBytes } = this.#limits
    if (this.#bufferedBytes + frame.length > maxBufferedBytes)
      throw full(this.#bufferedBytes, maxBufferedBytes)
    this.#bufferedBytes += frame.length
    this.#slow.queued()
    return new Promise((resolve, reject) => {
      this.#unsent.add(reject)
      const taken = (): void => {
        this.#unsent.delete(reject)
        this.#bufferedBytes -= frame.length
        this.#slow.taken()
        resolve()
      }
      const write = (): void => {
        this.#engine.send(FRAME_HEAD)
        this.#engine.send(frame, {}, taken)
      }
      if (this.#isJoined) write()
      else void this.#joined.then(write)
    })
  }

  #refuse(code: number, reason: string): void {
    this.#info ??= faultInfo(code, reason)
    void this.#guarded.connection.close()
  }

  /** For a peer that takes nothing any more: a goodbye would wait behind what it does not take. */
  #drop(): void {
    this.#webSocket?.terminate()
    this.#engine.close(true)
  }

  #close(): void {
    this.#waitForEnd()
    if (this.#isJoined) this.#engine.send(`${PacketType.DISCONNECT}`)
    this.#info ??= goodbyeInfo(undefined)
    this.#engine.close()
  }

  #waitForEnd(): void {
    this.#cancelCloseTimeout()
    this.#cancelCloseTimeout = this.#limits.timers.after(this.#limits.closeTimeoutMs, () => {
      if (this.#info?.clean !== false) this.#info = faultInfo(ABNORMAL, "no answer to the close")
      this.#drop()
      this.#isEngineClosed = true
      this.#webSocket = undefined
      this.#end()
    })
  }

  #end(): void {
    if (!this.#isEngineClosed) return
    if (this.#webSocket !== undefined && this.#webSocket.readyState !== this.#webSocket.CLOSED) {
      this.#waitForEnd()
      return
    }
    this.#cancelCloseTimeout()
    this.#slow.stop()
    this.#decoder.destroy()
    for (const reject of this.#unsent) reject(new Error("closed with unsent data"))
    this.#unsent.clear()
    this.#guarded.ended(this.#info ?? goodbyeInfo(undefined))
  }
}

/** Hands the connection to the relay. @returns the guarded connection, for the listener's own `close()`. */
export const accept = (
  engine: EngineSocket,
  limits: ConnectionLimits,
  context: ListenerContext,
  from: ConnectionOrigin,
): GuardedConnection => {
  const accepted = new Accepted(engine, limits, context)
  try {
    accepted.handlers = context.onConnection(accepted.guarded.connection, from)
  } catch (error) {
    // One client must not stop the process, whatever it made the relay throw.
    const name = error instanceof Error ? error.name : typeof error
    context.log.error("a connection handler threw", { transport: "socket.io", error: name })
    engine.close(true)
  }
  return accepted.guarded
}
