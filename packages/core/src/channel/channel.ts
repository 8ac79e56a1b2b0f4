/**
 * SecureChannel, the first door: a pipe between two parties, wrapped. A thin public face on `Run`; here are its
 * life (start, close, start again), its events and what a person decides.
 */
import { SecureChatError } from "../errors.ts"
import { Emitter } from "../runtime/emitter.ts"
import { StoreHold } from "../runtime/hold.ts"
import { type Deferred, aborted, deferred, onAbort, throwIfAborted } from "../runtime/timers.ts"
import type {
  AbortOptions,
  ConnectionState,
  IterateOptions,
  ListenOptions,
  Observable,
  SafetyNumber,
  Unsubscribe,
  Verifiable,
} from "../runtime/types.ts"
import type { SecurityStatus } from "../session/reasons.ts"
import { traceOf } from "../transport/guard.ts"
import type { AccountId, MessageId } from "../wire/address.ts"
import * as decisions from "./decisions.ts"
import { type ChannelEnvironment, platformEnvironment } from "./environment.ts"
import { bodyOf } from "./messages.ts"
import { type ChannelSettings, channelSettings } from "./options.ts"
import { pinnedAccount } from "./pairing-state.ts"
import { Run, type RunHost } from "./run.ts"
import type { ChannelEvents, ChannelMessage, ChannelOptions } from "./types.ts"
import { type Kept, forgetKeys, loadKept, sealed } from "./vault.ts"

/** A start under way, or done: both ends of what its callers wait for. */
interface Opening {
  readonly shared: Promise<SecureChannel>
  readonly safe: Deferred<undefined>
}

/**
 * An end-to-end encrypted channel over any pipe that carries bytes between two parties. Nothing happens before
 * `start` (or `open`).
 */
export class SecureChannel implements Verifiable, Observable<ChannelEvents>, AsyncIterable<ChannelMessage> {
  readonly #settings: ChannelSettings
  readonly #environment: ChannelEnvironment
  readonly #emitter: Emitter<ChannelEvents>
  readonly #hold: StoreHold
  /** With the store as it is used, while it is held. */
  #sealed: ChannelSettings | undefined
  #kept: Kept | undefined
  #run: Run | undefined
  /** Settles when the light leaves red for the first time, or the channel is closed before. */
  #opening: Opening | undefined
  #closing: Promise<void> = Promise.resolve()
  #status: SecurityStatus

  /** No I/O, no timer: safe in SSR and in render. @throws ERR_CONFIG_INVALID, ERR_STORE_KEY_REQUIRED */
  constructor(options: ChannelOptions, environment: ChannelEnvironment = platformEnvironment) {
    this.#settings = channelSettings(options)
    this.#environment = environment
    this.#status = noKeys(0)
    this.#hold = new StoreHold(this.#settings.store, false, (error) => {
      this.#emitter.emit("error", error)
      void this.#close("us", error)
    })
    this.#emitter = new Emitter({
      onThrow: (cause, type) => {
        this.#settings.log.error(`a listener of '${type}' threw`, traceOf(cause))
      },
      onDrop: (type) => {
        const dropped = new SecureChatError("ERR_LIMIT", `a slow reader of '${type}' lost events`)
        if (type !== "error") this.#emitter.emit("error", dropped)
      },
    })
  }

  /**
   * `new`, then `start`. A signal that fires before closes the channel again.
   * @throws as the constructor and `start`
   */
  static async open(options: ChannelOptions & AbortOptions): Promise<SecureChannel> {
    const channel = new SecureChannel(options)
    try {
      return await channel.start({ signal: options.signal })
    } catch (error) {
      await channel.close()
      throw error
    }
  }

  /** @throws ERR_STATE before the first start, where the identity is neither given nor known yet. */
  get accountId(): AccountId {
    const identity = this.#kept?.identity ?? this.#settings.identity
    if (identity !== undefined) return identity.accountId
    throw new SecureChatError("ERR_STATE", "the account is not known before the first start")
  }
  /** The account that is the peer, or was asked for; undefined: nobody yet. */
  get peerId(): AccountId | undefined {
    const { trust } = this.#run?.state ?? this.#kept ?? { trust: undefined }
    return pinnedAccount(trust) ?? this.#settings.only
  }
  get connection(): ConnectionState {
    return this.#run?.connection ?? (this.#kept === undefined ? "idle" : "closed")
  }
  get security(): SecurityStatus {
    return this.#run?.status ?? this.#status
  }

  /**
   * Resolves once the level has left red for the first time. While starting: the same promise.
   * @throws ERR_ABORTED; ERR_IDENTITY_MISMATCH when the signal fires and only other accounts than the one asked for
   *   have answered; ERR_CLOSED; ERR_TRANSPORT_CLOSED and ERR_TRANSPORT_UNREACHABLE when the pipe is gone for good;
   *   ERR_OTHER_TAB, ERR_STORE_UNAVAILABLE, ERR_STORE_CORRUPT
   */
  start(options: AbortOptions = {}): Promise<this> {
    const { signal } = options
    if (signal?.aborted === true) return Promise.reject(aborted(signal))
    this.#opening ??= this.#begin()
    return this.#untilAborted(this.#opening.shared, signal)
  }

  #begin(): Opening {
    const safe = deferred<undefined>()
    const shared = this.#closing
      .then(() => this.#boot(safe))
      .then(() => safe.promise)
      .then(() => this)
    const opening = { shared, safe }
    shared.catch(() => {
      if (this.#opening === opening && this.#run === undefined) this.#opening = undefined
    })
    return opening
  }

  async #boot(safe: Deferred<undefined>): Promise<void> {
    const [settings, kept] = await this.#load()
    if (this.#opening?.safe !== safe) throw closedError()
    const host: RunHost = {
      emit: (type, event) => {
        this.#emitter.emit(type, event)
      },
      safe: () => {
        safe.resolve(undefined)
      },
      gone: (left, error) => {
        void this.#close(left ? "peer" : "pipe", error)
      },
    }
    const parts = { settings, kept, environment: this.#environment, host }
    this.#run = new Run(parts, this.#status)
    this.#run.start()
  }

  /** Takes the store's lease and reads what it holds: since the last time, another tab may have written. */
  #load(): Promise<readonly [ChannelSettings, Kept]> {
    const { deps } = this.#environment
    return this.#hold.take(false, async (changed) => {
      if (changed && this.#settings.keepsPin) this.#kept = undefined
      const settings = await sealed(this.#settings, deps)
      this.#sealed = settings
      this.#kept ??= await loadKept(settings, deps)
      return [settings, this.#kept]
    })
  }

  /** A signal that fires says more than itself where only others have answered. */
  async #untilAborted(shared: Promise<unknown>, signal: AbortSignal | undefined): Promise<this> {
    const stop = deferred<never>()
    const release = onAbort(signal, () => {
      if (signal !== undefined) stop.reject(this.#mismatch() ?? aborted(signal))
    })
    try {
      await Promise.race([shared, stop.promise])
      return this
    } finally {
      release()
    }
  }
  #mismatch(): SecureChatError | undefined {
    const { only } = this.#settings
    const state = this.#run?.state
    const others = only !== undefined && state !== undefined && (state.ignored["third-party"] ?? 0) > 0
    if (!others || state.peers.length > 0 || state.parties.length > 0) return undefined
    return new SecureChatError(
      "ERR_IDENTITY_MISMATCH",
      "only other accounts than the one asked for answered",
      {
        hint: "Ask the other person for the account id again.",
        details: { asked: only },
      },
    )
  }

  /** Idempotent, awaits everything, leaves no timer and no socket; never rejects. */
  close(): Promise<void> {
    return this.#close("us", undefined)
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
  #close(by: ChannelEvents["close"]["by"], error: SecureChatError | undefined): Promise<void> {
    const opening = this.#opening
    if (opening === undefined) return this.#closing
    this.#opening = undefined
    opening.safe.reject(error ?? closedError())
    this.#closing = this.#end(opening.shared, { by, ...(error === undefined ? {} : { error }) })
    return this.#closing
  }
  async #end(shared: Promise<unknown>, event: ChannelEvents["close"]): Promise<void> {
    await shared.catch(() => undefined)
    const run = this.#run
    if (run !== undefined) {
      await run.stop()
      if (this.#kept !== undefined) this.#kept = { ...this.#kept, trust: run.state.trust }
      this.#run = undefined
      this.#darken(run.status)
    }
    await forgetKeys(this.#sealed)
    await this.#hold.release()
    this.#emitter.emit("close", Object.freeze(event))
    this.#emitter.endWaits()
  }

  /**
   * Resolves when the pipe has taken it; waits while the pipe is down.
   * @throws ERR_NOT_SECURE (while red; `details.reason`), ERR_MESSAGE_TOO_LARGE, ERR_CONFIG_INVALID (text that is not
   *   well-formed), ERR_FRAME_TOO_LARGE (the pipe's own limit), ERR_TRANSPORT_CLOSED (the pipe refused this frame),
   *   ERR_ABORTED, ERR_CLOSED
   */
  async send(data: Uint8Array | string, options: AbortOptions = {}): Promise<{ readonly id: MessageId }> {
    const { signal } = options
    throwIfAborted(signal)
    const run = this.#running()
    return run.send(bodyOf(data, this.#settings.maxMessageBytes), signal)
  }

  /** @throws ERR_NO_PREKEYS while no peer is known, ERR_ABORTED, ERR_CLOSED */
  async safetyNumber(options: AbortOptions = {}): Promise<SafetyNumber> {
    throwIfAborted(options.signal)
    const { identity, state } = this.#running()
    return Promise.resolve(decisions.numberOf(identity, state.trust))
  }
  /**
   * The number that was shown and found equal, or scanned QR bytes. False: the scan does not match (the level turns red).
   * @throws ERR_VERIFICATION_STALE, ERR_NO_PREKEYS, ERR_CLOSED
   */
  async verify(seen: SafetyNumber | Uint8Array): Promise<boolean> {
    const run = this.#running()
    const now = this.#environment.deps.nowMs()
    let matches = true
    await run.decide((trust) => {
      const verdict = decisions.verified(run.identity, trust, seen, now)
      matches = verdict.matches
      return verdict.trust
    })
    return matches
  }
  /** "They don't match." Red, `sas-mismatch`, until `reset()`. @throws ERR_VERIFICATION_STALE, ERR_NO_PREKEYS, ERR_CLOSED */
  async reject(seen: SafetyNumber): Promise<void> {
    const run = this.#running()
    await run.decide((trust) => decisions.rejected(run.identity, trust, seen))
  }
  /** Withdraws a verification: yellow. @throws ERR_NO_PREKEYS, ERR_CLOSED */
  async unverify(): Promise<void> {
    await this.#running().decide(decisions.withdrawn)
  }
  /** Take a changed identity without comparing. @throws ERR_VERIFICATION_STALE, ERR_IDENTITY_MISMATCH, ERR_NO_PREKEYS, ERR_CLOSED */
  async accept(identity: AccountId): Promise<void> {
    await this.#running().decide((trust) => decisions.accepted(trust, identity, this.#settings.only))
  }
  /** Forget the peer's session and start over; the pinned identity stays. @throws ERR_CLOSED */
  async reset(): Promise<void> {
    await this.#running().reset()
  }

  on<K extends keyof ChannelEvents>(
    type: K,
    listener: (event: ChannelEvents[K]) => void,
    options?: ListenOptions,
  ): Unsubscribe {
    return this.#emitter.on(type, listener, options)
  }
  once<K extends keyof ChannelEvents>(type: K, options?: AbortOptions): Promise<ChannelEvents[K]> {
    return this.#emitter.once(type, options)
  }
  events<K extends keyof ChannelEvents>(
    type: K,
    options?: IterateOptions,
  ): AsyncIterableIterator<ChannelEvents[K]> {
    return this.#emitter.events(type, options)
  }
  /** The messages from now on, until the channel is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ChannelMessage> {
    return this.#emitter.events("message")
  }

  #running(): Run {
    if (this.#run === undefined || this.#opening === undefined) throw closedError()
    return this.#run
  }
  /** Without a run there are no keys, whoever is pinned. */
  #darken(previous: SecurityStatus): void {
    this.#status = noKeys(this.#environment.deps.nowMs())
    this.#emitter.emit("security", Object.freeze({ status: this.#status, previous }))
  }
}

const closedError = (): SecureChatError =>
  new SecureChatError("ERR_CLOSED", "not open", { hint: "Call start() first." })

const noKeys = (sinceMs: number): SecurityStatus =>
  Object.freeze({ level: "red", reason: "no-session", action: "retry", since: new Date(sinceMs) })
