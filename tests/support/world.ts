/**
 * People with real clients on a real relay, every frame of theirs passing an `EvilRelay`. Time is the test's: what
 * the library waits for briefly (jitter, a first retry) happens in the next turn, everything longer only when the
 * clock is advanced.
 */
import { randomBytes } from "node:crypto"
import {
  type ChatOptions,
  type Conversation,
  type GapEvent,
  type Message,
  type ReceiptEvent,
  type ReplayEvent,
  SecureChat,
  type SecureChatError,
  type SecurityChange,
  type Store,
  type StorePath,
  type Transport,
  type TypingEvent,
  type Unreadable,
  memoryStore,
} from "@securechat/core"
import { silentLogger } from "@securechat/core/transport"
import { type Relay, type RelayOptions, createRelay } from "@securechat/server"
import { type ManualClock, manualClock } from "@securechat/testkit"
import { place } from "../relay/support/place.ts"
import { EvilRelay } from "./evil-relay.ts"
import { way } from "./transports.ts"

const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length))

/** Waits up to this long are over in the next turn of the event loop. */
const BRIEF_MS = 3_000

/** Brief waits take one turn, longer ones the manual clock. */
const briefly = (clock: ManualClock): ManualClock["timers"] => ({
  after: (ms, work) => {
    if (ms > BRIEF_MS) return clock.timers.after(ms, work)
    const turn = setImmediate(work)
    return () => {
      clearImmediate(turn)
    }
  },
})

interface Written {
  readonly path: StorePath
  readonly value: Uint8Array
}
/** A memory store that remembers every value that was ever put into it. */
export interface RecordingStore extends Store {
  readonly written: readonly Written[]
}
const recordingStore = (): RecordingStore => {
  const inner = memoryStore()
  const written: Written[] = []
  return {
    durable: inner.durable,
    written,
    get: (key) => inner.get(key),
    list: (prefix, options) => inner.list(prefix, options),
    batch: async (ops) => {
      await inner.batch(ops)
      for (const op of ops) if (op.type === "set") written.push({ path: op.key, value: op.value.slice() })
    },
  }
}

/** One person, through restarts of the client. */
export class Person {
  readonly name: string
  readonly store: RecordingStore = recordingStore()
  /** What came out of the generator as keys and seeds are drawn, 32 and 64 bytes at once: nothing of it is public. */
  readonly drawn: Uint8Array[] = []
  readonly messages: Message[] = []
  readonly updates: Message[] = []
  readonly unreadable: Unreadable[] = []
  readonly errors: SecureChatError[] = []
  readonly changes: SecurityChange[] = []
  readonly receipts: ReceiptEvent[] = []
  readonly typing: TypingEvent[] = []
  readonly gaps: GapEvent[] = []
  readonly replays: ReplayEvent[] = []
  #chat: SecureChat
  readonly #make: (store: Store) => SecureChat
  #waiting: (() => void)[] = []

  constructor(name: string, make: (store: Store) => SecureChat) {
    this.name = name
    this.#make = make
    this.#chat = this.#listening(make(this.store))
  }

  get chat(): SecureChat {
    return this.#chat
  }
  get texts(): readonly (string | undefined)[] {
    return this.messages.map((message) => message.text)
  }

  async begin(): Promise<this> {
    await this.#chat.start()
    await this.#chat.whenOnline()
    return this
  }
  /** A new client on what the old one stored, which ended without a word. */
  async reborn(): Promise<this> {
    this.#chat = this.#listening(this.#make(this.store))
    return this.begin()
  }
  /** A new client on what the old one stored. */
  async restart(): Promise<this> {
    await this.#chat.close()
    this.#chat = this.#listening(this.#make(this.store))
    return this.begin()
  }

  /** Resolves when `check` holds; asked again after each event. */
  async until(check: () => boolean): Promise<void> {
    while (!check()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
  /** The message with this text, come or to come. */
  async hears(text: string): Promise<Message> {
    await this.until(() => this.texts.includes(text))
    return this.messages.find((message) => message.text === text)!
  }
  with(peer: Person | string): Promise<Conversation> {
    return this.#chat.direct(typeof peer === "string" ? peer : peer.name)
  }
  /** Sends, and waits until the recipient has it. */
  async says(to: Person, text: string): Promise<Message> {
    const sent = await (await this.with(to)).send(text)
    await to.hears(text)
    return sent
  }
  /** Everything in the store as it is now, e.g. to compare state before and after. */
  async stored(...prefix: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    for await (const [path, value] of this.store.list(prefix))
      found.set(path.join("/"), Buffer.from(value).toString("base64"))
    return found
  }

  #listening(chat: SecureChat): SecureChat {
    const keep = <T>(list: T[]) => {
      return (event: T): void => {
        list.push(event)
        this.#wake()
      }
    }
    chat.on("message", keep(this.messages))
    chat.on("message:updated", keep(this.updates))
    chat.on("message:unreadable", keep(this.unreadable))
    chat.on("error", keep(this.errors))
    chat.on("security", keep(this.changes))
    chat.on("receipt", keep(this.receipts))
    chat.on("typing", keep(this.typing))
    chat.on("gap", keep(this.gaps))
    chat.on("replay", keep(this.replays))
    for (const type of ["connection", "outbox", "conversation"] as const)
      chat.on(type, () => {
        this.#wake()
      })
    return chat
  }
  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}

export interface WorldOptions {
  readonly relay?: RelayOptions
  /** How clients reach the relay; default the file's way. */
  readonly dial?: (url: string) => Transport
}

export interface World {
  readonly relay: Relay
  readonly url: string
  readonly clock: ManualClock
  readonly evil: EvilRelay
  /** Not begun yet. `options` are read for each client of the person. */
  newcomer(name: string, options?: Partial<ChatOptions>): Person
  /** Online, with `name` as handle unless `options.user` says otherwise. */
  person(name: string, options?: Partial<ChatOptions>): Promise<Person>
  /** Two people who have written to each other once each way. */
  pair(): Promise<readonly [alice: Person, bob: Person]>
  close(): Promise<void>
}

/** No test but those about buckets should meet one. */
const ROOMY = { size: 1_000_000, perSecond: 1_000 }
const buckets = {
  ...{ login: ROOMY, deviceLogin: ROOMY, submit: ROOMY, deviceSubmit: ROOMY, signal: ROOMY, lookup: ROOMY },
  ...{ claim: ROOMY, claimTarget: ROOMY, publish: ROOMY, handle: ROOMY },
}

export const createWorld = async ({ relay: given, dial = way().dial }: WorldOptions = {}): Promise<World> => {
  const clock = manualClock()
  const deps = { random, nowMs: clock.nowMs }
  const relay = createRelay(
    {
      ...{ port: 0, logger: silentLogger, mailbox: place() },
      limits: { connectionsPerAddress: 0, buckets },
      ...given,
    },
    { ...deps, timers: clock.timers },
  )
  const { url } = await relay.listen()
  const evil = new EvilRelay()
  const people: Person[] = []
  const newcomer: World["newcomer"] = (name, options = {}) => {
    const transport = evil.transport(name, dial(url))
    const one: Person = new Person(name, (store) => {
      const draw = (length: number): Uint8Array<ArrayBuffer> => {
        const bytes = random(length)
        if (length === 32 || length === 64) one.drawn.push(bytes.slice())
        return bytes
      }
      const environment = { deps: { ...deps, random: draw }, timers: briefly(clock) }
      return new SecureChat({ user: name, transport, store, ...options }, environment)
    })
    people.push(one)
    return one
  }
  const person: World["person"] = (name, options) => newcomer(name, options).begin()
  return {
    ...{ relay, url, clock, evil, newcomer, person },
    pair: async () => {
      const [alice, bob] = await Promise.all([person("alice"), person("bob")])
      await alice.says(bob, "first of alice")
      await bob.says(alice, "first of bob")
      return [alice, bob]
    },
    close: async () => {
      await Promise.all(people.map((one) => one.chat.close()))
      await relay.close({ drainMs: 0 })
    },
  }
}
