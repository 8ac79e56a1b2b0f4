/**
 * A channel from one start to its close: machine, pipe, light, and what an app is told of them. The object an app
 * holds (`channel.ts`) may have several, one after another.
 */
import { SecureChatError } from "../errors.ts"
import type { Identity } from "../identity/keys.ts"
import type { Trust } from "../identity/trust.ts"
import { inspectionOf } from "../runtime/inspect.ts"
import { Queue } from "../runtime/queue.ts"
import { orAborted, throwIfAborted } from "../runtime/timers.ts"
import type { ConnectionState } from "../runtime/types.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import type { DeviceId, MessageId } from "../wire/address.ts"
import { Driver } from "./driver.ts"
import type { ChannelEnvironment } from "./environment.ts"
import { lightOf, refuseRed, shownAccount } from "./light.ts"
import { Line } from "./line.ts"
import { Quarantine, shownMessage } from "./messages.ts"
import type { ChannelSettings } from "./options.ts"
import type { ChannelArrival, PairingEffect } from "./pairing-input.ts"
import { type Pairing, openParty } from "./pairing-state.ts"
import type { ChannelEvents, ChannelMessage } from "./types.ts"
import type { Kept } from "./vault.ts"

export interface RunHost {
  emit<K extends keyof ChannelEvents>(type: K, event: ChannelEvents[K]): void
  /** The level has left red. */
  safe(): void
  /** The pipe cannot be connected again: `left` says that the far end closed in good order. */
  gone(left: boolean, error: SecureChatError | undefined): void
}

export interface RunParts {
  readonly settings: ChannelSettings
  readonly kept: Kept
  readonly environment: ChannelEnvironment
  readonly host: RunHost
}

interface Inspected {
  readonly id: MessageId
  readonly device: DeviceId
  readonly frame: Uint8Array
  readonly contentBytes: number
}

export class Run {
  readonly #settings: ChannelSettings
  readonly #environment: ChannelEnvironment
  readonly #host: RunHost
  readonly #driver: Driver
  readonly #line: Line
  readonly #quarantine = new Quarantine()
  /** One message after another, in the order of the calls. */
  readonly #outgoing = new Queue()
  #status: SecurityStatus

  constructor({ settings, kept, environment, host }: RunParts, status: SecurityStatus) {
    this.#settings = settings
    this.#environment = environment
    this.#host = host
    this.#status = status
    const driver = new Driver(settings, kept, environment, {
      onEffects: (effects, state) => {
        this.#took(effects, state)
      },
      onError: (error) => {
        this.#report(error)
      },
    })
    this.#driver = driver
    this.#line = new Line(settings, environment, {
      onUp: () => {
        driver.post({ type: "online" })
      },
      onDown: () => {
        driver.post({ type: "offline" })
      },
      onFrame: (frame) => {
        driver.post({ type: "frame", frame })
      },
      onChange: (change) => {
        host.emit("connection", change)
      },
      onGone: (left, error) => {
        host.gone(left, error)
      },
    })
  }

  get status(): SecurityStatus {
    return this.#status
  }
  get state(): Pairing {
    return this.#driver.state
  }
  get identity(): Identity {
    return this.#driver.env.setting.own
  }
  get connection(): ConnectionState {
    return this.#line.state
  }

  start(): void {
    this.#shine(this.#driver.state)
    this.#line.start()
  }
  /** Awaits everything, leaves no timer and no socket; never rejects. */
  async stop(): Promise<void> {
    const stopped = this.#driver.stop()
    await this.#line.close()
    await stopped
    await this.#outgoing.idle()
  }

  /** @throws as `SecureChannel.send` */
  send(body: string | Uint8Array, signal: AbortSignal | undefined): Promise<{ readonly id: MessageId }> {
    refuseRed(this.#status)
    const work = async (): Promise<{ readonly id: MessageId }> => {
      throwIfAborted(signal)
      await this.#line.whenUp(signal)
      const sealed = await this.#driver.send(body)
      await this.#line.deliver(sealed.frame)
      this.#inspect("out", sealed)
      return { id: sealed.id }
    }
    return orAborted(this.#outgoing.run(work), signal)
  }
  /** A person's decision, made from the record as it stands in its turn. */
  async decide(decide: (trust: Trust | undefined) => Trust): Promise<void> {
    await this.#driver.decide((state) => ({ type: "trust", trust: decide(state.trust) }))
  }
  async reset(): Promise<void> {
    await this.#driver.decide(() => ({ type: "reset" }))
  }

  #took(effects: readonly PairingEffect[], state: Pairing): void {
    this.#shine(state)
    for (const effect of effects) this.#act(effect, state)
    const peer = openParty(state)?.account
    if (peer === undefined) return
    for (const { arrival, message } of this.#quarantine.release(peer)) this.#show(arrival, message)
  }
  #act(effect: PairingEffect, state: Pairing): void {
    switch (effect.type) {
      case "transmit":
        this.#line.post(effect.frame)
        break
      case "arrived":
        this.#arrived(effect.message, state)
        break
      case "unreadable":
        this.#report(new SecureChatError(effect.code, "a message of the peer could not be understood"))
        break
      case "third-party":
        this.#host.emit("third-party", Object.freeze({ accountId: effect.account }))
        break
      case "sealed":
        // `send` hands it over: it waits for the pipe.
        break
    }
  }

  /** Of a changed identity nothing is shown before a person takes it. */
  #arrived(arrival: ChannelArrival, state: Pairing): void {
    const message = shownMessage(arrival, this.#status)
    if (arrival.account === openParty(state)?.account) this.#show(arrival, message)
    else this.#quarantine.hold(arrival, message)
  }
  #show(arrival: ChannelArrival, message: ChannelMessage): void {
    const { missing, id: before } = arrival
    if (missing > 0) this.#host.emit("gap", Object.freeze({ missing, before }))
    this.#inspect("in", arrival)
    this.#host.emit("message", message)
  }
  #inspect(direction: "in" | "out", { id, device, frame, contentBytes }: Inspected): void {
    if (!this.#settings.inspect) return
    const of = { messageId: id, direction, device, envelope: frame, contentBytes }
    this.#host.emit("inspect", inspectionOf(of))
  }

  /** Computes the light; tells where it has changed. */
  #shine(state: Pairing): void {
    const { only } = this.#settings
    const previous = this.#status
    const status = lightOf({ state, only, running: true }, previous, this.#environment.deps.nowMs())
    this.#status = status
    if (status.level !== "red") this.#host.safe()
    if (status === previous) return
    const contact = shownAccount(state, only)
    const change = { status, previous, ...(contact === undefined ? {} : { contact }) }
    this.#host.emit("security", Object.freeze(change))
  }

  #report(error: unknown): void {
    if (SecureChatError.is(error, "ERR_CLOSED")) return
    const told = SecureChatError.is(error)
      ? error
      : new SecureChatError("ERR_INTERNAL", "a step of the channel failed", { cause: error })
    this.#settings.log.error("channel error", { code: told.code })
    this.#host.emit("error", told)
  }
}
