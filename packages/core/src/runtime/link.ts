/**
 * One connection of a transport from dialling to its end: frames in and out, a deadline on silence, and
 * exactly one ending with its reason. Not its concern: trying again (`connection.ts`), what frames mean.
 */
import { SecureChatError } from "../errors.ts"
import { HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS } from "../limits.ts"
import type { CloseInfo, Logger, Transport, TransportConnection } from "../transport/transport.ts"
import { type Deferred, type Timers, deferred } from "./timers.ts"

/** What happens on a link besides dialling and ending. */
export interface LinkHandlers {
  /** A throw ends the link. */
  onFrame(frame: Uint8Array, link: Link): void
  /** Asks for a sign of life; any frame is one. */
  ping?(link: Link): void
}
export interface LinkOptions {
  readonly transport: Transport
  readonly handlers: LinkHandlers
  readonly timers: Timers
  readonly token: () => Promise<string | undefined>
  readonly log: Logger
}

export interface Ending {
  readonly retry: CloseInfo["retry"]
  readonly error: SecureChatError | undefined
  /** How long it was `online`; undefined: never. */
  readonly onlineMs?: number | undefined
}

const unreachable = (cause: unknown): SecureChatError =>
  SecureChatError.is(cause)
    ? cause
    : new SecureChatError("ERR_TRANSPORT_UNREACHABLE", "the connection could not be made", { cause })

export class Link {
  readonly #options: LinkOptions
  readonly #controller = new AbortController()
  readonly #ended: Deferred<Ending> = deferred()
  /** Settles with the transport's own `onClose`, which comes exactly once after a successful connect. */
  readonly #closed: Deferred<void> = deferred()
  #connection: TransportConnection | undefined
  #ending: Ending | undefined
  #cancelHeartbeat: () => void = () => undefined
  #heard = false

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** Fires when the link ends. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }
  /** Resolves when nothing of the link is left. */
  get ended(): Promise<Ending> {
    return this.#ended.promise
  }
  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0
  }
  get transport(): Transport {
    return this.#options.transport
  }

  /** @throws ERR_TRANSPORT_CLOSED, ERR_FRAME_TOO_LARGE */
  async send(frame: Uint8Array): Promise<void> {
    const connection = this.#connection
    if (connection === undefined || this.#ending !== undefined)
      throw new SecureChatError("ERR_TRANSPORT_CLOSED", "the connection has ended")
    await connection.send(frame)
  }

  /** Sends without waiting; a failure ends the link. */
  post(frame: Uint8Array): void {
    this.send(frame).catch((error: unknown) => {
      this.fail(error)
    })
  }

  /** @throws what the transport's `connect` does. */
  async connect(): Promise<void> {
    const { transport, log, token } = this.#options
    try {
      this.#connection = await transport.connect({
        signal: this.#controller.signal,
        log,
        token,
        onFrame: (frame) => {
          this.#receive(frame)
        },
        onClose: (info) => {
          this.#closed.resolve()
          this.end({ retry: info.retry, error: lost(info) })
        },
      })
    } finally {
      if (this.#connection === undefined) this.#closed.resolve()
    }
    // It ended while the transport was dialling and the transport came through all the same.
    if (this.#ending !== undefined) await this.#connection.close()
  }

  /** From here on silence is fatal: a ping at each beat, and an end when not one frame came in answer. */
  watch(): void {
    const { handlers, timers } = this.#options
    if (handlers.ping === undefined || this.#ending !== undefined) return
    this.#cancelHeartbeat = timers.after(HEARTBEAT_MS, () => {
      this.#heard = false
      handlers.ping?.(this)
      this.#cancelHeartbeat = timers.after(HEARTBEAT_TIMEOUT_MS, () => {
        if (this.#heard) this.watch()
        else this.fail(new SecureChatError("ERR_TRANSPORT_CLOSED", "the connection went silent"))
      })
    })
  }

  /** Ends the link because of `cause`; tried again later unless it says otherwise. */
  fail(cause: unknown): void {
    this.end({ retry: "backoff", error: unreachable(cause) })
  }

  /** The first ending counts. */
  end(ending: Ending): void {
    if (this.#ending !== undefined) return
    this.#ending = ending
    this.#cancelHeartbeat()
    const reason = ending.error ?? new SecureChatError("ERR_TRANSPORT_CLOSED", "the connection has ended")
    this.#controller.abort(reason)
    void this.#finish(ending)
  }

  async #finish(ending: Ending): Promise<void> {
    await this.#connection?.close().catch(() => undefined)
    await this.#closed.promise
    this.#ended.resolve(ending)
  }

  #receive(frame: Uint8Array): void {
    if (this.#ending !== undefined) return
    this.#heard = true
    try {
      this.#options.handlers.onFrame(frame, this)
    } catch (error) {
      this.fail(error)
    }
  }
}

const lost = (info: CloseInfo): SecureChatError | undefined =>
  info.clean && info.retry === "now"
    ? undefined
    : new SecureChatError("ERR_TRANSPORT_CLOSED", "the connection was lost", {
        details: {
          clean: info.clean,
          ...(info.code === undefined ? {} : { code: info.code }),
        },
      })
