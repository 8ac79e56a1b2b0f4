/** A relay without sockets: the real runtime, the real mailbox, a clock held by the test, and connections that record. */
import type { Identity } from "@securechat/core/identity"
import { silentLogger } from "@securechat/core/transport"
import { type Frame, type FrameName, type FrameOf, RELAY_CODE, frameCodec } from "@securechat/core/wire"
import {
  type ManualClock,
  type RelayDevice,
  manualClock,
  relayDevice,
  unsafeSeeded,
} from "@securechat/testkit"
import type { RelayAuth } from "../../src/auth/authorize.ts"
import { originPolicy } from "../../src/http/origins.ts"
import { type RelayLimits, resolveLimits } from "../../src/limit/limits.ts"
import type { Directory } from "../../src/directory/directory.ts"
import { memoryDirectory } from "../../src/directory/memory.ts"
import type { Mailbox } from "../../src/mailbox/mailbox.ts"
import { memoryMailbox } from "../../src/mailbox/memory.ts"
import type { Metrics } from "../../src/observe/metrics.ts"
import { observerOf } from "../../src/observe/observer.ts"
import { RelayRuntime } from "../../src/relay/runtime.ts"

export interface Line {
  readonly device: RelayDevice
  /** Everything the relay sent, oldest first. */
  readonly frames: Frame[]
  /** Close code, once the relay has hung up. */
  closedWith: number | undefined
  /** Bytes its socket pretends to hold. */
  buffered: number
  readonly id: string
  send(frame: Frame): Promise<void>
  sendBytes(bytes: Uint8Array): Promise<void>
  /** The newest frame of this type. */
  last<K extends FrameName>(type: K): FrameOf<K> | undefined
  all<K extends FrameName>(type: K): readonly FrameOf<K>[]
  /** The answer to a request. */
  answer(request: number): Frame | undefined
  /** The socket breaks. */
  vanish(): Promise<void>
}

export interface Bench {
  readonly clock: ManualClock
  readonly runtime: RelayRuntime
  readonly mailbox: Mailbox
  readonly counted: string[]
  device(identity?: Identity): RelayDevice
  /** Admitted and opened, nothing sent. */
  connect(device?: RelayDevice, from?: { address?: string; origin?: string }): Promise<Line>
  /** Logged in, up to `ready`. */
  login(
    device?: RelayDevice,
    options?: { token?: Uint8Array<ArrayBuffer>; cursor?: Uint8Array<ArrayBuffer> },
  ): Promise<Line>
  /** Logged in and published with this many one-time keys. */
  join(stock?: { oneTime?: number; oneTimeKem?: number }): Promise<Line>
}

export interface BenchOptions {
  readonly seed?: number
  readonly limits?: RelayLimits
  readonly auth?: RelayAuth
  readonly mailbox?: Mailbox
  readonly directory?: Directory
}

const HOST = "localhost:5000"

/** Promises of the mailbox and the hook have their turn. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

export const bench = ({
  seed = 1,
  limits: changes,
  auth,
  mailbox: given,
  directory: givenDirectory,
}: BenchOptions = {}): Bench => {
  const clock = manualClock()
  const { random } = unsafeSeeded(seed)
  const limits = resolveLimits({ beforeAuthMs: 5_000, ...changes })
  const mailbox =
    given ??
    memoryMailbox({
      nowMs: clock.nowMs,
      epoch: random(16),
      messages: limits.mailboxMessages,
      bytes: limits.mailboxBytes,
      totalBytes: limits.memoryBytes,
      dedupMs: limits.dedupMs,
    })
  const directory = givenDirectory ?? memoryDirectory(limits)
  const deps = { random, nowMs: clock.nowMs, timers: clock.timers }
  const counted: string[] = []
  const metrics: Metrics = {
    count: (name, _by, labels) => {
      counted.push([name, ...Object.values(labels ?? {})].join(" "))
    },
    gauge: () => undefined,
    observe: () => undefined,
  }
  const runtime = new RelayRuntime({
    deps,
    context: {
      ...deps,
      limits,
      hook: auth !== undefined,
      keepsHandles: directory.keepsHandles,
      shared: false,
    },
    mailbox,
    directory,
    neighbours: undefined,
    auth,
    policy: originPolicy(() => ({ loopbackPort: 5000, tls: false, origins: [], pages: [] })),
    observer: observerOf({ logger: silentLogger, metrics, key: random(32), logAddresses: false }),
    log: silentLogger,
  })
  runtime.start()
  let count = 0

  const connect: Bench["connect"] = async (device = relayDevice(deps), from = {}) => {
    const context = runtime.listenerContext("bench")
    const origin = { address: "192.0.2.1", host: HOST, ...from }
    if (!context.admit(origin)) throw new Error("not admitted")
    const frames: Frame[] = []
    const line: Line = {
      device,
      frames,
      closedWith: undefined,
      buffered: 0,
      id: `c${++count}`,
      sendBytes: async (bytes) => {
        handlers.onFrame(bytes)
        await settle()
      },
      send: (frame) => line.sendBytes(frameCodec.encode(frame)),
      last: (type) => line.all(type).at(-1),
      all: (type) => frames.filter((frame) => frame.type === type) as never,
      answer: (request) =>
        frames.find((frame) => frame.request === request && request !== 0 && frame.type !== "challenge"),
      vanish: async () => {
        handlers.onClose({ clean: false, retry: "backoff" })
        await settle()
      },
    }
    const handlers = context.onConnection(
      {
        get bufferedBytes() {
          return line.buffered
        },
        send: (bytes) => {
          frames.push(frameCodec.decode(bytes))
          return Promise.resolve()
        },
        close: (info) => {
          line.closedWith ??= info?.code ?? 1005
          queueMicrotask(() => {
            handlers.onClose({ clean: true, retry: "never" })
          })
          return Promise.resolve()
        },
      },
      origin,
    )
    await settle()
    return line
  }

  const login: Bench["login"] = async (device, { token, cursor } = {}) => {
    const line = await connect(device)
    await line.send(line.device.hello(cursor === undefined ? {} : { cursor }))
    const challenge = line.last("challenge")
    if (challenge !== undefined)
      await line.send(line.device.proof(challenge, token === undefined ? {} : { token }))
    return line
  }

  return {
    clock,
    runtime,
    mailbox,
    counted,
    device: (identity) => relayDevice(deps, identity),
    connect,
    login,
    join: async (stock) => {
      const line = await login()
      await line.send(line.device.publish(3, stock))
      return line
    },
  }
}

/** The codes by name, for `expect`. */
export const CODE = RELAY_CODE
