/** What any `Transport` must do. Every transport runs this one suite. */
import type { Transport } from "@securechat/core/transport"
import { type Runner, equal, rejects } from "./runner.ts"
import { type RecordedEnd, contextOf, recordedEnd, recorder } from "./transport-end.ts"
import {
  KIB,
  type Make,
  type TransportCapabilities,
  bothWays,
  connectBoth,
  pattern,
  same,
  using,
} from "./transport-pair.ts"
import { trouble } from "./transport-trouble.ts"

/** Around the length fields of WebSocket frames: 7, 16 and 64 bits. */
const SIZES = [0, 1, 125, 126, 65_535, 65_536]

const frames = ({ it }: Runner, make: Make, maxFrameBytes: (transport: Transport) => number): void => {
  const carries = async (from: RecordedEnd, to: RecordedEnd, size: number): Promise<void> => {
    const before = to.frames.length
    const sent = pattern(size)
    await from.connection.send(sent)
    await to.arrived(before + 1)
    const frame = to.frames[before]!
    same(frame, sent, `frame of ${size} bytes`)
    equal(Object.getPrototypeOf(frame) === Uint8Array.prototype, true, "is a plain Uint8Array")
    equal(frame.buffer.byteLength, size, "bytes of its buffer: no view of somebody's pool")
  }

  for (const size of SIZES) {
    it(
      `carries a frame of ${size} bytes unchanged, both ways`,
      using(make, (a, b) => bothWays([a, b], (from, to) => carries(from, to, size))),
    )
  }

  it("carries the largest frame, refuses one byte more and lives on", async () => {
    const pair = await make()
    const max = Math.min(...pair.map(maxFrameBytes))
    const limited = pair.every((transport) => transport.maxFrameBytes !== undefined)
    const [a, b] = await connectBoth(pair)
    await bothWays([a, b], async (from, to) => {
      await carries(from, to, max)
      if (limited) await rejects(from.connection.send(pattern(max + 1)), "one more", "ERR_FRAME_TOO_LARGE")
      await carries(from, to, 3)
    })
    await Promise.all([a.connection.close(), b.connection.close()])
  })

  it(
    "takes a copy: what the sender does to its array afterwards does not show",
    using(make, async (a, b) => {
      const mine = pattern(1_000)
      const sent = a.connection.send(mine)
      mine.fill(0)
      await sent
      await b.arrived(1)
      same(b.frames[0], pattern(1_000), "frame")
    }),
  )

  it(
    "keeps the order of frames of all sizes, both ways at once, without waiting for a send",
    using(make, async (a, b) => {
      const sizes = Array.from({ length: 300 }, (_, i) => (i * 7_919 + 2) % (i % 10 === 0 ? 20 * KIB : 300))
      const sends = sizes.flatMap((size, i) => [
        a.connection.send(pattern(size, i)),
        b.connection.send(pattern(size, i + 1)),
      ])
      await Promise.all([...sends, a.arrived(sizes.length), b.arrived(sizes.length)])
      for (const [i, size] of sizes.entries()) {
        same(b.frames[i], pattern(size, i), `frame ${i} of the first end`)
        same(a.frames[i], pattern(size, i + 1), `frame ${i} of the second end`)
      }
      equal([a.connection.bufferedBytes, b.connection.bufferedBytes], [0, 0], "bytes left in buffers")
    }),
  )
}

/** The end of an end whose other end has gone. */
const ended = (end: RecordedEnd, can: TransportCapabilities): Promise<unknown> =>
  can.hearsClose === false ? end.connection.close() : end.closed

const closes = ({ it }: Runner, make: Make, can: TransportCapabilities): void => {
  for (const which of [0, 1] as const) {
    const name = which === 0 ? "first" : "second"
    it(
      `tells both ends once when the ${name} closes, after what was sent before`,
      using(make, async (...ends) => {
        const [near, far] = which === 0 ? ends : [ends[1], ends[0]]
        await Promise.all([near.connection.send(pattern(10)), near.connection.send(pattern(11))])
        const closing = near.connection.close()
        // Who hears of no close ends by itself, and not before what is on its way.
        if (can.hearsClose === false) await far.arrived(2)
        await Promise.all([closing, near.closed, ended(far, can)])
        equal(
          far.frames.map((frame) => frame.length),
          [10, 11],
          "frames before the close",
        )
        equal([near.closes[0]?.clean, far.closes[0]?.clean], [true, true], "clean")
        await near.connection.close()
        await far.connection.close()
      }),
    )

    it(
      `refuses to send on either end after the ${name} has closed`,
      using(make, async (...ends) => {
        const closing = ends[which].connection.close()
        await rejects(ends[which].connection.send(pattern(1)), "while closing", "ERR_TRANSPORT_CLOSED")
        await Promise.all([closing, ended(ends[0], can), ended(ends[1], can)])
        for (const end of ends) {
          await rejects(end.connection.send(pattern(1)), "after the close", "ERR_TRANSPORT_CLOSED")
          equal(end.connection.bufferedBytes, 0, "buffered after the close")
        }
      }),
    )
  }

  it(
    "takes a close from both ends at once, and any number of times",
    using(make, async (a, b) => {
      await Promise.all([a.connection.close(), b.connection.close(), a.connection.close()])
      equal([a.closes.length, b.closes.length], [1, 1], "closes")
    }),
  )
}

const signals = ({ it }: Runner, make: Make, can: TransportCapabilities): void => {
  const dialling = async (): Promise<readonly Transport[]> =>
    can.dials === "first" ? (await make()).slice(0, 1) : make()

  it("does not connect when its signal has fired before", async () => {
    for (const transport of await dialling()) {
      const record = recorder()
      const attempt = transport.connect(contextOf(record, AbortSignal.abort()))
      await rejects(attempt, "connect", "ERR_ABORTED")
      equal(record.closes.length, 0, "closes without a connection")
    }
  })

  it("gives an attempt up when its signal fires meanwhile", async () => {
    for (const transport of await dialling()) {
      const record = recorder()
      const controller = new AbortController()
      const attempt = transport.connect(contextOf(record, controller.signal))
      controller.abort(new Error("enough"))
      await rejects(attempt, "connect", "ERR_ABORTED")
      equal(record.closes.length, 0, "closes without a connection")
    }
  })

  it("ends the connection once when its signal fires afterwards", async () => {
    const [first, second] = await make()
    const controller = new AbortController()
    const [near, far] = await Promise.all([recordedEnd(first, controller.signal), recordedEnd(second)])
    controller.abort()
    await rejects(near.connection.send(pattern(1)), "send", "ERR_TRANSPORT_CLOSED")
    await Promise.all([near.closed, ended(far, can)])
    await Promise.all([near.connection.close(), far.connection.close()])
    equal([near.closes.length, far.closes.length], [1, 1], "closes")
    equal([...near.late, ...far.late], [], "events after the close")
  })
}

const endings = ({ it }: Runner, make: Make, can: TransportCapabilities): void => {
  if (can.reconnects !== false)
    it("connects again after a close, with nothing left over", async () => {
      const pair = await make()
      for (const round of [1, 2]) {
        const [a, b] = await connectBoth(pair)
        await a.connection.send(pattern(6 + round))
        await b.arrived(1)
        same(b.frames[0], pattern(6 + round), `round ${round}`)
        equal([a.frames.length, b.frames.length], [0, 1], "frames of this round")
        await Promise.all([a.connection.close(), b.connection.close()])
      }
    })
}

/**
 * @param make two transports that reach each other, not yet connected; called once per test.
 * @param can what this transport differs in.
 */
export const transportSuite = (runner: Runner, make: Make, can: TransportCapabilities = {}): void => {
  const max = (transport: Transport): number => can.maxFrameBytes ?? transport.maxFrameBytes ?? KIB * KIB
  runner.describe("a Transport", () => {
    frames(runner, make, max)
    closes(runner, make, can)
    signals(runner, make, can)
    endings(runner, make, can)
    trouble(runner, make, can)
  })
}
