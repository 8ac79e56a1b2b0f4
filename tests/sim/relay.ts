/** The relay's own runtime, without sockets: killed with all it knows, or with mailboxes and directory that stay. */
import type { UnsafeSeeded } from "@securechat/testkit"
import { type Kept, relayWithoutSockets } from "../../packages/server/test/support/without-sockets.ts"
import type { Network } from "./network.ts"
import type { DeviceClock, WorldTime } from "./time.ts"

/** Envelopes of one mailbox: few enough to be reached. */
const MESSAGES = 200

export class SimulatedRelay {
  readonly #network: Network
  readonly #time: WorldTime
  readonly #clock: DeviceClock
  readonly #random: UnsafeSeeded
  #kept: Kept | undefined
  #runtime: ReturnType<typeof relayWithoutSockets>["runtime"] | undefined
  #life = { on: true }

  constructor(network: Network, time: WorldTime, of: { clock: DeviceClock; random: UnsafeSeeded }) {
    this.#network = network
    this.#time = time
    this.#clock = of.clock
    this.#random = of.random
  }

  get runs(): boolean {
    return this.#runtime !== undefined
  }

  start(): void {
    if (this.#runtime !== undefined) return
    const life = { on: true }
    this.#life = life
    const deps = {
      random: this.#random.random,
      nowMs: this.#clock.nowMs,
      timers: {
        after: (ms: number, work: () => void) =>
          this.#time.after(ms, () => {
            if (life.on) work()
          }),
      },
    }
    const { runtime, ...kept } = relayWithoutSockets(deps, { messages: MESSAGES, kept: this.#kept })
    this.#kept = kept
    runtime.start()
    this.#runtime = runtime
    const listener = runtime.listenerContext("simulated")
    this.#network.listener = {
      ...listener,
      onConnection: (connection, from) => {
        const handlers = listener.onConnection(connection, from)
        // What reaches a dead process is lost.
        return {
          ...handlers,
          onFrame: (frame) => {
            if (life.on) handlers.onFrame(frame)
          },
        }
      },
    }
  }

  /** Gone at once, with everything it kept in memory; what is on a disk may stay. */
  kill(keeps: boolean): void {
    if (this.#runtime === undefined) return
    this.#life.on = false
    this.#runtime.stop()
    this.#runtime = undefined
    this.#network.listener = undefined
    this.#network.cut()
    if (!keeps) this.#kept = undefined
  }

  /** Lets everybody go in order, then starts again with its mail. */
  async drain(): Promise<void> {
    const runtime = this.#runtime
    if (runtime === undefined) return
    await runtime.drain(2_000)
    if (this.#runtime !== runtime) return
    this.kill(true)
    this.start()
  }
}
