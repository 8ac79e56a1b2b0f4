/**
 * People, relays and what is between them as real processes, killed with -9, stopped and resumed, cut off: a record of
 * all that was promised and shown, for the HistoryChecker.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { HistoryRecord, SentRecord, UnsafeSeeded } from "@securechat/testkit"
import { type FaultProxy, faultProxy } from "../support/fault-proxy.ts"
import type { Orders, Told } from "./person.ts"
import { type PacketProxy, type PacketWay, packetProxy } from "../support/packet-proxy.ts"
import { Program, bundled } from "./process.ts"

/** Looks at every frame that crosses somebody's connection. */
export type Watch = (name: string, way: PacketWay, frame: Buffer) => void
export type Where = { readonly sqlite: true } | { readonly redis: string } | "memory"
/** Of a fault that lasts. */
const FAULT_MS = 700

const FAULTS = [
  "kill",
  "kill-relay",
  "stop",
  "stop-relay",
  "cut",
  "vanish",
  "hold",
  "refuse",
  "move",
] as const
export type ChaosFault = (typeof FAULTS)[number]

class Person {
  readonly name: string
  readonly program: Program
  readonly proxy: FaultProxy
  /** In front of that, where frames are looked at. */
  readonly tap: PacketProxy | undefined
  readonly file: string
  readonly next = new Map<string, number>()
  /** Own messages nobody has confirmed, as it said last. */
  waiting = Infinity
  open = (): void => undefined

  constructor(
    name: string,
    way: { readonly proxy: FaultProxy; readonly tap: PacketProxy | undefined },
    files: { readonly program: string; readonly store: string },
    onTold: (person: Person, told: Told) => void,
  ) {
    this.name = name
    this.proxy = way.proxy
    this.tap = way.tap
    this.file = files.store
    this.program = new Program(files.program, (line) => {
      onTold(this, JSON.parse(line) as Told)
    })
  }
  /** Where it believes the relay to be. */
  get origin(): string {
    return this.tap?.url ?? `http://127.0.0.1:${this.proxy.port}`
  }
  async start(peers: readonly string[]): Promise<void> {
    this.waiting = Infinity
    const opened = new Promise<void>((resolve) => (this.open = resolve))
    const to = Object.fromEntries(peers.map((peer) => [peer, this.next.get(peer) ?? 1]))
    const url = this.origin.replace("http", "ws")
    await this.program.start({ user: this.name, url, file: this.file, to } satisfies Orders)
    await opened
  }
}

export class Story implements AsyncDisposable {
  readonly history: HistoryRecord[] = []
  promised = 0
  unreadable = 0
  /** Whatever was said, and every frame that crossed. */
  happened = 0
  readonly #random: UnsafeSeeded
  readonly #watch: Watch | undefined
  readonly #folder = mkdtempSync(join(tmpdir(), "securechat-chaos-"))
  readonly #people: Person[] = []
  readonly #relays: { readonly program: Program; readonly port: number }[] = []
  readonly #sent = new Map<string, { -readonly [K in keyof SentRecord]: SentRecord[K] }>()
  readonly #shown = new Set<string>()
  #where: Where = { sqlite: true }
  #changed: () => void = () => undefined

  constructor(random: UnsafeSeeded, watch?: Watch) {
    this.#random = random
    this.#watch = watch
  }

  async begin(names: readonly string[], where: Where): Promise<void> {
    this.#where = where
    const first = 11_000 + (process.pid % 9_000) * 2
    const ports = isRedis(where) ? [first, first + 1] : [first]
    const program = await bundled("person.ts", this.#folder)
    for (const [at, name] of names.entries()) {
      const proxy = await faultProxy(ports[at % ports.length]!)
      const tap = this.#watch === undefined ? undefined : await this.#tapped(name, proxy, this.#watch)
      const files = { program, store: join(this.#folder, `${name}.db`) }
      this.#people.push(
        new Person(name, { proxy, tap }, files, (person, told) => {
          this.#hear(person, told)
        }),
      )
    }
    for (const port of ports) this.#relays.push({ program: new Program("relay.ts", () => undefined), port })
    await Promise.all(this.#relays.map((relay) => this.#startRelay(relay)))
    await Promise.all(this.#people.map((person) => person.start(this.#peersOf(person))))
  }

  /** Resolves at the first moment at which it holds, looked at whenever something happens. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const ended = this.#people.find(({ program }) => program.failure !== undefined)
      if (ended !== undefined) throw new Error(`${ended.name} ended: ${ended.program.failure ?? ""}`)
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
  }

  /** Somebody is killed and started again at once; the next death may come before the store is open. */
  async strike(): Promise<void> {
    const person = this.#random.pick(this.#people)
    await person.program.kill()
    // Its own end is told by `until`.
    person.start(this.#peersOf(person)).catch(() => {
      this.#changed()
    })
  }

  /** One fault, from its beginning to its end. */
  async fault(what: ChaosFault = this.#random.pick(FAULTS)): Promise<void> {
    const person = this.#random.pick(this.#people)
    const relay = this.#random.pick(this.#relays)
    const { proxy, program } = person
    const way = this.#random.pick(["up", "down"] as const)
    switch (what) {
      case "kill":
        await program.kill()
        await person.start(this.#peersOf(person))
        return
      case "kill-relay":
        await relay.program.kill()
        await this.#startRelay(relay)
        return
      case "stop":
        program.stop()
        await lasting()
        program.goOn()
        return
      case "stop-relay":
        relay.program.stop()
        await lasting()
        relay.program.goOn()
        return
      case "cut":
        proxy.cut()
        return
      case "vanish":
        proxy.vanish(way)
        await lasting()
        proxy.cut()
        return
      case "hold":
        proxy.hold(way)
        await lasting()
        proxy.release()
        return
      case "refuse":
        proxy.refusing = true
        proxy.cut()
        await lasting()
        proxy.refusing = false
        return
      case "move":
        proxy.target = this.#random.pick(this.#relays).port
        proxy.cut()
    }
  }

  /** Nobody writes any more; everything arrives and is confirmed. */
  async rest(): Promise<void> {
    for (const { program, proxy } of this.#people) {
      proxy.refusing = false
      proxy.release()
      program.say("rest")
    }
    await this.until(() => this.#people.every((person) => person.waiting === 0))
    this.history.push({ kind: "quiet", actor: "run", atMs: Date.now() })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { program, proxy, tap } of this.#people) {
      await program.kill()
      await tap?.close()
      await proxy[Symbol.asyncDispose]()
    }
    for (const { program } of this.#relays) await program.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #peersOf(person: Person): readonly string[] {
    return this.#people.filter((one) => one !== person).map(({ name }) => name)
  }
  async #startRelay({ program, port }: { readonly program: Program; readonly port: number }): Promise<void> {
    const origins = this.#people.map(({ origin }) => origin)
    const sqlite = join(this.#folder, "relay.db")
    const mailbox = isRedis(this.#where) || this.#where === "memory" ? this.#where : { sqlite }
    await program.start({ port, origins, mailbox })
  }

  async #tapped(name: string, proxy: FaultProxy, watch: Watch): Promise<PacketProxy> {
    const tap = await packetProxy({ transparent: true })
    tap.relay = `http://127.0.0.1:${proxy.port}`
    tap.onPacket = (way, frame) => {
      watch(name, way, frame)
      this.#happens()
      return true
    }
    return tap
  }
  #happens(): void {
    this.happened += 1
    this.#changed()
  }

  #hear(person: Person, told: Told): void {
    const { event, text = "" } = told
    if (event === "open") person.open()
    if (event === "waiting") person.waiting = told.count ?? 0
    if (event === "unreadable") this.unreadable += 1
    if (event === "sending") this.#sending(person, text)
    if (event === "sent") this.#promise(text)
    if (event === "shown") this.#show(person, text, told.late === true)
    // An app shows what its store holds: what was stored and not told before a kill among it.
    if (event === "stored" && !this.#shown.has(`${person.name} ${text}`))
      this.#show(person, text, told.late === true)
    this.#happens()
  }
  #sending(person: Person, text: string): void {
    const { sender, peer, counter } = parsed(text)
    person.next.set(peer, counter + 1)
    const record: SentRecord = {
      ...{ kind: "sent", actor: person.name, atMs: Date.now(), sender, counter },
      ...{ digest: text, to: [], allowed: [peer] },
    }
    this.#sent.set(text, record)
    this.history.push(record)
  }
  #promise(text: string): void {
    const record = this.#sent.get(text)
    if (record === undefined) throw new Error(`${text} was promised and never sent`)
    record.to = record.allowed ?? []
    this.promised += 1
  }
  #show(person: Person, text: string, marked: boolean): void {
    const { sender, counter } = parsed(text)
    this.#shown.add(`${person.name} ${text}`)
    this.history.push({
      ...{ kind: "delivered", actor: person.name, atMs: Date.now() },
      ...{ sender, counter, digest: text, marked },
    })
  }
}

const isRedis = (where: Where): where is { readonly redis: string } =>
  typeof where === "object" && "redis" in where

const parsed = (text: string): { sender: string; peer: string; counter: number } => {
  const [, sender = "", peer = "", counter = ""] = /^(\w+>(\w+))#(\d+) $/.exec(text) ?? []
  return { sender, peer, counter: Number(counter) }
}

/** The length of a fault, not a wait for something. */
const lasting = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, FAULT_MS))
