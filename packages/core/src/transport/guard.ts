/**
 * The part of the transport contract every adapter owes alike: `onClose` exactly once and
 * nothing after it, refusals by code, copies in and out, a signal that ends the connection. An adapter
 * brings a `Medium`, what its socket can do. Not its concern: how to connect, and what a close code means.
 */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { CloseInfo, Logger, TransportConnection, TransportContext } from "./transport.ts"

export interface Medium {
  bufferedBytes(): number
  /**
   * Takes the frame, an own copy, before it returns, so that frames keep their order; the promise is
   * back pressure.
   */
  send(frame: Bytes): void | Promise<void>
  /** The same without a promise, of a frame that is the medium's from now on. False: no room. */
  post?(frame: Uint8Array): boolean
  /** Begins to close; must lead to `ended`. Called once at most. */
  close(code: number | undefined, reason: string | undefined): void
}

export interface GuardOptions {
  /** For messages of errors and logs. */
  readonly name: string
  readonly log: Logger
  readonly handlers: Pick<TransportContext, "onFrame" | "onClose">
  readonly maxFrameBytes?: number | undefined
  /** The handlers take views: `received` hands on what it is given. */
  readonly views?: boolean | undefined
  /** Closes the connection when it fires. */
  readonly signal?: AbortSignal | undefined
}

export interface GuardedConnection {
  readonly connection: TransportConnection
  /** A frame came in. Hands on a plain copy, unless views will do; and nothing once a close has begun. */
  received(frame: Uint8Array): void
  /** The medium has ended. Only the first call counts. */
  ended(info: CloseInfo): void
}

/** WebSocket close code of an end that is ours to blame. RFC 6455 §7.4.1 */
const CLOSE_INTERNAL = 1011

class Guard implements TransportConnection, GuardedConnection {
  readonly #medium: Medium
  readonly #options: GuardOptions
  readonly #closed: Promise<void>
  #settle = (): void => undefined
  #phase: "open" | "closing" | "closed" = "open"

  constructor(medium: Medium, options: GuardOptions) {
    this.#medium = medium
    this.#options = options
    this.#closed = new Promise((resolve) => {
      this.#settle = resolve
    })
    options.signal?.addEventListener("abort", this.#abort, { once: true })
  }

  get connection(): TransportConnection {
    return this
  }
  get bufferedBytes(): number {
    return this.#phase === "closed" ? 0 : this.#medium.bufferedBytes()
  }

  async send(frame: Uint8Array): Promise<void> {
    const { name, maxFrameBytes } = this.#options
    if (this.#phase !== "open") throw closedError(name)
    if (maxFrameBytes !== undefined && frame.length > maxFrameBytes)
      throw tooLarge(frame.length, maxFrameBytes)
    try {
      await this.#medium.send(plain(frame))
    } catch (cause) {
      throw SecureChatError.is(cause) ? cause : closedError(name, cause)
    }
  }

  protected posted(frame: Uint8Array): boolean {
    const { maxFrameBytes } = this.#options
    if (this.#phase !== "open") return true
    if (maxFrameBytes !== undefined && frame.length > maxFrameBytes)
      throw tooLarge(frame.length, maxFrameBytes)
    return this.#medium.post?.(frame) ?? false
  }

  close(info: { code?: number | undefined; reason?: string | undefined } = {}): Promise<void> {
    if (this.#phase === "open") {
      this.#phase = "closing"
      this.#medium.close(info.code, info.reason)
    }
    return this.#closed
  }

  received(frame: Uint8Array): void {
    if (this.#phase !== "open") return
    const { views, handlers } = this.#options
    try {
      handlers.onFrame(views === true ? frame : plain(frame))
    } catch (error) {
      this.#blame(error)
    }
  }

  ended(info: CloseInfo): void {
    if (this.#phase === "closed") return
    this.#phase = "closed"
    this.#options.signal?.removeEventListener("abort", this.#abort)
    try {
      this.#options.handlers.onClose(info)
    } catch (error) {
      this.#blame(error)
    }
    this.#settle()
  }

  readonly #abort = (): void => {
    void this.close()
  }

  /** A handler that throws ends its own connection, never the process: one frame must not stop a relay. */
  #blame(error: unknown): void {
    const { name, log } = this.#options
    log.error("a transport handler threw", { transport: name, ...traceOf(error) })
    void this.close({ code: CLOSE_INTERNAL })
  }
}

/** Over a medium that takes posts. */
class PostingGuard extends Guard {
  post(frame: Uint8Array): boolean {
    return this.posted(frame)
  }
}

/** A connection that keeps the contract over whatever `medium` does. */
export const guardConnection = (medium: Medium, options: GuardOptions): GuardedConnection =>
  medium.post === undefined ? new Guard(medium, options) : new PostingGuard(medium, options)

/** A plain copy: `slice` of a Buffer is a view of its pool, and a Buffer is no plain Uint8Array. */
const plain = (frame: Uint8Array): Bytes => new Uint8Array(frame)

const closedError = (name: string, cause?: unknown): SecureChatError =>
  new SecureChatError("ERR_TRANSPORT_CLOSED", `the ${name} connection is closed`, { cause })

const tooLarge = (bytes: number, maxBytes: number): SecureChatError =>
  new SecureChatError("ERR_FRAME_TOO_LARGE", `frame of ${bytes} bytes, at most ${maxBytes}`, {
    details: { bytes, maxBytes },
  })

const nameOf = (error: unknown): string =>
  SecureChatError.is(error) ? error.code : error instanceof Error ? error.name : typeof error

/** First line of the stack that is a place, behind the message: that one may have lines of its own. */
const placeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined
  const { stack = "", message } = error
  const behind = stack.indexOf(message) + message.length
  return /^\s*at .*$/m.exec(stack.slice(behind))?.[0].trim()
}

/** What may be logged of an error that is not ours: class and place. Its message may quote what was being read. */
export const traceOf = (error: unknown): { readonly error: string; readonly at: string | undefined } => ({
  error: nameOf(error),
  at: placeOf(error),
})

/**
 * The error of `connect` whose signal has fired; its reason is the cause.
 */
export const abortedError = (signal: AbortSignal): SecureChatError =>
  new SecureChatError("ERR_ABORTED", "connecting was aborted by its signal", { cause: signal.reason })
