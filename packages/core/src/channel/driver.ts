/**
 * The one place where a channel's machine meets the world: inputs one after another, the pin stored before anything
 * leaves or shows, one timer. Not its concern: what an app sees (`channel.ts`).
 */
import { SecureChatError } from "../errors.ts"
import type { Trust } from "../identity/trust.ts"
import { HELLO_BACKOFF_MIN_MS } from "../limits.ts"
import { Queue } from "../runtime/queue.ts"
import type { ChannelEnvironment } from "./environment.ts"
import { contextHashOf } from "./hello.ts"
import { lightOf, refuseRed } from "./light.ts"
import type { ChannelSettings } from "./options.ts"
import { nextAtMs, pair } from "./pairing.ts"
import type { PairingEffect, PairingInput } from "./pairing-input.ts"
import { type Env, type Pairing, newPairing } from "./pairing-state.ts"
import { type Kept, keepTrust } from "./vault.ts"

export type Sealed = PairingEffect & { readonly type: "sealed" }

export interface DriverHooks {
  /** After each step that took effect. */
  readonly onEffects: (effects: readonly PairingEffect[], state: Pairing) => void
  /** What no call can return. */
  readonly onError: (error: unknown) => void
}

export class Driver {
  readonly env: Env
  readonly #settings: ChannelSettings
  readonly #environment: ChannelEnvironment
  readonly #hooks: DriverHooks
  readonly #queue = new Queue()
  #state: Pairing
  #stopped = false
  #cancelTimer: () => void = () => undefined

  constructor(settings: ChannelSettings, kept: Kept, environment: ChannelEnvironment, hooks: DriverHooks) {
    const { role, context, name, only } = settings
    const deps = { ...environment.deps, elapsedMs: environment.elapsedMs }
    this.env = {
      setting: { own: kept.identity, role, context, contextHash: contextHashOf(context), name, only },
      deps,
    }
    this.#settings = settings
    this.#environment = environment
    this.#hooks = hooks
    this.#state = newPairing(kept.trust, deps)
  }

  get state(): Pairing {
    return this.#state
  }

  /** An input nobody waits for. */
  post(input: PairingInput): void {
    this.#run(() => input).catch(this.#hooks.onError)
  }
  /** An input made from the state of its turn. @throws what the machine and the store do; nothing has changed then. */
  async decide(make: (state: Pairing) => PairingInput): Promise<void> {
    await this.#run(make)
  }
  /** @throws ERR_NOT_SECURE, ERR_MESSAGE_TOO_LARGE, ERR_CLOSED */
  async send(body: string | Uint8Array): Promise<Sealed> {
    const effects = await this.#run(() => ({ type: "send", body }))
    const sealed = effects.find((effect) => effect.type === "sealed")
    if (sealed === undefined) throw new SecureChatError("ERR_INTERNAL", "nothing was sealed")
    return sealed
  }

  /** Takes nothing more; resolves when what was begun has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTimer()
    await this.#queue.idle()
  }

  #run(make: (state: Pairing) => PairingInput): Promise<readonly PairingEffect[]> {
    return this.#queue.run(() => this.#step(make))
  }

  async #step(make: (state: Pairing) => PairingInput): Promise<readonly PairingEffect[]> {
    this.#checkRunning()
    const before = this.#state
    const input = make(before)
    if (input.type === "send") this.#refuseRed(before)
    const [next, effects] = pair(before, input, this.env)
    // The same moment may have turned it red: then nothing was sealed.
    if (input.type === "send") this.#refuseRed(next)
    if (next.trust !== undefined && next.trust !== before.trust) await this.#keep(next.trust)
    this.#checkRunning()
    this.#state = next
    this.#arm()
    this.#hooks.onEffects(effects, next)
    return effects
  }

  /** Where the store fails, the step did not happen, and is tried again with the next one. */
  async #keep(trust: Trust): Promise<void> {
    try {
      await keepTrust(this.#settings, trust)
    } catch (error) {
      if (!this.#stopped) this.#tickAfter(HELLO_BACKOFF_MIN_MS)
      throw error
    }
  }
  #checkRunning(): void {
    if (this.#stopped) throw new SecureChatError("ERR_CLOSED", "the channel was closed")
  }
  #refuseRed(state: Pairing): void {
    const { only } = this.#settings
    refuseRed(lightOf({ state, only, running: true }, undefined, this.#environment.deps.nowMs()))
  }

  #arm(): void {
    this.#cancelTimer()
    const atMs = nextAtMs(this.#state, this.env)
    if (atMs !== undefined) this.#tickAfter(Math.max(0, atMs - this.#environment.elapsedMs()))
  }
  #tickAfter(waitMs: number): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#environment.timers.after(waitMs, () => {
      this.post({ type: "tick" })
    })
  }
}
