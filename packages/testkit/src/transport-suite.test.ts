/** The transport suite bites: for each of its rows a broken adapter fails that row and no other. */
import { setImmediate as nextTurn } from "node:timers/promises"
import { memoryPipe } from "@securechat/core"
import type { CloseInfo, Transport } from "@securechat/core/transport"
import { describe, expect, it } from "vitest"
import { CUT, type Fault, type Side, end, newSide } from "../test/broken.ts"
import { transportSuite } from "./transport-suite.ts"

/** Names of the rows that fail. The pair lives in promises alone, so what has not ended in a turn hangs. */
const failing = async (fault: Fault): Promise<string[]> => {
  let sides: readonly [Side, Side] = [newSide(0), newSide(1)]
  const make = (): Promise<readonly [Transport, Transport]> => {
    const [left, right] = memoryPipe()
    sides = [newSide(0), newSide(1)]
    sides[0].far = sides[1]
    sides[1].far = sides[0]
    return Promise.resolve([end(left, fault, sides[0]), end(right, fault, sides[1])])
  }
  const rows: { readonly name: string; readonly run: () => Promise<void> | void }[] = []
  const runner = {
    describe: (_: string, fn: () => void) => {
      fn()
    },
    it: (name: string, run: () => Promise<void> | void) => void rows.push({ name, run }),
  }
  transportSuite(runner, make, {
    cut: () => {
      for (const side of sides) side.context?.onClose(fault.cut ?? CUT)
    },
    garbage: () => {
      if (fault.garbage !== undefined) sides[1].context?.onFrame(fault.garbage)
    },
    handles: () => fault.leak ?? 0,
  })
  const failed: string[] = []
  for (const { name, run } of rows) {
    const hangs = nextTurn()
      .then(() => nextTurn())
      .then(() => "hangs")
    const outcome = await Promise.race([
      Promise.resolve(run()).then(
        () => "passes",
        () => "fails",
      ),
      hangs,
    ])
    if (outcome !== "passes") failed.push(name)
  }
  return failed
}

const ofSize = (size: number): Fault => ({
  frame: (hand, frame, side) => {
    hand(side.received === 0 && frame.length === size ? new Uint8Array(size + 1) : frame)
  },
})
const unclean = (place: 0 | 1): Fault => ({
  told: (tell, info, side) => {
    tell(
      side.place !== place && side.closeCalls === 0 && side.received === 2 ? { ...info, clean: false } : info,
    )
  },
})
const sendsWhenClosed = (place: 0 | 1): Fault => ({
  send: async (send, frame, side) => {
    if (side.place !== place || side.closeCalls === 0) await send(frame)
  },
})
/** What follows the signal only until `connect` has resolved. */
const signalUntilOpen: Fault = {
  connect: async (connect, context) => {
    if (context.signal.aborted) return connect(context)
    const own = new AbortController()
    const follow = (): void => {
      own.abort()
    }
    context.signal.addEventListener("abort", follow)
    try {
      return await connect({ ...context, signal: own.signal })
    } finally {
      context.signal.removeEventListener("abort", follow)
    }
  },
}

const BROKEN: readonly (readonly [row: string, how: string, fault: Fault])[] = [
  ...[0, 1, 125, 126, 65_535, 65_536].map(
    (size) =>
      [`carries a frame of ${size} bytes unchanged, both ways`, "makes it longer", ofSize(size)] as const,
  ),
  [
    "carries the largest frame, refuses one byte more and lives on",
    "cuts one byte off",
    {
      frame: (hand, frame) => {
        hand(frame.length === memoryPipe()[0].maxFrameBytes ? frame.slice(1) : frame)
      },
    },
  ],
  [
    "carries the largest frame, refuses one byte more and lives on",
    "swallows what is too large",
    {
      send: async (send, frame) => {
        if (frame.length <= memoryPipe()[0].maxFrameBytes!) await send(frame)
      },
    },
  ],
  [
    "takes a copy: what the sender does to its array afterwards does not show",
    "reads the array late",
    {
      frame: (hand, _, side) => {
        hand(new Uint8Array(side.far.sent[side.received]!))
      },
    },
  ],
  [
    "keeps the order of frames of all sizes, both ways at once, without waiting for a send",
    "swaps two frames",
    (() => {
      let kept: Uint8Array | undefined
      return {
        frame: (hand: (frame: Uint8Array) => void, frame: Uint8Array, side: Side) => {
          if (side.received === 100 && side.place === 1) {
            kept = frame
            return
          }
          hand(frame)
          if (side.received === 101 && side.place === 1) hand(kept!)
        },
      }
    })(),
  ],
  ["tells both ends once when the first closes, after what was sent before", "says not clean", unclean(0)],
  ["tells both ends once when the second closes, after what was sent before", "says not clean", unclean(1)],
  ["refuses to send on either end after the first has closed", "swallows it", sendsWhenClosed(0)],
  ["refuses to send on either end after the second has closed", "swallows it", sendsWhenClosed(1)],
  [
    "takes a close from both ends at once, and any number of times",
    "fails the second close while the first runs",
    {
      close: (close, side) =>
        side.closeCalls > 1 && !side.told ? Promise.reject(new Error("closing already")) : close(),
    },
  ],
  [
    "does not connect when its signal has fired before",
    "does not look",
    {
      connect: (connect, context) =>
        connect(context.signal.aborted ? { ...context, signal: new AbortController().signal } : context),
    },
  ],
  [
    "gives an attempt up when its signal fires meanwhile",
    "listens only before and afterwards",
    {
      connect: async (connect, context) => {
        if (context.signal.aborted) return connect(context)
        const own = new AbortController()
        const follow = (): void => {
          own.abort()
        }
        const onClose = (info: CloseInfo): void => {
          context.signal.removeEventListener("abort", follow)
          context.onClose(info)
        }
        const connection = await connect({ ...context, onClose, signal: own.signal })
        context.signal.addEventListener("abort", follow)
        return connection
      },
    },
  ],
  ["ends the connection once when its signal fires afterwards", "no longer listens", signalUntilOpen],
  [
    "connects again after a close, with nothing left over",
    "connects once",
    {
      connect: (connect, context, side) =>
        side.connects > 1 ? Promise.reject(new Error("used up")) : connect(context),
    },
  ],
  [
    "keeps every frame for a slow reader, in order",
    "drops what its buffer has no room for",
    {
      send: async (send, frame, side) => {
        if (side.burst < 1_000_000) await send(frame)
      },
    },
  ],
  [
    "closes once though nobody answers at the far end",
    "waits for an answer",
    {
      close: (close, side) => (side.far.connects === 0 ? new Promise<void>(() => undefined) : close()),
    },
  ],
  [
    "hands on nothing that is no frame: it is ignored, or ends the connection",
    "hands it on",
    { garbage: Uint8Array.of(1, 2, 3) },
  ],
  [
    "tells both ends, not clean, when the connection is cut",
    "calls it clean",
    { cut: { clean: true, retry: "backoff" } },
  ],
  [
    "leaves no listener on its signal",
    "adds one and forgets it",
    {
      connect: (connect, context) => {
        context.signal.addEventListener("abort", () => undefined)
        return connect(context)
      },
    },
  ],
  ["leaves no handle behind", "holds one", { leak: 1 }],
]

describe("the transport suite", () => {
  it("passes an adapter that keeps the contract", async () => {
    expect(await failing({})).toEqual([])
  })

  it.each(BROKEN)("fails in “%s” alone an adapter that %s", async (row, _, fault) => {
    expect(await failing(fault)).toEqual([row])
  })

  it("has a broken adapter for every row", async () => {
    const rows: string[] = []
    const note = (name: string): void => {
      rows.push(name)
    }
    const nothing = (): number => 0
    transportSuite(
      {
        describe: (_, fn) => {
          fn()
        },
        it: note,
      },
      () => Promise.resolve(memoryPipe()),
      {
        cut: nothing,
        garbage: nothing,
        handles: nothing,
      },
    )
    expect([...new Set(BROKEN.map(([row]) => row))].sort()).toEqual(rows.sort())
  })
})
