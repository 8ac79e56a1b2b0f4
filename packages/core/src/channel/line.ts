/**
 * The pipe of a channel, kept connected: frames in, frames out, and what waits while it is down. Trying again is
 * `runtime/connection.ts`'s. Not its concern: what frames mean.
 */
import { SecureChatError } from "../errors.ts"
import { Connection } from "../runtime/connection.ts"
import type { Link } from "../runtime/link.ts"
import { uniform } from "../runtime/backoff.ts"
import { type Deferred, deferred, orAborted } from "../runtime/timers.ts"
import type { ConnectionChange, ConnectionState } from "../runtime/types.ts"
import { onWake } from "../runtime/wake.ts"
import type { ChannelEnvironment } from "./environment.ts"
import type { ChannelSettings } from "./options.ts"

export interface LineHooks {
  readonly onUp: () => void
  readonly onDown: () => void
  readonly onFrame: (frame: Uint8Array) => void
  readonly onChange: (change: ConnectionChange) => void
  /** It cannot be connected again: `left` says that the far end closed in good order. */
  readonly onGone: (left: boolean, error: SecureChatError | undefined) => void
}

/** Frames that come before the connection is there for us; a pipe may hand them over while it connects. */
const MAX_EARLY = 64

export class Line {
  readonly #connection: Connection
  readonly #hooks: LineHooks
  #link: Link | undefined
  #early: Uint8Array[] = []
  #closed = false
  readonly #waiting = new Set<Deferred<Link>>()

  constructor(settings: ChannelSettings, environment: ChannelEnvironment, hooks: LineHooks) {
    this.#hooks = hooks
    const { deps, timers } = environment
    this.#connection = new Connection({
      transport: settings.pipe,
      handlers: {
        login: (link) => {
          this.#up(link)
          return Promise.resolve()
        },
        onFrame: (frame, link) => {
          this.#frame(frame, link)
        },
        onEnd: () => {
          this.#down()
        },
      },
      timers,
      nowMs: deps.nowMs,
      jitter: () => uniform(deps.random),
      token: () => Promise.resolve(undefined),
      log: settings.log,
      retry: settings.retry,
      onChange: (change) => {
        this.#changed(change)
      },
      onLost: () => undefined,
      onWake,
    })
  }

  get state(): ConnectionState {
    return this.#connection.state
  }

  start(): void {
    this.#connection.start()
  }
  /** Never rejects; who waits for the pipe gets ERR_CLOSED. */
  async close(): Promise<void> {
    this.#closed = true
    const closed = this.#connection.close()
    for (const waiter of this.#waiting) waiter.reject(closedError())
    this.#waiting.clear()
    await closed
  }

  /** Now or never: whoever sends this repeats what matters. */
  post(frame: Uint8Array): void {
    this.#link?.send(frame).catch(() => undefined)
  }

  /** @throws ERR_CLOSED, ERR_ABORTED */
  async whenUp(signal?: AbortSignal): Promise<Link> {
    if (this.#closed) throw closedError()
    if (this.#link !== undefined) return this.#link
    const waiter = deferred<Link>()
    this.#waiting.add(waiter)
    try {
      return await orAborted(waiter.promise, signal)
    } finally {
      this.#waiting.delete(waiter)
    }
  }

  /**
   * Resolves when the pipe has taken it. A connection that ends meanwhile is waited for, and the same bytes go again.
   * @throws ERR_CLOSED, and what the pipe says of this very frame.
   */
  async deliver(frame: Uint8Array): Promise<void> {
    for (;;) {
      const link = await this.whenUp()
      try {
        await link.send(frame)
        return
      } catch (error) {
        if (!link.signal.aborted) throw error
      }
    }
  }

  #up(link: Link): void {
    this.#link = link
    this.#hooks.onUp()
    for (const frame of this.#early.splice(0)) this.#hooks.onFrame(frame)
    for (const waiter of this.#waiting) waiter.resolve(link)
    this.#waiting.clear()
  }
  #down(): void {
    const wasUp = this.#link !== undefined
    this.#link = undefined
    this.#early = []
    if (wasUp) this.#hooks.onDown()
  }
  #frame(frame: Uint8Array, link: Link): void {
    if (this.#link === link) this.#hooks.onFrame(frame)
    else if (this.#early.length < MAX_EARLY) this.#early.push(frame)
  }
  #changed(change: ConnectionChange): void {
    this.#hooks.onChange(change)
    // Offline without another attempt: whoever would be waited for is not coming.
    if (change.state === "offline" && change.retryAt === undefined)
      this.#hooks.onGone(change.error?.details?.["clean"] === true, change.error)
  }
}

const closedError = (): SecureChatError => new SecureChatError("ERR_CLOSED", "the channel was closed")
