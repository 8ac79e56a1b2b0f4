/**
 * One person at one pane: a client of their own, with their own identity, store and connection. A
 * seat outlives its client: a new identity is a new client in the same seat.
 */
import { memoryStore, SecureChat, SecureChatError } from "@securechat/core"
import { cuttable, type Cuttable } from "./faults.ts"
import { greetAnew, type Greet } from "./greet.ts"
import { meet } from "./meet.ts"
import type { Announcer } from "./model/announcer.ts"
import { bridge, INSPECTED } from "./model/bridge.ts"
import { forgetIdentity, type PersonModel } from "./model/person.ts"
import type { Wire } from "./model/wire.ts"
import { errorSentence } from "./sentences.ts"
import { toRelay } from "./way.ts"

/** Short, because the relay of a demo is near and people are watching. */
const LONGEST_RETRY_MS = 4_000

interface Client {
  readonly chat: SecureChat
  readonly network: Cuttable
  readonly stop: AbortController
  readonly unbridge: () => void
  /** What is still to be said on meeting the peer. */
  greet: Greet | undefined
}

export interface Shared {
  readonly announcer: Announcer
  readonly wire: Wire
  /** What this person says first. */
  readonly greet: Greet
}

export class Seat {
  readonly model: PersonModel
  readonly #shared: Shared
  #client: Client | undefined

  constructor(model: PersonModel, shared: Shared) {
    this.model = model
    this.#shared = shared
  }

  /** Makes an identity, signs in and meets the peer. What goes wrong is shown in the pane. */
  async start(greet: Greet = this.#shared.greet): Promise<void> {
    const { model } = this
    const network = cuttable(toRelay())
    network.cut(model.cut.value)
    const chat = new SecureChat({
      user: model.me.handle,
      transport: network.transport,
      store: memoryStore(),
      inspect: INSPECTED,
      retry: { maxMs: LONGEST_RETRY_MS },
    })
    const unbridge = bridge(chat, { model, ...this.#shared })
    this.#client = { chat, network, unbridge, greet, stop: new AbortController() }
    await this.meet()
  }

  /** Signs in and looks for the peer, until found or told to stop. Safe to call again. */
  async meet(): Promise<void> {
    const client = this.#client
    if (client === undefined) return
    const { signal } = client.stop
    try {
      await client.chat.start({ signal })
      await client.chat.whenOnline({ signal })
      const conversation = await meet(client.chat, this.model.peer.handle, signal)
      const { greet } = client
      client.greet = undefined
      await greet?.(conversation, this.model.peer, signal)
    } catch (error) {
      if (signal.aborted) return
      if (!SecureChatError.is(error)) throw error
      this.model.notice.value = errorSentence(error)
    }
  }

  cut(on: boolean): void {
    this.model.cut.value = on
    this.#client?.network.cut(on)
  }

  /** Ends the connection; the next one goes the way that is chosen by then. */
  reconnect(): void {
    this.#client?.network.cut(true)
    this.#client?.network.cut(this.model.cut.value)
  }

  /** Says goodbye to the relay, which frees the handle. */
  async stop(): Promise<void> {
    const client = this.#client
    if (client === undefined) return
    this.#client = undefined
    client.stop.abort()
    client.unbridge()
    await client.chat.close()
  }

  /** Same handle, new keys: what a lost phone looks like from the other side. */
  async renew(): Promise<void> {
    await this.stop()
    forgetIdentity(this.model)
    await this.start(greetAnew)
  }
}
