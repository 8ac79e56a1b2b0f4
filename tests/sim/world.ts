/**
 * One run: people on their devices, the relay, the way between and the adversary on it, all in one process and from
 * one seed. First what the seed draws happens, step after step; then everything is healed, and judged.
 */
import { createHash } from "node:crypto"
import type { Transport } from "@securechat/core"
import { type HistoryRecord, type UnsafeSeeded, unsafeSeeded } from "@securechat/testkit"
import { EvilRelay } from "../support/evil-relay.ts"
import { mallory } from "../support/mallory.ts"
import { Device } from "./device.ts"
import { type Picture, SOUND } from "./disk.ts"
import { HAPPENINGS, type Happening, type Mix, drawMix } from "./mix.ts"
import { Network } from "./network.ts"
import { probe } from "./probe.ts"
import { SimulatedRelay } from "./relay.ts"
import { SealedLog } from "./sealed.ts"
import { DeviceClock, type WorldTime, worldTime } from "./time.ts"
import { Tricks, boastOfStock } from "./tricks.ts"

const START_MS = 1_750_000_000_000
const NAMES = ["ada", "bob", "cyd"] as const

/** What came to rest comes within so many looks, each after a while. */
const LOOKS = 40
const LOOK_MS = 2_000
/** What an adversary or an older store has broken is mended while people talk, at most every minute. */
const ROUNDS = 8

interface Copy {
  readonly picture: Picture
  readonly upTo: number
}

export class World {
  readonly seed: number
  readonly mix: Mix
  readonly time: WorldTime = worldTime(START_MS)
  readonly history: HistoryRecord[] = []
  readonly devices: readonly Device[]
  readonly evil = new EvilRelay()
  readonly network: Network
  readonly relay: SimulatedRelay
  readonly marker: string
  readonly random: UnsafeSeeded
  /** What went wrong on purpose, and what was seen of it: how often each. */
  readonly happened = new Map<string, number>()
  readonly #tricks: Tricks
  readonly #relayClock: DeviceClock
  readonly #copies = new Map<string, Copy>()
  readonly #sealed = new SealedLog(this.time, this.history)
  readonly #trace = createHash("sha256")
  readonly #onNote: (line: string) => void

  constructor(seed: number, onNote: (line: string) => void = () => undefined) {
    const random = unsafeSeeded(seed)
    this.seed = seed
    this.#onNote = onNote
    this.mix = drawMix(random.fork(1))
    this.random = random.fork(2)
    this.network = new Network(this.time, random.fork(3), this.count)
    this.#relayClock = new DeviceClock(this.time)
    this.relay = new SimulatedRelay(this.network, this.time, {
      clock: this.#relayClock,
      random: random.fork(4),
    })
    this.marker = Buffer.from(random.fork(5).random(18)).toString("base64url")
    const names = NAMES.slice(0, this.mix.people)
    const surroundings = {
      ...{ time: this.time, history: this.history, marker: this.marker, count: this.count },
      retried: new Set<string>(),
      transport: (who: string) => this.#way(who),
      cut: (who: string) => {
        this.network.cut(who)
      },
      note: (line: string) => {
        this.note(line)
      },
      owner: (account: string) => this.devices.find(({ account: own }) => own === account)?.name,
    }
    this.devices = names.map((name, i) => new Device(name, random.fork(10 + i), surroundings))
    const adversary = mallory(this.evil, () => Math.floor(this.time.nowMs), random.fork(6).random)
    this.#tricks = new Tricks({
      ...{ evil: this.evil, random: random.fork(7), names, mallory: adversary, count: this.count },
      cut: (who) => {
        this.network.cut(who)
      },
    })
    boastOfStock(this.evil)
  }

  /** Into the trace: two runs of a seed give the same. */
  note(line: string): void {
    const whole = `${(this.time.nowMs - START_MS).toFixed(1)} ${line}`
    this.#trace.update(whole)
    this.#onNote(whole)
  }
  readonly count = (what: string): void => {
    this.happened.set(what, (this.happened.get(what) ?? 0) + 1)
  }
  get traceHash(): string {
    return this.#trace.copy().digest("hex")
  }

  /** The adversary sees frames as clients send them, and the trace as they arrive. */
  #way(who: string): Transport {
    const inner = this.evil.transport(who, this.network.transport(who))
    return {
      ...inner,
      connect: async (context) => {
        const connection = await inner.connect({
          ...context,
          onFrame: (frame) => {
            this.#trace.update(frame)
            context.onFrame(frame)
          },
        })
        return {
          get bufferedBytes() {
            return connection.bufferedBytes
          },
          send: (frame) => {
            this.#sealed.note(who, frame)
            return connection.send(frame)
          },
          close: (info) => connection.close(info),
        }
      },
    }
  }

  // ── what happens ─────────────────────────────────────────────────────────────────────────────

  /** The session somebody sealed on last, by whom and for whom. */
  get lastSessions(): ReadonlyMap<string, string> {
    return this.#sealed.lastSessions
  }

  async begin(): Promise<void> {
    this.relay.start()
    for (const device of this.devices) device.boot()
    await this.time.pass(2_000)
    this.network.faults = this.mix.network
    for (const device of this.devices) device.faults = this.mix.disk
  }

  async step(): Promise<void> {
    const happening = weighted(this.random, this.mix.weights)
    const device = this.random.pick(this.devices)
    const peer = this.random.pick(this.devices.filter((one) => one !== device))
    this.note(`— ${happening} ${device.name} ${peer.name}`)
    this.count(happening)
    await this.#happen(happening, device, peer)
    await this.time.pass(this.random.pick([0, 1, 10, 100, 400, 1_500]))
    if (this.random.chance(0.02)) await this.time.pass(40_000)
  }

  async #happen(what: Happening, device: Device, peer: Device): Promise<void> {
    const { random, network, relay } = this
    switch (what) {
      case "send":
        this.write(device, peer)
        return
      case "burst":
        for (let count = random.below(6); count >= 0; count--) this.write(device, peer)
        return
      case "open":
        device.open(peer.name)
        return
      case "read":
        device.read(peer.name)
        return
      case "typing":
        device.typing(peer.name)
        return
      case "attend":
        device.settle()
        return
      case "cut":
        network.cut(device.name)
        return
      case "deaf":
        network.deafen(device.name, random.pick(["client", "relay"]))
        return
      case "apart":
        network.apart.set(device.name, random.pick(["refused", "silent"]))
        if (random.chance(0.7)) network.cut(device.name)
        return
      case "together":
        network.apart.delete(device.name)
        return
      case "killRelay":
        relay.kill(random.chance(0.6))
        return
      case "startRelay":
        relay.start()
        return
      case "drain":
        void relay.drain()
        return
      case "evil":
        this.#tricks.begin()
        return
      case "good":
        this.#tricks.stop()
        return
      case "probe":
        await probe(this, device)
        return
      default:
        this.#happenTo(device, what)
    }
  }

  #happenTo(device: Device, what: Happening): void {
    switch (what) {
      case "restart":
        void device.close().then(() => {
          device.boot()
        })
        return
      case "kill":
        device.kill()
        return
      case "boot":
        device.boot()
        return
      case "copy":
        this.#copies.set(device.name, { picture: device.disk.picture(), upTo: this.history.length - 1 })
        return
      case "restore": {
        const copy = this.#copies.get(device.name)
        if (copy !== undefined) device.restore(copy.picture, copy.upTo)
        return
      }
      case "jump":
        device.clock.jump(this.random)
        return
      case "stand":
        device.clock.stand()
        return
      default:
    }
  }

  write(device: Device, peer: Device): void {
    const length = this.random.chance(0.05) ? 1_500 : this.random.below(60)
    if (!device.knows(peer.name)) device.open(peer.name)
    else device.send(peer.name, "x".repeat(length))
  }

  // ── the end of all faults ────────────────────────────────────────────────────────────────────

  async heal(): Promise<void> {
    this.note("— heal")
    this.#tricks.stopAll()
    this.network.heal()
    this.relay.start()
    this.#relayClock.heal()
    for (const device of this.devices) {
      device.faults = SOUND
      device.clock.heal()
    }
    // Who was told that trying again is pointless needs a person; an adversary's word is taken for the relay's.
    if (this.mix.hostile) await this.#closeAll()
    for (const device of this.devices) device.boot()
    await this.rest()
    for (let round = 0; round < ROUNDS; round++) {
      this.#everybodyWrites()
      // The first may only look somebody up; who began at once meet on one session with the second word of each (seed 1027).
      if ((await this.rest()) && round > 1) break
    }
    await this.time.pass(2_000)
  }

  #everybodyWrites(): void {
    for (const device of this.devices)
      for (const peer of this.devices) if (peer !== device) this.write(device, peer)
  }

  /** Until nothing waits any more, or until waiting longer is pointless: then false. */
  async rest(): Promise<boolean> {
    for (let look = 0; look < LOOKS; look++) {
      await this.time.pass(LOOK_MS)
      for (const device of this.devices) device.settle()
      if (this.devices.every((device) => device.chat?.connection === "online" && device.waiting === 0))
        return true
    }
    return false
  }

  async end(): Promise<void> {
    await this.#closeAll()
    this.relay.kill(false)
  }
  async #closeAll(): Promise<void> {
    for (const device of this.devices) void device.close()
    await this.time.pass(20_000)
  }
}

const weighted = (random: UnsafeSeeded, weights: Mix["weights"]): Happening => {
  let left = random.fraction() * HAPPENINGS.reduce((sum, what) => sum + weights[what], 0)
  for (const what of HAPPENINGS) {
    left -= weights[what]
    if (left < 0) return what
  }
  return "send"
}
