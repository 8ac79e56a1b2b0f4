/**
 * Transports from what an app already has: two functions, or a `MessagePort`. A pipe may lose, repeat,
 * reorder and echo frames. Not its concern: who is at the other end.
 */
import type { Bytes } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import { abortedError, guardConnection } from "./guard.ts"
import type { CloseInfo, Transport } from "./transport.ts"

export interface PipeOptions {
  /** For logs and error messages; default "pipe". */
  readonly name?: string | undefined
  /** Takes one frame, an own copy. A rejection rejects the `send` of this frame only. */
  send(frame: Bytes): void | Promise<void>
  /** Begins to hand over frames; returns the end of that. */
  receive(onFrame: (frame: Uint8Array) => void): () => void
}

/** Nobody at the far end of a pipe says anything about coming back. */
const LEFT: CloseInfo = { clean: true, retry: "backoff" }

/**
 * A pipe from two functions, for any app that can already move bytes. It ends only by `close()` or the
 * signal; after that it can be connected again. What is no `Uint8Array` is ignored: it may be the
 * app's own traffic.
 *
 * @throws (connect) ERR_ABORTED; ERR_TRANSPORT_UNREACHABLE when `receive` throws.
 */
export const pipe = (options: PipeOptions): Transport => {
  const name = options.name ?? "pipe"
  return {
    name,
    connect: async (context) => {
      // One turn, so that a signal fired right after the call still finds nothing begun.
      await Promise.resolve()
      if (context.signal.aborted) throw abortedError(context.signal)
      let unsubscribe: () => void = () => undefined
      const guarded = guardConnection(
        {
          bufferedBytes: () => 0,
          send: (frame) => options.send(frame),
          close: () => {
            unsubscribe()
            guarded.ended(LEFT)
          },
        },
        { name, log: context.log, handlers: context, signal: context.signal },
      )
      try {
        unsubscribe = options.receive((frame: unknown) => {
          if (frame instanceof Uint8Array) guarded.received(frame)
        })
      } catch (cause) {
        throw new SecureChatError("ERR_TRANSPORT_UNREACHABLE", `${name}: receive failed`, { cause })
      }
      return guarded.connection
    },
  }
}

/** What is needed of a `MessagePort`: browsers' and Node's both fit. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: "close", listener: () => void): void
  removeEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void
  removeEventListener(type: "close", listener: () => void): void
  start(): void
  close(): void
}

/** Posted before a port is closed: not every platform tells the other end (Chromium since 122, Node does). */
const GOODBYE = null
/** A closed port cannot be opened again. */
const GONE: CloseInfo = { clean: true, retry: "never" }

/**
 * A transport over one end of a `MessageChannel`: to a worker, a frame, another tab. It owns the port;
 * closing the connection closes the port, so it connects once.
 *
 * @throws (connect) ERR_ABORTED; ERR_TRANSPORT_UNREACHABLE the second time.
 */
export const messagePort = (port: MessagePortLike): Transport => {
  let used = false
  return {
    name: "message-port",
    connect: async (context) => {
      await Promise.resolve()
      if (context.signal.aborted) throw abortedError(context.signal)
      if (used) throw new SecureChatError("ERR_TRANSPORT_UNREACHABLE", "a port connects once")
      used = true

      const onMessage = (event: { readonly data: unknown }): void => {
        if (event.data === GOODBYE) end()
        else if (event.data instanceof Uint8Array) guarded.received(event.data)
      }
      const end = (): void => {
        port.removeEventListener("message", onMessage)
        port.removeEventListener("close", end)
        port.close()
        guarded.ended(GONE)
      }
      const guarded = guardConnection(
        {
          bufferedBytes: () => 0,
          send: (frame) => {
            port.postMessage(frame, [frame.buffer])
          },
          close: () => {
            port.postMessage(GOODBYE, [])
            end()
          },
        },
        { name: "message-port", log: context.log, handlers: context, signal: context.signal },
      )
      port.addEventListener("message", onMessage)
      port.addEventListener("close", end)
      port.start()
      return guarded.connection
    },
  }
}
