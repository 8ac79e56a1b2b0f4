/**
 * The server side of a connection as a `Transport`, so that one suite takes both kinds of pairs:
 * `connect` waits for the next client. Not its concern: the HTTP server, which the caller brings.
 */
import type {
  ConnectionOrigin,
  HttpServerLike,
  Listener,
  Logger,
  Transport,
  TransportConnection,
  TransportContext,
} from "@securechat/core/transport"
import { abortedError, silentLogger } from "@securechat/core/transport"

interface Accepted {
  readonly connection: TransportConnection
  readonly from: ConnectionOrigin
  taker: TransportContext | undefined
  /** What happened before somebody took the connection. */
  readonly early: ((taker: TransportContext) => void)[]
}

export interface AcceptorOptions {
  readonly log?: Logger | undefined
  readonly admit?: ((from: ConnectionOrigin) => boolean) | undefined
}

export interface Acceptor {
  readonly transport: Transport
  /** Where each accepted connection came from, in order. */
  readonly origins: readonly ConnectionOrigin[]
}

/** Attaches the listener to the server and hands its connections out one by one. */
export const acceptor = (
  listener: Listener,
  server: HttpServerLike,
  options: AcceptorOptions = {},
): Acceptor => {
  const origins: ConnectionOrigin[] = []
  const ready: Accepted[] = []
  const waiting: ((accepted: Accepted) => void)[] = []

  listener.attach(server, {
    log: options.log ?? silentLogger,
    admit: options.admit ?? (() => true),
    onConnection: (connection, from) => {
      const accepted: Accepted = { connection, from, taker: undefined, early: [] }
      origins.push(from)
      const tell = (event: (taker: TransportContext) => void): void => {
        if (accepted.taker === undefined) accepted.early.push(event)
        else event(accepted.taker)
      }
      const take = waiting.shift()
      if (take === undefined) ready.push(accepted)
      else take(accepted)
      return {
        // A relay takes views; a transport's frames are its receiver's own.
        onFrame: (view) => {
          const frame = new Uint8Array(view)
          tell((taker) => {
            taker.onFrame(frame)
          })
        },
        onClose: (info) => {
          tell((taker) => {
            taker.onClose(info)
          })
        },
      }
    },
  })

  const hand = (accepted: Accepted, context: TransportContext): TransportConnection => {
    accepted.taker = context
    context.signal.addEventListener("abort", () => void accepted.connection.close(), { once: true })
    for (const event of accepted.early.splice(0)) event(context)
    return accepted.connection
  }

  const transport: Transport = {
    name: `${listener.name} (accepting)`,
    ...(listener.maxFrameBytes === undefined ? {} : { maxFrameBytes: listener.maxFrameBytes }),
    connect: (context) =>
      new Promise((resolve, reject) => {
        const accepted = ready.shift()
        if (accepted !== undefined) {
          resolve(hand(accepted, context))
          return
        }
        const take = (next: Accepted): void => {
          context.signal.removeEventListener("abort", leave)
          resolve(hand(next, context))
        }
        const leave = (): void => {
          waiting.splice(waiting.indexOf(take), 1)
          reject(abortedError(context.signal))
        }
        waiting.push(take)
        context.signal.addEventListener("abort", leave, { once: true })
      }),
  }
  return { transport, origins }
}
