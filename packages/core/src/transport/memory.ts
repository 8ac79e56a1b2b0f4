/**
 * Two connected ends in one process, for tests and demos: frames are copied, arrive in order and never
 * inside the sender's call. Not its concern: faults; a decorator of the test kit brings those.
 */
import { MAX_FRAME_BYTES } from "../limits.ts"
import { type GuardedConnection, abortedError, guardConnection } from "./guard.ts"
import type { CloseInfo, Transport, TransportConnection, TransportContext } from "./transport.ts"

type Side = 0 | 1

/** One connection between both ends. What is sent before the other end connects waits for it. */
class Link {
  open = true
  readonly #ends: [GuardedConnection | undefined, GuardedConnection | undefined] = [undefined, undefined]
  readonly #waiting: [Uint8Array[], Uint8Array[]] = [[], []]

  takenBy(side: Side): boolean {
    return this.#ends[side] !== undefined
  }

  take(side: Side, context: TransportContext): TransportConnection {
    const far: Side = side === 0 ? 1 : 0
    let bufferedBytes = 0
    const guarded = guardConnection(
      {
        bufferedBytes: () => bufferedBytes,
        send: (frame) => {
          bufferedBytes += frame.length
          this.#waiting[far].push(frame)
          queueMicrotask(() => {
            bufferedBytes -= frame.length
            this.#deliver(far)
          })
        },
        close: (code, reason) => {
          this.open = false
          const info = closeInfo(code, reason)
          // Behind the frames that were sent before, and never inside the caller's call.
          queueMicrotask(() => {
            guarded.ended(info)
            this.#ends[far]?.ended(info)
          })
        },
      },
      {
        name: "memory",
        log: context.log,
        handlers: context,
        maxFrameBytes: MAX_FRAME_BYTES,
        signal: context.signal,
      },
    )
    this.#ends[side] = guarded
    queueMicrotask(() => {
      this.#deliver(side)
    })
    return guarded.connection
  }

  #deliver(side: Side): void {
    const end = this.#ends[side]
    if (end === undefined) return
    const frames = this.#waiting[side].splice(0)
    for (const frame of frames) end.received(frame)
  }
}

const closeInfo = (code: number | undefined, reason: string | undefined): CloseInfo => ({
  clean: true,
  retry: "backoff",
  ...(code === undefined ? {} : { code }),
  ...(reason === undefined ? {} : { reason }),
})

/**
 * Two transports that reach each other. Each connect of one end meets the next connect of the other;
 * it does not wait for it, and frames sent meanwhile are kept. After a close both may connect again.
 */
export const memoryPipe = (): readonly [Transport, Transport] => {
  let links: Link[] = []
  const end = (side: Side): Transport => ({
    name: "memory",
    maxFrameBytes: MAX_FRAME_BYTES,
    connect: async (context) => {
      await Promise.resolve()
      if (context.signal.aborted) throw abortedError(context.signal)
      links = links.filter((link) => link.open && !(link.takenBy(0) && link.takenBy(1)))
      let link = links.find((candidate) => !candidate.takenBy(side))
      if (link === undefined) links.push((link = new Link()))
      return link.take(side, context)
    },
  })
  return [end(0), end(1)]
}
