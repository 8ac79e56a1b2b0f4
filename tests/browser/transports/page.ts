/** Runs in the page: the suite of transports over each that exists in browsers. */
import type { Transport } from "@securechat/core"
import { type Timers, messagePort, pipe } from "@securechat/core/transport"
import { type Deaf, type Runner, type TransportCapabilities, transportSuite } from "@securechat/testkit"
import { socketIoOn } from "../../../packages/transport-socketio/src/transport.ts"
import { makeWire } from "../../../packages/transport-socketio/src/wire.default.ts"
import { openSocket } from "../../../packages/transport-ws/src/socket.default.ts"
import { webSocketOn } from "../../../packages/transport-ws/src/transport.ts"
import { collect } from "../support/runner.ts"
import { remoteEnd } from "./remote.ts"

/** Of all pairs, so that two suites never share one. */
let pairs = 0
let server = ""
/** Where the far ends are. */
export const serveFrom = (url: string): void => {
  server = url
}

const overServer = (runner: Runner, dial: (timers: Timers, url: string) => Transport): void => {
  const due = new Set<() => void>()
  const timers: Timers = {
    after: (_, work) => {
      due.add(work)
      return () => due.delete(work)
    },
  }
  let pair = 0
  const address = (path: string): string => `${server}${path}?pair=${String(pair)}`
  /** Done when it returns: what follows must find it so. */
  const tell = (path: string): void => {
    const request = new XMLHttpRequest()
    request.open("POST", address(path), false)
    request.send()
  }
  const deafen = (): Deaf => {
    tell("/pause")
    return {
      wake: () => {
        tell("/resume")
      },
      timeout: () => {
        for (const work of due) work()
      },
    }
  }
  const can: TransportCapabilities = {
    dials: "first",
    deafen,
    cut: () => {
      tell("/cut")
    },
    garbage: () => {
      tell("/garbage")
    },
    handles: async () => {
      await fetch(address("/ended"), { method: "POST" })
      return due.size
    },
  }
  const make = (): Promise<readonly [Transport, Transport]> => {
    pair = ++pairs
    return Promise.resolve([dial(timers, address("/")), remoteEnd(address("/far").replace("http", "ws"))])
  }
  transportSuite(runner, make, can)
}

const overPort = (runner: Runner): void => {
  let newest: MessagePort | undefined
  const make = (): Promise<readonly [Transport, Transport]> => {
    const { port1, port2 } = new MessageChannel()
    newest = port1
    return Promise.resolve([messagePort(port1), messagePort(port2)])
  }
  transportSuite(runner, make, { reconnects: false, garbage: () => newest?.postMessage("no frame") })
}

/** Two functions over a room that others are in too: tabs of one origin. */
const overRoom = (runner: Runner): void => {
  let count = 0
  let open = 0
  const end = (name: string): Transport => {
    let channel: BroadcastChannel | undefined
    return pipe({
      name: "room",
      send: (frame) => channel?.postMessage(frame),
      receive: (onFrame) => {
        open += 1
        const opened = (channel = new BroadcastChannel(name))
        opened.addEventListener("message", ({ data }: MessageEvent<Uint8Array>) => {
          onFrame(data)
        })
        return () => {
          open -= 1
          opened.close()
        }
      },
    })
  }
  const make = (): Promise<readonly [Transport, Transport]> => {
    count += 1
    return Promise.resolve([end(`suite-${String(count)}`), end(`suite-${String(count)}`)])
  }
  transportSuite(runner, make, {
    hearsClose: false,
    garbage: () => {
      new BroadcastChannel(`suite-${String(count)}`).postMessage("no frame")
    },
    handles: () => open,
  })
}

export const SUITES = {
  WebSocket: (runner: Runner): void => {
    overServer(runner, (timers, url) => webSocketOn({ openSocket, timers }, url.replace("/?", "/ws?")))
  },
  "Socket.IO": (runner: Runner): void => {
    overServer(runner, (timers, url) => socketIoOn({ makeWire, timers }, url))
  },
  "a MessagePort": overPort,
  "a pipe over a BroadcastChannel": overRoom,
} as const

export type Kind = keyof typeof SUITES

const collected = Object.fromEntries(
  Object.entries(SUITES).map(([kind, suite]) => [kind, collect(suite)]),
) as Record<Kind, ReturnType<typeof collect>>

/** Undefined, or why it failed. */
export const run = async (kind: Kind, number: number): Promise<string | undefined> => {
  try {
    await collected[kind][number]?.test()
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

export interface InPage {
  readonly run: typeof run
  readonly serveFrom: typeof serveFrom
}
