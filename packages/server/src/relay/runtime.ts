/**
 * The shell around the transition: one queue of inputs, sockets, timers, mailbox and hook. Nothing here
 * decides; what an effect names is done, and what comes of it is the next input. relay.md, beginning
 */
import { SecureChatError } from "@securechat/core/errors"
import type {
  ConnectionOrigin,
  ListenerContext,
  Logger,
  TransportConnection,
} from "@securechat/core/transport"
import { type AdmitPolicy, refusalBefore } from "../auth/admit.ts"
import type { RelayAuth, RelayIdentity } from "../auth/authorize.ts"
import { askHook } from "../auth/perform.ts"
import type { Directory } from "../directory/directory.ts"
import { type DirectoryContext, performDirectory } from "../directory/perform.ts"
import type { MailCounts, Mailbox } from "../mailbox/mailbox.ts"
import { type MailContext, performMail } from "../mailbox/perform.ts"
import type { Observer } from "../observe/observer.ts"
import type { RelayDeps } from "./deps.ts"
import type { Effect } from "./effect.ts"
import { encodeFrame } from "./frames.ts"
import type { Input } from "./input.ts"
import type { Neighbours } from "./neighbours.ts"
import { makeRounds } from "./rounds.ts"
import { type RelayState, emptyRelay, letGoOf } from "./state.ts"
import { get, values } from "./table.ts"
import { transition } from "./transition.ts"
import type { RelayContext } from "./turn.ts"

/** A socket, and what has to be undone when it is gone. */
interface Socket {
  readonly connection: TransportConnection
  readonly cancelAlarms: Map<string, () => void>
  unwatch: () => void
}

export interface RuntimeOptions {
  readonly deps: RelayDeps
  readonly context: RelayContext
  readonly mailbox: Mailbox
  readonly directory: Directory
  /** Other relays on the same mailboxes; undefined: there can be none. */
  readonly neighbours?: Neighbours | undefined
  readonly auth: RelayAuth | undefined
  readonly policy: AdmitPolicy
  readonly observer: Observer
  /** For listeners. */
  readonly log: Logger
}

const TICK_MS = 1_000
const SWEEP_EVERY = 60
const nothing = (): void => undefined

export class RelayRuntime {
  readonly #options: RuntimeOptions
  /** What the performers of effects work with. */
  readonly #context: DirectoryContext & MailContext
  readonly #transitionContext: RelayContext
  readonly #sockets = new Map<string, Socket>()
  readonly #inputs: Input[] = []
  #state: RelayState
  #running = false
  /** The moment of the inputs at work; read once for all of them. */
  #nowMs: number | undefined
  #mail: MailCounts = { mailboxes: 0, messages: 0 }
  #nextId = 1
  #ticks = 0
  #cancelTick: () => void = nothing
  #onEmpty: () => void = nothing

  constructor(options: RuntimeOptions) {
    this.#options = options
    this.#context = {
      mailbox: options.mailbox,
      room: (id) => this.#room(id),
      directory: options.directory,
      neighbours: options.neighbours,
      observer: options.observer,
      nowMs: this.#clock,
      dispatch: (input) => {
        this.dispatch(input)
      },
    }
    this.#transitionContext = { ...options.context, nowMs: this.#clock }
    options.neighbours?.listen((news) => {
      this.dispatch({ type: "heard", news })
    })
    this.#state = emptyRelay()
  }

  get state(): RelayState {
    return this.#state
  }

  /** Devices that are logged in. */
  get online(): number {
    return this.#state.routes.size
  }

  start(): void {
    this.#cancelTick = this.#options.deps.timers.after(TICK_MS, () => {
      this.start()
      this.#tick()
    })
  }
  stop(): void {
    this.#cancelTick()
  }

  /** What a listener of this name needs. */
  listenerContext(transport: string): ListenerContext {
    return {
      log: this.#options.log,
      admit: (from) => this.#admit(from),
      onConnection: (connection, from) => this.#accept(connection, from, transport),
    }
  }

  /** Everybody leaves within `drainMs`; resolves when the last socket is gone. */
  async drain(drainMs: number): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
    this.dispatch({ type: "drain", drainMs })
    const cancel = this.#options.deps.timers.after(drainMs, () => {
      this.#onEmpty()
    })
    if (this.#sockets.size > 0) await empty
    cancel()
    await Promise.all([...this.#sockets.values()].map(({ connection }) => connection.close({ code: 4011 })))
  }

  /** Inputs that come while one is at work wait their turn: no transition inside a transition. */
  dispatch(input: Input): void {
    this.#inputs.push(input)
    if (this.#running) return
    this.#running = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) this.#step(next)
    } finally {
      this.#running = false
      this.#nowMs = undefined
    }
  }

  readonly #clock = (): number =>
    this.#running ? (this.#nowMs ??= this.#options.deps.nowMs()) : this.#options.deps.nowMs()

  #step(input: Input): void {
    const before = this.#state
    const [state, effects] = transition(before, input, this.#transitionContext)
    this.#state = state
    letGoOf(before, state)
    for (const effect of effects) this.#perform(effect)
  }

  #tick(): void {
    this.#ticks += 1
    this.dispatch({ type: "tick" })
    if (this.#ticks % SWEEP_EVERY === 0) this.dispatch({ type: "sweep" })
    makeRounds(this.#context, this.#state, this.#ticks)
    for (const connection of values(this.#state.connections)) this.#unblock(connection.id)
    this.#options.observer.gauges(this.#state, this.mailCounts(), this.#bufferedBytes())
  }

  /** What the mailboxes hold; of a driver that has to ask, as it was when it was last asked. */
  mailCounts(): MailCounts {
    const counts = this.#options.mailbox.counts()
    if (!(counts instanceof Promise)) this.#mail = counts
    else
      counts.then(
        (mail) => {
          this.#mail = mail
        },
        (error: unknown) => {
          this.#options.observer.mailboxFailed(error)
        },
      )
    return this.#mail
  }

  #bufferedBytes(): number {
    let bytes = 0
    for (const { connection } of this.#sockets.values()) bytes += connection.bufferedBytes
    return bytes
  }

  #admit(from: ConnectionOrigin): boolean {
    const { policy, context, observer } = this.#options
    const refusal = refusalBefore(this.#state, from, policy, context.limits)
    if (refusal !== undefined) observer.refused(refusal, from)
    return refusal === undefined
  }

  #accept(
    connection: TransportConnection,
    from: ConnectionOrigin,
    transport: string,
  ): ReturnType<ListenerContext["onConnection"]> {
    const id = `c${this.#nextId++}`
    this.#sockets.set(id, { connection, cancelAlarms: new Map(), unwatch: nothing })
    const origin = this.#options.policy.originOf(from.host) ?? ""
    const page = from.origin === undefined ? {} : { page: from.origin }
    this.dispatch({ type: "opened", id, address: from.address, origin, transport, ...page })
    return {
      onFrame: (bytes) => {
        this.dispatch({ type: "frame", id, bytes })
      },
      onDrain: () => {
        this.#unblock(id)
      },
      onClose: () => {
        this.#forget(id)
        this.dispatch({ type: "closed", id })
      },
    }
  }

  #forget(id: string): void {
    const socket = this.#sockets.get(id)
    if (socket === undefined) return
    this.#sockets.delete(id)
    this.#release(socket)
    if (this.#sockets.size === 0) this.#onEmpty()
  }

  #release(socket: Socket): void {
    socket.unwatch()
    socket.unwatch = nothing
    for (const cancel of socket.cancelAlarms.values()) cancel()
    socket.cancelAlarms.clear()
  }

  #perform(effect: Effect): void {
    const { observer } = this.#options
    switch (effect.type) {
      case "send":
        // Mail is never sent beyond the room; a lost signal is nobody's loss.
        this.#pass(effect.id, encodeFrame(effect.frame), effect.frame.type === "signalled")
        return
      case "pass":
        this.#pass(effect.id, effect.bytes)
        return
      case "close":
        this.#close(effect)
        return
      case "alarm":
        this.#alarm(effect)
        return
      case "disarm":
        this.#sockets.get(effect.id)?.cancelAlarms.get("late")?.()
        return
      case "authorize":
        void this.#authorize(effect.id, effect.who)
        return
      case "count":
        observer.count(effect.name, effect.labels)
        return
      case "observe":
        observer.observe(effect.name, effect.value)
        return
      case "log":
        observer.log(effect)
        return
      case "watch":
        this.#watch(effect)
        return
      case "ask":
      case "told":
      case "freeHandles":
      case "seen":
      case "forget":
      case "left":
      case "tell":
        performDirectory(effect, this.#context)
        return
      default:
        performMail(effect, this.#context)
    }
  }

  #pass(id: string, bytes: Uint8Array, mayBeLost = false): void {
    const connection = this.#sockets.get(id)?.connection
    if (connection === undefined) return
    if (connection.post !== undefined) {
      if (!connection.post(bytes) && !mayBeLost) this.dispatch({ type: "overflowed", id })
      return
    }
    connection.send(bytes).then(
      () => {
        this.#unblock(id)
      },
      (error: unknown) => {
        // A closed socket says so by itself.
        const lost = SecureChatError.is(error, "ERR_QUEUE_FULL") && !mayBeLost
        if (lost) this.dispatch({ type: "overflowed", id })
      },
    )
  }

  #close({ id, code }: Extract<Effect, { type: "close" }>): void {
    const socket = this.#sockets.get(id)
    if (socket === undefined) return
    this.#release(socket)
    void socket.connection.close({ code })
  }

  #alarm({ id, what, afterMs }: Extract<Effect, { type: "alarm" }>): void {
    const socket = this.#sockets.get(id)
    if (socket === undefined) return
    const cancel = this.#options.deps.timers.after(afterMs, () => {
      this.dispatch({ type: what, id })
    })
    socket.cancelAlarms.set(what, cancel)
  }

  #watch({ id, device }: Extract<Effect, { type: "watch" }>): void {
    const socket = this.#sockets.get(id)
    if (socket === undefined) return
    socket.unwatch = this.#options.mailbox.watch(device, (fresh) => {
      this.dispatch({ type: "mail", id, fresh, room: this.#room(id) })
    })
  }

  /** Bytes this connection's socket still takes. */
  #room(id: string): number {
    const buffered = this.#sockets.get(id)?.connection.bufferedBytes ?? 0
    return this.#options.context.limits.outgoingBytes - buffered
  }

  /** Half of the buffer free again: not at every byte, or each would cost a read. */
  #unblock(id: string): void {
    const connection = get(this.#state.connections, id)
    if (connection?.phase !== "ready" || connection.delivery.blockedSinceMs === undefined) return
    if (this.#room(id) >= this.#options.context.limits.outgoingBytes / 2)
      this.dispatch({ type: "drained", id })
  }

  async #authorize(id: string, who: RelayIdentity): Promise<void> {
    const { auth, deps, context, observer } = this.#options
    const decision = await askHook(who, { auth, deps, hookMs: context.limits.hookMs, observer })
    this.dispatch({ type: "decided", id, decision })
  }
}
