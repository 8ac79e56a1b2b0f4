/**
 * One step of the transition: the state as it becomes, and the effects in order. Mutable inside one
 * call of `transition` and nowhere else; what goes in is never touched, since every table is a value.
 */
import { type Frame, RELAY_CODE, closeCodeOf, relayCodeName } from "@securechat/core/wire"
import type { BucketName, Limits } from "../limit/limits.ts"
import { take } from "../limit/bucket.ts"
import type { Effect, LogFields } from "./effect.ts"
import type { News } from "./neighbours.ts"
import type { Question, Spending } from "./question.ts"
import type { Connection, Ready, RelayState } from "./state.ts"
import { get, set } from "./table.ts"

/** What the transition needs besides state and input. */
export interface RelayContext {
  readonly nowMs: () => number
  /** `length` fresh random bytes. */
  readonly random: (length: number) => Uint8Array<ArrayBuffer>
  readonly limits: Limits
  /** An app decides about logins. */
  readonly hook: boolean
  /** Handles are kept when their holder leaves. False on a relay with memory mailboxes. */
  readonly keepsHandles: boolean
  /** Other relays serve the same mailboxes. */
  readonly shared?: boolean | undefined
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class Turn {
  readonly context: RelayContext
  readonly effects: Effect[] = []
  #state: RelayState
  /** The state is a copy of this turn's own. */
  #isOwn = false
  #nowMs: number | undefined

  constructor(state: RelayState, context: RelayContext) {
    this.#state = state
    this.context = context
  }

  get state(): RelayState {
    return this.#state
  }
  /** The same moment for all of a turn. */
  get nowMs(): number {
    return (this.#nowMs ??= this.context.nowMs())
  }

  get limits(): Limits {
    return this.context.limits
  }

  connection(id: string): Connection | undefined {
    return get(this.state.connections, id)
  }
  put(connection: Connection): void {
    const draft = this.#draft()
    draft.connections = set(draft.connections, connection.id, connection)
  }
  update(change: Partial<RelayState>): void {
    Object.assign(this.#draft(), change)
  }
  #draft(): Mutable<RelayState> {
    if (!this.#isOwn) {
      this.#state = { ...this.#state }
      this.#isOwn = true
    }
    return this.#state
  }

  do(effect: Effect): void {
    this.effects.push(effect)
  }
  send(id: string, frame: Frame): void {
    this.effects.push({ type: "send", id, frame })
  }
  nack(id: string, request: number, code: number, retryAfterMs = 0): void {
    this.count("nacks", { code: relayCodeName(code) ?? "other" })
    this.send(id, { type: "nack", request, code, retryAfterMs })
  }
  /** The last frame, and the end of the connection; its tables are `routes.ts`'s concern. */
  hangUp(id: string, code: number): void {
    this.count("byes", { code: relayCodeName(code) ?? "leaving" })
    this.send(id, { type: "bye", request: 0, code })
    this.do({ type: "close", id, code: closeCodeOf(code) })
  }

  /** Says it to the relay that the device is connected to, where there are others. */
  tell(news: News): void {
    if (this.context.shared === true) this.do({ type: "tell", news })
  }
  /** Asks the directory. */
  ask(id: string, question: Question, spend: readonly Spending[] = []): void {
    this.do({ type: "ask", id, question, spend })
  }

  count(name: string, labels?: Readonly<Record<string, string>>): void {
    this.effects.push(labels === undefined ? { type: "count", name } : { type: "count", name, labels })
  }
  log(level: "debug" | "info" | "warn", event: string, fields: LogFields): void {
    this.effects.push({ type: "log", level, event, fields })
  }

  /** Takes `cost` from a bucket; 0, or how long to wait. */
  spend(bucket: BucketName, owner: string, cost = 1): number {
    const key = `${bucket}:${owner}`
    const taken = take(get(this.#state.buckets, key), this.limits.buckets[bucket], this.nowMs, cost)
    if (!taken.ok) return taken.retryAfterMs
    const draft = this.#draft()
    draft.buckets = set(draft.buckets, key, taken.bucket)
    return 0
  }
  /** From all of these or from none. */
  spendAll(spendings: readonly Spending[]): number {
    const before = this.#state.buckets
    const waitMs = Math.max(...spendings.map(({ bucket, owner, cost }) => this.spend(bucket, owner, cost)))
    if (waitMs > 0) this.update({ buckets: before })
    return waitMs
  }
  /** `spend` for a request, answered `limited` where the bucket is empty. */
  affords(connection: Ready, request: number, name: BucketName, owner: string): boolean {
    const waitMs = this.spend(name, owner)
    if (waitMs > 0) this.nack(connection.id, request, RELAY_CODE.limited, waitMs)
    return waitMs === 0
  }
}

/** A connection that is logged in, and the request it makes. */
export interface Asked<F> {
  readonly turn: Turn
  readonly connection: Ready
  readonly frame: F
}
