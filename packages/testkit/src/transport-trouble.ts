/** Rows of the transport suite for bad days: a reader that does not read, a peer that is gone, bytes that are no frame. */
import { type Runner, equal } from "./runner.ts"
import { contextOf, recordedEnd, recorder } from "./transport-end.ts"
import { type Make, type TransportCapabilities, pattern, same, using } from "./transport-pair.ts"

/** Together more than the buffers of an adapter, so that something has to wait. */
const BURST = { frames: 64, bytes: 60_000 } as const

const readers = ({ it }: Runner, make: Make, can: TransportCapabilities): void => {
  it(
    "keeps every frame for a slow reader, in order",
    using(make, async (a, b) => {
      const deaf = can.deafen?.()
      const sends = Array.from({ length: BURST.frames }, (_, i) =>
        a.connection.send(pattern(BURST.bytes, i + 1)),
      )
      deaf?.wake()
      await Promise.all([...sends, b.arrived(BURST.frames)])
      for (const [i, frame] of b.frames.entries()) same(frame, pattern(BURST.bytes, i + 1), `frame ${i}`)
      equal(a.connection.bufferedBytes, 0, "bytes left in the buffer")
    }),
  )

  it("closes once though nobody answers at the far end", async () => {
    const [first, second] = await make()
    // An acceptor would keep a client nobody took for the next test.
    const alone = can.deafen === undefined && can.dials !== "first"
    const [near, far] = await Promise.all([recordedEnd(first), alone ? undefined : recordedEnd(second)])
    const deaf = can.deafen?.()
    await near.connection.send(pattern(20))
    const closing = near.connection.close()
    deaf?.timeout?.()
    await closing
    equal([near.closes.length, near.late], [1, []], "closes, and events after them")
    deaf?.wake()
    await far?.connection.close()
  })
}

const garbageAndCuts = ({ it }: Runner, make: Make, { cut, garbage }: TransportCapabilities): void => {
  if (garbage !== undefined)
    it(
      "hands on nothing that is no frame: it is ignored, or ends the connection",
      using(make, async (a, b) => {
        garbage()
        const sent = a.connection.send(pattern(30)).then(
          () => b.arrived(1),
          () => a.closed,
        )
        await Promise.race([sent, a.closed, b.closed])
        equal(a.frames, [], "frames nobody sent")
        for (const frame of b.frames) same(frame, pattern(30), "the one frame that was sent")
      }),
    )

  if (cut !== undefined)
    it(
      "tells both ends, not clean, when the connection is cut",
      using(make, async (a, b) => {
        cut()
        await Promise.all([a.closed, b.closed])
        equal([a.closes[0]?.clean, b.closes[0]?.clean], [false, false], "clean")
        equal([a.closes[0]?.retry, b.closes[0]?.retry], ["backoff", "backoff"], "retry")
      }),
    )
}

/** A signal that tells how many listeners it has. */
const countedSignal = (): { readonly signal: AbortSignal; readonly listeners: () => number } => {
  const { signal } = new AbortController()
  const held = new Set<unknown>()
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
    held.add(listener)
    add(type, listener, options)
  }
  signal.removeEventListener = (type: string, listener: EventListener, options?: EventListenerOptions) => {
    held.delete(listener)
    remove(type, listener, options)
  }
  return { signal, listeners: () => held.size }
}

const leftovers = ({ it }: Runner, make: Make, { handles }: TransportCapabilities): void => {
  it("leaves no listener on its signal", async () => {
    const [first, second] = await make()
    const { signal, listeners } = countedSignal()
    const record = recorder()
    const [near, far] = await Promise.all([first.connect(contextOf(record, signal)), recordedEnd(second)])
    await Promise.all([near.close(), far.connection.close()])
    equal(listeners(), 0, "listeners after the close")
  })

  if (handles !== undefined)
    it("leaves no handle behind", async () => {
      const [first, second] = await make()
      const [near, far] = await Promise.all([recordedEnd(first), recordedEnd(second)])
      await near.connection.send(pattern(40))
      await far.arrived(1)
      await Promise.all([near.connection.close(), far.connection.close()])
      equal(await handles(), 0, "handles")
    })
}

export const trouble = (runner: Runner, make: Make, can: TransportCapabilities): void => {
  readers(runner, make, can)
  garbageAndCuts(runner, make, can)
  leftovers(runner, make, can)
}
