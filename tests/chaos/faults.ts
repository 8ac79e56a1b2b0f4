/** What happens to people, relays, Redis and the lines between them. */
import type { UnsafeSeeded } from "@securechat/testkit"
import type { RedisServer } from "../../scripts/redis.ts"
import type { FaultProxy } from "../support/fault-proxy.ts"
import type { Person } from "./people.ts"
import type { Program } from "./process.ts"

/** Whatever the mailbox is. */
const EVERYWHERE = ["kill", "kill-relay", "stop", "stop-relay", "cut", "vanish", "hold", "refuse"] as const
/** Where relays share a Redis. */
const WITH_REDIS = ["kill-redis", "kill-both", "stop-redis", "cut-redis", "hold-redis", "move"] as const
export type ChaosFault = (typeof EVERYWHERE)[number] | (typeof WITH_REDIS)[number]

export const faultsOf = (redis: boolean): readonly ChaosFault[] =>
  redis ? [...EVERYWHERE, ...WITH_REDIS] : EVERYWHERE

/** Of a fault that lasts. */
const SHORT_MS = 700
/** A relay takes a Redis that is silent for 5 s for gone. */
const REDIS_GONE_MS = 6_500
/** A client takes a relay for gone after 30 s of silence. */
const RELAY_GONE_MS = 32_000

export interface RelayProcess {
  readonly program: Program
  readonly port: number
  /** Its line to Redis, if there is one. */
  readonly redis: FaultProxy | undefined
  start(): Promise<void>
}
export interface Targets {
  readonly people: readonly Person[]
  readonly relays: readonly RelayProcess[]
  readonly redis: RedisServer | undefined
}

/** The length of a fault, not a wait for something. */
const lasting = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export class Faults {
  readonly counts = new Map<ChaosFault, number>()
  readonly #targets: Targets
  readonly #random: UnsafeSeeded
  /** Long ones that go on while others begin. */
  readonly #underway = new Set<Promise<void>>()

  constructor(targets: Targets, random: UnsafeSeeded) {
    this.#targets = targets
    this.#random = random
  }
  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** One fault, from its beginning to its end. */
  async commit(what: ChaosFault): Promise<void> {
    const before = this.counts.get(what) ?? 0
    this.counts.set(what, before + 1)
    // The first of a kind, and then some, last until they are taken for an end.
    await (what.endsWith("-redis") || what === "kill-both"
      ? this.#ofRedis(what, before % 4 === 0)
      : this.#ofOthers(what, before % 10 === 0))
  }
  async ended(): Promise<void> {
    await Promise.all(this.#underway)
  }

  async #ofOthers(what: ChaosFault, long: boolean): Promise<void> {
    const person = this.#random.pick(this.#targets.people)
    const relay = this.#random.pick(this.#targets.relays)
    if (what === "kill" || what === "kill-relay") {
      const target = what === "kill" ? person : relay
      await target.program.kill()
      await target.start()
    } else if (what === "stop" || what === "stop-relay") {
      const { program } = what === "stop" ? person : relay
      program.stop()
      const over = lasting(long ? RELAY_GONE_MS : SHORT_MS).then(() => {
        program.goOn()
      })
      // The others go on meanwhile, without a relay too: nobody waits for one person.
      if (what === "stop" && long) this.#keep(over)
      else await over
    } else await this.#onLine(what, person.proxy)
  }
  #keep(over: Promise<void>): void {
    this.#underway.add(over)
    void over.then(() => this.#underway.delete(over))
  }

  async #onLine(what: ChaosFault, proxy: FaultProxy): Promise<void> {
    const way = this.#random.pick(["up", "down"] as const)
    if (what === "vanish") proxy.vanish(way)
    if (what === "hold") proxy.hold(way)
    if (what === "refuse") proxy.refusing = true
    if (what === "move") proxy.target = this.#random.pick(this.#targets.relays).port
    if (what !== "vanish" && what !== "hold") proxy.cut()
    if (what === "cut" || what === "move") return
    await lasting(SHORT_MS)
    proxy.refusing = false
    proxy.release()
    if (what === "vanish") proxy.cut()
  }

  async #ofRedis(what: ChaosFault, long: boolean): Promise<void> {
    const { redis, relays } = this.#targets
    if (redis === undefined) throw new Error(`${what} without Redis`)
    const relay = this.#random.pick(relays)
    if (what === "kill-redis" || what === "kill-both") {
      const both = what === "kill-both"
      await Promise.all([redis.kill(), ...(both ? [relay.program.kill()] : [])])
      await redis.restart()
      if (both) await relay.start()
      return
    }
    if (what === "stop-redis") {
      process.kill(redis.pid, "SIGSTOP")
      await lasting(long ? REDIS_GONE_MS : SHORT_MS)
      process.kill(redis.pid, "SIGCONT")
      return
    }
    const line = relay.redis
    if (line === undefined) throw new Error(`${what} without a line to cut`)
    line.refusing = what === "cut-redis"
    if (what === "cut-redis") line.cut()
    else line.hold(this.#random.pick(["up", "down"] as const))
    await lasting(long ? REDIS_GONE_MS : SHORT_MS)
    line.refusing = false
    line.release()
  }
}
