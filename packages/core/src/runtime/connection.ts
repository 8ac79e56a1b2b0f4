/**
 * The one reconnect brain: one attempt after another over a transport that knows nothing of retry. What
 * makes a link usable (sign-in, reading what waited) comes in as functions, so that both doors share it.
 * It never gives up on a network, only where the far end said that trying again is pointless.
 *
 *   idle ─start─► connecting ─usable─► online ─lost─► reconnecting ─usable─► online
 *                  │  ▲                                │  ▲
 *                failed, waits as `offline`          failed, waits as `reconnecting`
 *   refused for good ─► offline, without `retryAt`          close (any state) ─► closed ─start─► connecting
 */
import { SecureChatError } from "../errors.ts"
import { CONNECT_TIMEOUT_MS, LOST_AFTER_MS, RETRY_MAX_MS, RETRY_MIN_MS, RETRY_RESET_MS } from "../limits.ts"
import { backoffMs } from "./backoff.ts"
import { type Ending, Link, type LinkHandlers, type LinkOptions } from "./link.ts"
import { onAbort, sleep } from "./timers.ts"
import type { ConnectionChange, ConnectionState, RetryOptions, Unsubscribe } from "./types.ts"

export interface ConnectionOptions extends LinkOptions {
  readonly handlers: LinkHandlers & {
    /** Makes a fresh link usable, e.g. signs in; bounded by the connect timeout. Rejecting ends the attempt. */
    login?(link: Link, signal: AbortSignal): Promise<void>
    /** After `login`, not bounded: reads what waited. `online` only when it resolves. */
    resume?(link: Link, signal: AbortSignal): Promise<void>
    /** The link has ended. */
    onEnd?(link: Link): void
    /** The last word before a deliberate close. */
    leave?(link: Link): Promise<void>
  }
  readonly nowMs: () => number
  /** Uniform in [0, 1). */
  readonly jitter: () => number
  readonly retry?: RetryOptions | undefined
  readonly onChange: (change: ConnectionChange) => void
  /** Once per outage, after `lostAfterMs`. */
  readonly onLost: (since: Date) => void
  /** Moments worth a try at once. */
  readonly onWake: (work: () => void) => Unsubscribe
}

/** Trying again cannot help, whatever the transport says. */
const FINAL = [
  "ERR_AUTH_REQUIRED",
  "ERR_AUTH_REJECTED",
  "ERR_HANDLE_TAKEN",
  "ERR_VERSION_UNSUPPORTED",
  "ERR_DEVICE_REVOKED",
  "ERR_CONFIG_INVALID",
  // Of a record without which one cannot sign in or take a delivery: it is as damaged the next time.
  "ERR_STORE_CORRUPT",
] as const

interface Run {
  readonly controller: AbortController
  done: Promise<void>
  link: Link | undefined
}

export class Connection {
  readonly #options: ConnectionOptions
  #state: ConnectionState = "idle"
  #run: Run | undefined
  #ended: Promise<void> = Promise.resolve()
  /** Cuts the wait between attempts short: after a refusal only an explicit `start` may. */
  #hurry: () => void = () => undefined
  #again: () => void = () => undefined
  #lost: { readonly since: Date; readonly cancel: () => void } | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  get state(): ConnectionState {
    return this.#state
  }
  /** The link in use; undefined unless `online`. */
  get link(): Link | undefined {
    return this.#state === "online" ? this.#run?.link : undefined
  }

  /** Begins to connect, unless it does already. A previous run ends first. */
  start(): void {
    if (this.#run !== undefined) {
      this.#again()
      return
    }
    const run: Run = { controller: new AbortController(), done: Promise.resolve(), link: undefined }
    this.#run = run
    const before = this.#ended
    run.done = before.then(() => this.#loop(run))
    this.#ended = run.done
  }

  /** Says goodbye, ends everything and leaves no timer. Idempotent; never rejects. */
  async close(): Promise<void> {
    const run = this.#run
    this.#run = undefined
    if (run === undefined) {
      await this.#ended
      return
    }
    const { link } = run
    if (link !== undefined) await this.#options.handlers.leave?.(link).catch(() => undefined)
    run.controller.abort(new SecureChatError("ERR_CLOSED", "closed"))
    await run.done
    this.#change("closed", 0)
  }

  async #loop(run: Run): Promise<void> {
    if (stopped(run)) return
    const offWake = this.#options.onWake(() => {
      this.#hurry()
    })
    let attempt = 0
    let wasOnline = false
    this.#outage()
    while (!stopped(run)) {
      attempt += 1
      this.#change(wasOnline ? "reconnecting" : "connecting", attempt)
      const ending = await this.#attempt(run)
      if (ending.onlineMs !== undefined) wasOnline = true
      if (ending.onlineMs !== undefined && ending.onlineMs >= RETRY_RESET_MS) attempt = 0
      if (stopped(run)) break
      this.#outage()
      await this.#pause(run, ending, { attempt, wasOnline })
    }
    offWake()
    this.#settle()
  }

  /** Waits as long as the ending asks for: not at all, a while, or until close. */
  async #pause(run: Run, ending: Ending, so: { attempt: number; wasOnline: boolean }): Promise<void> {
    const { timers, nowMs } = this.#options
    const wake = new AbortController()
    const release = onAbort(run.controller.signal, () => {
      wake.abort()
    })
    const { error } = ending
    const why = error === undefined ? {} : { error }
    this.#again = () => {
      wake.abort()
    }
    if (isFinal(ending)) {
      this.#change("offline", so.attempt, why)
      await new Promise<void>((resolve) => {
        onAbort(wake.signal, resolve)
      })
    } else {
      this.#hurry = this.#again
      const waitMs = this.#waitMs(ending, so.attempt)
      const retryAt = new Date(nowMs() + waitMs)
      this.#change(so.wasOnline ? "reconnecting" : "offline", so.attempt, { retryAt, ...why })
      await sleep(timers, waitMs, wake.signal)
    }
    this.#hurry = this.#again = () => undefined
    release()
  }

  #waitMs(ending: Ending, attempt: number): number {
    const { jitter, retry } = this.#options
    if (ending.retry === "now" && attempt <= 1) return 0
    const range = { minMs: retry?.minMs ?? RETRY_MIN_MS, maxMs: retry?.maxMs ?? RETRY_MAX_MS }
    // The slow lane: who is limited waits at least as long as the far end says.
    return Math.max(backoffMs(Math.max(1, attempt), jitter(), range), ending.error?.retryAfterMs ?? 0)
  }

  async #attempt(run: Run): Promise<Ending> {
    const { handlers, timers, nowMs } = this.#options
    const link = new Link(this.#options)
    const releaseClose = onAbort(run.controller.signal, () => {
      link.end({ retry: "never", error: undefined })
    })
    const cancelDeadline = timers.after(CONNECT_TIMEOUT_MS, () => {
      link.fail(new SecureChatError("ERR_TIMEOUT", "connecting took too long"))
    })
    let onlineSince: number | undefined
    const ready = async (): Promise<void> => {
      await link.connect()
      await handlers.login?.(link, link.signal)
      cancelDeadline()
      link.watch()
      await handlers.resume?.(link, link.signal)
      if (link.signal.aborted) return
      run.link = link
      onlineSince = nowMs()
      this.#settle()
      this.#change("online", 0)
    }
    ready().catch((error: unknown) => {
      link.fail(error)
    })
    const ending = await link.ended
    cancelDeadline()
    releaseClose()
    run.link = undefined
    handlers.onEnd?.(link)
    return { ...ending, onlineMs: onlineSince === undefined ? undefined : nowMs() - onlineSince }
  }

  #change(state: ConnectionState, attempt: number, more: Partial<ConnectionChange> = {}): void {
    const previous = this.#state
    this.#state = state
    if (state === previous && more.retryAt === undefined && more.error === undefined && attempt === 0) return
    this.#options.onChange(Object.freeze({ state, previous, attempt, ...more }))
  }

  /** An outage begins, unless one is on. */
  #outage(): void {
    if (this.#lost !== undefined) return
    const since = new Date(this.#options.nowMs())
    const cancel = this.#options.timers.after(this.#options.retry?.lostAfterMs ?? LOST_AFTER_MS, () => {
      this.#options.onLost(since)
    })
    this.#lost = { since, cancel }
  }

  #settle(): void {
    this.#lost?.cancel()
    this.#lost = undefined
  }
}

const stopped = (run: Run): boolean => run.controller.signal.aborted

const isFinal = (ending: Ending): boolean =>
  ending.retry === "never" || (ending.error !== undefined && SecureChatError.is(ending.error, ...FINAL))
