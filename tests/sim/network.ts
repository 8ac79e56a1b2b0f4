/**
 * The way between clients and relay: connections that deliver in order, with delay, and that break: cut on both sides,
 * half-open (one side hears nothing and is told nothing), or not to be had at all. A hostile way also loses, repeats
 * and reorders single frames, which a connection of its own never does.
 */
import type { Transport, TransportConnection, TransportContext } from "@securechat/core"
import { SecureChatError } from "@securechat/core/errors"
import { type GuardedConnection, type ListenerContext, guardConnection } from "@securechat/core/transport"
import type { UnsafeSeeded } from "@securechat/testkit"
import type { WorldTime } from "./time.ts"

export interface NetworkFaults {
  readonly delayMs: number
  /** Chances per frame. */
  readonly lose: number
  readonly repeat: number
  readonly reorder: number
}

type Side = "client" | "relay"

interface Line {
  readonly who: string
  readonly ends: Partial<Record<Side, GuardedConnection>>
  /** Towards this side nothing arrives any more. */
  readonly deaf: Set<Side>
  /** When the last frame towards a side arrives: the next one not before. */
  readonly lastMs: Record<Side, number>
}

const other = (side: Side): Side => (side === "client" ? "relay" : "client")

export class Network {
  faults: NetworkFaults = { delayMs: 5, lose: 0, repeat: 0, reorder: 0 }
  /** Who cannot connect, and whether it is told or left waiting. */
  readonly apart = new Map<string, "refused" | "silent">()
  /** The relay that answers; undefined: none does. */
  listener: ListenerContext | undefined
  readonly #time: WorldTime
  readonly #random: UnsafeSeeded
  readonly #count: (what: string) => void
  readonly #lines = new Set<Line>()

  constructor(time: WorldTime, random: UnsafeSeeded, count: (what: string) => void) {
    this.#count = count
    this.#time = time
    this.#random = random
  }

  transport(who: string): Transport {
    return { name: "simulated", connect: (context) => this.#connect(who, context) }
  }

  /** Somebody's connections end, or everybody's; each side is told. */
  cut(who?: string): void {
    for (const line of [...this.#lines]) if (who === undefined || line.who === who) this.#end(line)
  }
  /** From now on nothing reaches one side, which is not told. */
  deafen(who: string, side: Side): void {
    for (const line of this.#lines) if (line.who === who) line.deaf.add(side)
  }
  heal(): void {
    this.faults = { delayMs: 5, lose: 0, repeat: 0, reorder: 0 }
    this.apart.clear()
    for (const line of [...this.#lines]) if (line.deaf.size > 0) this.#end(line)
  }

  async #connect(who: string, context: TransportContext): Promise<TransportConnection> {
    await this.#travel(context.signal)
    const { listener } = this
    const apart = this.apart.get(who)
    if (apart === "silent") await this.#forever(context.signal)
    const origin = { address: `192.0.2.${who.length}`, host: "localhost:5000" }
    if (apart !== undefined || listener?.admit(origin) !== true)
      throw new SecureChatError("ERR_TRANSPORT_UNREACHABLE", "nobody answers")
    const line: Line = { who, ends: {}, deaf: new Set(), lastMs: { client: 0, relay: 0 } }
    this.#lines.add(line)
    const client = this.#guard(line, "client", context, context.signal)
    const relay = this.#guard(line, "relay", {
      onFrame: (frame) => {
        handlers.onFrame(frame)
      },
      onClose: (info) => {
        handlers.onClose(info)
      },
    })
    const handlers = listener.onConnection(relay, origin)
    return client
  }

  #guard(
    line: Line,
    side: Side,
    handlers: Pick<TransportContext, "onFrame" | "onClose">,
    signal?: AbortSignal,
  ): TransportConnection {
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const end = guardConnection(
      {
        bufferedBytes: () => 0,
        send: (frame) => {
          this.#carry(line, other(side), frame)
        },
        close: (code, reason) => {
          this.#time.after(0, () => {
            end.ended({ clean: true, retry: "backoff", ...(code === undefined ? {} : { code }) })
          })
          this.#arrive(line, other(side), () => {
            const said = {
              ...(code === undefined ? {} : { code }),
              ...(reason === undefined ? {} : { reason }),
            }
            line.ends[other(side)]?.ended({ clean: true, retry: "backoff", ...said })
            this.#lines.delete(line)
          })
        },
      },
      { name: "simulated", log, handlers, signal },
    )
    line.ends[side] = end
    return end.connection
  }

  #carry(line: Line, to: Side, frame: Uint8Array): void {
    const { lose, repeat, reorder } = this.faults
    const land = (): void => line.ends[to]?.received(frame)
    if (this.#random.chance(lose)) {
      this.#count("frame lost")
      return
    }
    if (this.#random.chance(reorder)) {
      this.#count("frame reordered")
      this.#time.after(this.#random.fraction() * 20 * this.faults.delayMs, () => {
        if (!line.deaf.has(to)) land()
      })
      return
    }
    this.#arrive(line, to, land)
    if (!this.#random.chance(repeat)) return
    this.#count("frame repeated")
    this.#arrive(line, to, land)
  }

  /** After a while, and behind what went before. */
  #arrive(line: Line, to: Side, work: () => void): void {
    const { nowMs } = this.#time
    const atMs = Math.max(line.lastMs[to], nowMs + this.#random.fraction() * this.faults.delayMs)
    line.lastMs[to] = atMs
    this.#time.after(atMs - nowMs, () => {
      if (!line.deaf.has(to)) work()
    })
  }

  #end(line: Line): void {
    this.#lines.delete(line)
    for (const side of ["client", "relay"] as const)
      this.#time.after(this.#random.fraction() * this.faults.delayMs, () => {
        line.ends[side]?.ended({ clean: false, retry: "backoff" })
      })
  }

  #travel(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#time.after(this.#random.fraction() * 2 * this.faults.delayMs, () => {
        if (signal.aborted) reject(new SecureChatError("ERR_ABORTED", "given up"))
        else resolve()
      })
    })
  }
  #forever(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        reject(new SecureChatError("ERR_ABORTED", "given up"))
      })
    })
  }
}
