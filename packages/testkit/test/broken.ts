/** The in-process pair with one fault, for showing that the transport suite sees it. */
import { memoryPipe } from "@securechat/core"
import type { CloseInfo, Transport, TransportConnection, TransportContext } from "@securechat/core/transport"

/** What one end of a pair knows of itself and of the other; a fault looks at it. */
export interface Side {
  readonly place: 0 | 1
  received: number
  connects: number
  /** Bytes sent since the last turn of the promise queue. */
  burst: number
  closeCalls: number
  told: boolean
  /** The sender's own arrays, in the order in which they were sent. */
  sent: Uint8Array[]
  context: TransportContext | undefined
  far: Side
}

/** Replaces one step of a healthy adapter. */
export interface Fault {
  connect?(
    inner: (context: TransportContext) => Promise<TransportConnection>,
    context: TransportContext,
    side: Side,
  ): Promise<TransportConnection>
  send?(inner: (frame: Uint8Array) => Promise<void>, frame: Uint8Array, side: Side): Promise<void>
  close?(inner: () => Promise<void>, side: Side): Promise<void>
  frame?(inner: (frame: Uint8Array) => void, frame: Uint8Array, side: Side): void
  told?(inner: (info: CloseInfo) => void, info: CloseInfo, side: Side): void
  cut?: CloseInfo
  garbage?: Uint8Array
  leak?: number
}

export const CUT: CloseInfo = { clean: false, retry: "backoff" }

export const newSide = (place: 0 | 1): Side => ({
  place,
  received: 0,
  connects: 0,
  burst: 0,
  closeCalls: 0,
  told: false,
  sent: [],
  context: undefined,
  far: undefined as unknown as Side,
})

const contextWith = (context: TransportContext, fault: Fault, side: Side): TransportContext => ({
  ...context,
  onFrame: (frame) => {
    const hand = (given: Uint8Array): void => {
      context.onFrame(given)
    }
    if (fault.frame === undefined) hand(frame)
    else fault.frame(hand, frame, side)
    side.received += 1
  },
  onClose: (info) => {
    if (side.told) return
    side.told = true
    if (fault.told === undefined) context.onClose(info)
    else fault.told(context.onClose, info, side)
  },
})

const connectionWith = (inner: TransportConnection, fault: Fault, side: Side): TransportConnection => ({
  get bufferedBytes() {
    return inner.bufferedBytes
  },
  send: async (frame) => {
    if (frame.length <= memoryPipe()[0].maxFrameBytes!) side.sent.push(frame)
    side.burst += frame.length
    queueMicrotask(() => (side.burst = 0))
    const send = (given: Uint8Array): Promise<void> => inner.send(given)
    await (fault.send === undefined ? send(frame) : fault.send(send, frame, side))
  },
  close: () => {
    side.closeCalls += 1
    const close = (): Promise<void> => inner.close()
    return fault.close === undefined ? close() : fault.close(close, side)
  },
})

export const end = (inner: Transport, fault: Fault, side: Side): Transport => ({
  name: "broken",
  maxFrameBytes: inner.maxFrameBytes!,
  connect: async (context) => {
    side.connects += 1
    Object.assign(side, { received: 0, closeCalls: 0, told: false, sent: [] })
    const connect = async (given: TransportContext): Promise<TransportConnection> => {
      const watched = contextWith(given, fault, side)
      const connection = await inner.connect(watched)
      side.context = watched
      return connectionWith(connection, fault, side)
    }
    return fault.connect === undefined ? connect(context) : fault.connect(connect, context, side)
  },
})
