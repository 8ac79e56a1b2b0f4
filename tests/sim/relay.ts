/** The relay's own runtime, without sockets: killed with what it holds in memory, or with a mailbox that stays. */
import { silentLogger } from "@securechat/core/transport"
import type { UnsafeSeeded } from "@securechat/testkit"
import { originPolicy } from "../../packages/server/src/http/origins.ts"
import { resolveLimits } from "../../packages/server/src/limit/limits.ts"
import type { Mailbox } from "../../packages/server/src/mailbox/mailbox.ts"
import { memoryMailbox } from "../../packages/server/src/mailbox/memory.ts"
import { observerOf } from "../../packages/server/src/observe/observer.ts"
import { RelayRuntime } from "../../packages/server/src/relay/runtime.ts"
import type { Network } from "./network.ts"
import type { DeviceClock, WorldTime } from "./time.ts"

/** As wide as a run needs: what they do is the relay's own test. */
const WIDE = { size: 100_000, perSecond: 100_000 }
const BUCKETS = Object.fromEntries(
  [
    ...["login", "deviceLogin", "submit", "deviceSubmit", "signal"],
    ...["lookup", "claim", "claimTarget", "publish", "handle"],
  ].map((name) => [name, WIDE]),
)

export class SimulatedRelay {
  readonly #network: Network
  readonly #time: WorldTime
  readonly #clock: DeviceClock
  readonly #random: UnsafeSeeded
  readonly #limits = resolveLimits({ buckets: BUCKETS, connectionsPerAddress: 0, beforeAuthMs: 15_000 })
  #mailbox: Mailbox | undefined
  #runtime: RelayRuntime | undefined
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
    const limits = this.#limits
    this.#mailbox ??= memoryMailbox({
      ...{ nowMs: deps.nowMs, epoch: deps.random(16), messages: 200, bytes: limits.mailboxBytes },
      ...{ totalBytes: limits.memoryBytes, dedupMs: limits.dedupMs },
    })
    const runtime = new RelayRuntime({
      deps,
      context: { ...deps, limits, hook: false, keepsHandles: true },
      mailbox: this.#mailbox,
      auth: undefined,
      policy: originPolicy(() => ({ loopbackPort: 5000, tls: false, origins: [], pages: [] })),
      observer: observerOf({
        logger: silentLogger,
        metrics: undefined,
        key: deps.random(32),
        logAddresses: false,
      }),
      log: silentLogger,
    })
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

  /** Gone at once, with everything it kept in memory; a mailbox on a disk may stay. */
  kill(keepsMail: boolean): void {
    if (this.#runtime === undefined) return
    this.#life.on = false
    this.#runtime.stop()
    this.#runtime = undefined
    this.#network.listener = undefined
    this.#network.cut()
    if (!keepsMail) this.#mailbox = undefined
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
