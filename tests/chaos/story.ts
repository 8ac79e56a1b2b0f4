/**
 * People, relays and what is between them as real processes, killed with -9, stopped and resumed, cut off: a record of
 * all that was promised and shown. A run that stands still ends, and says who waits for what.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { UnsafeSeeded } from "@securechat/testkit"
import type { RedisServer } from "../../scripts/redis.ts"
import { type FaultProxy, faultProxy } from "../support/fault-proxy.ts"
import { type PacketProxy, type PacketWay, packetProxy } from "../support/packet-proxy.ts"
import { type ChaosFault, Faults, type RelayProcess } from "./faults.ts"
import { Person } from "./people.ts"
import type { Told } from "./person.ts"
import { Program, bundled } from "./process.ts"
import { Record, parsed } from "./record.ts"

/** Looks at every frame that crosses somebody's connection. */
export type Watch = (name: string, way: PacketWay, frame: Buffer) => void
/** One relay, or two behind a Redis. */
export type Where = "memory" | "sqlite" | { readonly server: RedisServer; readonly url: string }
/** Without a message promised, shown or confirmed for so long it stands still: the longest wait of the protocol is a minute. */
const STALL_MS = 180_000
const redisIn = (where: Where): Exclude<Where, string> | undefined =>
  typeof where === "object" ? where : undefined

/** Of this process: each has its own ports. */
let stories = 0

export class Story implements AsyncDisposable {
  readonly record = new Record()
  readonly faults: Faults
  /** Whatever was said, and every frame that crossed. */
  happened = 0
  readonly #folder = mkdtempSync(join(tmpdir(), "securechat-chaos-"))
  readonly #people: Person[] = []
  readonly #relays: RelayProcess[] = []
  readonly #proxies: FaultProxy[] = []
  readonly #taps: PacketProxy[] = []
  readonly #where: Where
  readonly #random: UnsafeSeeded
  readonly #watch: Watch | undefined
  #changed: () => void = () => undefined
  #movedAtMs = Date.now()
  #dead: string | undefined

  constructor(where: Where, random: UnsafeSeeded, watch?: Watch) {
    this.#where = where
    this.#random = random
    this.#watch = watch
    this.faults = new Faults(
      { people: this.#people, relays: this.#relays, redis: redisIn(where)?.server },
      random,
    )
  }

  /** @param pairs who write to each other. */
  async begin(pairs: readonly (readonly [string, string])[]): Promise<void> {
    const first = 11_000 + (process.pid % 4_500) * 4 + 2 * stories++
    const ports = redisIn(this.#where) === undefined ? [first] : [first, first + 1]
    const [program, relay] = await Promise.all(
      ["person.ts", "relay.ts"].map((file) => bundled(file, this.#folder)),
    )
    for (const [at, [one, other]] of pairs.entries())
      for (const [side, [name, peer]] of [[one, other] as const, [other, one] as const].entries()) {
        // Where there are two relays: a pair across both, one on each.
        const relayOf = at === 0 ? side : at
        const proxy = await this.#line(ports[relayOf % ports.length]!)
        const tap = this.#watch && (await this.#tapped(name, proxy, this.#watch))
        const files = { program: program!, store: join(this.#folder, `${name}.db`) }
        const ears = { onTold: this.#hear, onDeath: this.#onDeath }
        this.#people.push(new Person({ name, peers: [peer] }, { proxy, tap }, files, ears))
      }
    for (const port of ports) this.#relays.push(await this.#relay(relay!, port))
    await Promise.all(this.#relays.map((relay) => relay.start()))
    await Promise.all(this.#people.map((person) => person.start()))
  }

  /** Resolves at the first moment at which it holds, looked at whenever somebody says something. @throws where all stands still */
  async until(holds: () => boolean): Promise<void> {
    this.#movedAtMs = Date.now()
    while (!holds()) {
      if (this.#dead !== undefined) throw new Error(this.#dead)
      if (Date.now() - this.#movedAtMs > STALL_MS) throw new Error(this.stalled())
      const pulse = setTimeout(() => {
        this.#changed()
      }, 1_000)
      await new Promise<void>((resolve) => (this.#changed = resolve))
      clearTimeout(pulse)
    }
  }

  /** In the middle of traffic. */
  async fault(what: ChaosFault): Promise<void> {
    await this.until(() => this.record.inFlight > 0)
    await this.faults.commit(what)
  }

  /** Somebody is killed and started again at once; the next death may come before the store is open. */
  async strike(): Promise<void> {
    const person = this.#random.pick(this.#people)
    await person.program.kill()
    // Its own end is told by `until`.
    person.start().catch(() => {
      this.#changed()
    })
  }

  /** Nobody writes any more; everything arrives and is confirmed. */
  async rest(): Promise<void> {
    for (const { program } of this.#people) program.say("rest")
    await this.faults.ended()
    await this.until(() => this.#people.every((person) => person.waiting === 0))
    this.record.quiet()
    await Promise.all(this.#people.map((person) => person.count()))
  }

  stalled(): string {
    const states = this.#people.map((person) => person.state)
    return [`nothing moved for ${STALL_MS / 1_000} s`, ...states, ...this.record.waitingFor()].join("\n  ")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { program } of [...this.#people, ...this.#relays]) await program.kill()
    for (const tap of this.#taps) await tap.close()
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #line(target: number): Promise<FaultProxy> {
    const proxy = await faultProxy(target)
    this.#proxies.push(proxy)
    return proxy
  }
  async #tapped(name: string, proxy: FaultProxy, watch: Watch): Promise<PacketProxy> {
    const tap = await packetProxy({ transparent: true })
    tap.relay = `http://127.0.0.1:${proxy.port}`
    tap.onPacket = (way, frame) => {
      watch(name, way, frame)
      this.#happens()
      return true
    }
    this.#taps.push(tap)
    return tap
  }
  async #relay(file: string, port: number): Promise<RelayProcess> {
    const redis = redisIn(this.#where)
    const line = redis && (await this.#line(redis.server.port))
    const program = new Program(file, () => undefined, this.#onDeath)
    const start = async (): Promise<void> => {
      const origins = this.#people.map(({ origin }) => origin)
      const alone = this.#where === "memory" ? "memory" : { sqlite: join(this.#folder, "relay.db") }
      const mailbox =
        redis === undefined || line === undefined
          ? alone
          : { redis: redis.url.replace(String(redis.server.port), String(line.port)) }
      await program.start({ port, origins, mailbox })
    }
    return { program, port, redis: line, start }
  }

  readonly #onDeath = (complaint: string): void => {
    this.#dead ??= complaint
    this.#changed()
  }
  readonly #hear = (person: Person, told: Told): void => {
    const { event, text = "", count = 0 } = told
    const { record } = this
    if (event === "open") person.open()
    if (event === "counted") person.counted()
    if (event === "connection") person.connection = text
    if (event === "error" || event === "refused") person.problem = text
    if (event === "waiting") this.#confirmed(person, count)
    if (event === "unreadable") record.unreadable += 1
    if (event === "missing") record.missing += count
    if (event === "kept") record.kept(text)
    if (event === "sending") {
      const { peer, counter } = parsed(text)
      person.next.set(peer, counter + 1)
      record.sending(person.name, text)
    }
    if (event === "sent") record.promise(text)
    if (event === "shown") record.show(person.name, text, told.late === true)
    if (event === "stored") record.stored(person.name, text, told.late === true)
    if (event === "sent" || event === "shown") this.#movedAtMs = Date.now()
    this.#happens()
  }
  #happens(): void {
    this.happened += 1
    this.#changed()
  }
  #confirmed(person: Person, count: number): void {
    if (count < person.waiting) this.#movedAtMs = Date.now()
    person.waiting = count
  }
}
