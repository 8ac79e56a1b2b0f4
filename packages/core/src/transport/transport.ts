/**
 * What moves frames of bytes. A `Transport` is the client's side, a `Listener` the relay's. Frames are
 * opaque here: an adapter cannot see plaintext. Not its concern: retry, heartbeat, order and outbox
 * belong to `runtime`.
 */

/** Shaped like console. Contexts hold ids, sizes and codes; never content, never keys. */
export interface Logger {
  debug(message: string, context?: object): void
  info(message: string, context?: object): void
  warn(message: string, context?: object): void
  error(message: string, context?: object): void
}

export interface CloseInfo {
  readonly clean: boolean
  readonly code?: number
  readonly reason?: string
  /** Whether the far end wants us back. */
  readonly retry: "now" | "backoff" | "never"
}

export interface TransportContext {
  readonly signal: AbortSignal
  readonly log: Logger
  token(): Promise<string | undefined>
  /**
   * A plain Uint8Array of the receiver's own: the transport normalises what its socket gives (Buffer in Node,
   * ArrayBuffer in browsers). May be called before the promise of `connect` has reached its caller; not after
   * a close has begun on this end.
   */
  onFrame(frame: Uint8Array): void
  /** Exactly once per connection, also after `close()`; nothing follows it. Never for an attempt that was rejected. */
  onClose(info: CloseInfo): void
}

export interface TransportConnection {
  /** Bytes accepted by `send` and not yet given to the network. */
  readonly bufferedBytes: number
  /**
   * Takes the frame at once, in order; resolves when it is handed over; says nothing about arrival. A listener's
   * connection refuses a frame that its outgoing buffer has no room for: nothing of it was sent.
   * @throws ERR_TRANSPORT_CLOSED, ERR_FRAME_TOO_LARGE, ERR_QUEUE_FULL
   */
  send(frame: Uint8Array): Promise<void>
  /**
   * `send` for whoever sends too much to wait for each: takes the frame, which nobody may write to any more. False: there was
   * no room, and nothing of it was sent. What a closed connection is given is lost, as it would be on the way. A listener's
   * connection may have it, and then tells `onDrain` of its handlers when what it took has left.
   */
  post?(frame: Uint8Array): boolean
  /** Idempotent; resolves when closed. */
  close(info?: { code?: number | undefined; reason?: string | undefined }): Promise<void>
}

/** One call = one attempt = one connection. Retry, heartbeat, order and outbox belong to the core. */
export interface Transport {
  readonly name: string
  readonly maxFrameBytes?: number
  /**
   * Where it dials, as an http origin (`http://localhost:5000`, `https://chat.example`), for the relay's challenge; absent for pipes.
   * A challenge from another origin is refused, so that a relay in the middle cannot pass one on.
   */
  readonly origin?: string
  /**
   * Resolves open or rejects.
   * @throws ERR_ABORTED, ERR_TRANSPORT_UNREACHABLE, ERR_TRANSPORT_PROTOCOL
   */
  connect(context: TransportContext): Promise<TransportConnection>
}

/** What is known of a connecting client before it has proved anything. */
export interface ConnectionOrigin {
  readonly address: string
  readonly origin?: string
  /** The `Host` the client asked for: the relay's own origin as this client sees it. */
  readonly host?: string
}

/** What the relay gives for a connection. */
export interface ConnectionHandlers {
  /**
   * A view of what was read, perhaps among other frames of this connection. It is never written to again; who keeps a part
   * of it copies that.
   */
  onFrame(frame: Uint8Array): void
  /** Exactly once. */
  onClose(info: CloseInfo): void
  /** Nothing of what was posted waits any more. */
  onDrain?(): void
}

export interface ListenerContext {
  readonly log: Logger
  /** Asked before an upgrade is answered; false refuses it (origin, caps). */
  admit(from: ConnectionOrigin): boolean
  /** Once per accepted connection. */
  onConnection(connection: TransportConnection, from: ConnectionOrigin): ConnectionHandlers
}

export interface HttpServerLike {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- with `never` or `unknown` Node's own `http.Server` does not fit
  on(event: "upgrade" | "request", fn: (...args: any[]) => void): unknown
}

/** Server-side counterpart of `Transport`: the `/server` subpaths of the transports make it, the relay uses it. */
export interface Listener {
  readonly name: string
  /** Answers only its own path. */
  readonly path: string
  readonly maxFrameBytes?: number
  attach(server: HttpServerLike, context: ListenerContext): void
  /** Takes no new connection, closes the open ones. Idempotent. */
  close(): Promise<void>
}

const quiet = (): void => undefined
/** A logger that keeps nothing. */
export const silentLogger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet }
