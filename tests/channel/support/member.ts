/** One person in a stranger's room, through reloads: a real channel, real time, and everything that happened. */
import {
  type AccountId,
  type ChannelMessage,
  type ChannelOptions,
  SecureChannel,
  type SecureChatError,
  type SecurityChange,
  type Store,
  type Transport,
  memoryStore,
} from "@securechat/core"
import { turn } from "@securechat/testkit"

type Environment = NonNullable<ConstructorParameters<typeof SecureChannel>[1]>
export type Time = Omit<Environment, "deps"> & { readonly nowMs: () => number }

const realTime: Time = {
  nowMs: Date.now,
  elapsedMs: () => performance.now(),
  timers: {
    after: (ms, work) => {
      const timer = setTimeout(work, ms)
      return () => {
        clearTimeout(timer)
      }
    },
  },
}

const sameBytes = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, i) => byte === other[i])

export class Member {
  readonly store: Store
  readonly messages: ChannelMessage[] = []
  readonly changes: SecurityChange[] = []
  readonly strangers: AccountId[] = []
  readonly errors: SecureChatError[] = []
  /** Messages that were told as missing. */
  missing = 0
  /** Every frame, as the pipe took it and as it gave it. */
  readonly sent: Uint8Array[] = []
  readonly heard: Uint8Array[] = []
  /** What came out of the generator as keys and seeds are drawn, 32 and 64 bytes at once. */
  readonly drawn: Uint8Array[] = []
  readonly #options: ChannelOptions
  readonly #time: Time
  #channel: SecureChannel
  #waiting: (() => void)[] = []

  constructor({ store = memoryStore(), ...options }: ChannelOptions, time = realTime) {
    this.store = store
    this.#options = { ...options, pipe: this.#tapped(options.pipe) }
    this.#time = time
    this.#channel = this.#made()
  }

  get channel(): SecureChannel {
    return this.#channel
  }
  get texts(): readonly (string | undefined)[] {
    return this.messages.map(({ text }) => text)
  }
  get level(): string {
    const { level, reason } = this.#channel.security
    return `${level}: ${reason}`
  }

  async open(): Promise<this> {
    await this.#channel.start()
    return this
  }
  /** The page again: nothing is left but what the store kept. */
  async reload(): Promise<this> {
    await this.#channel.close()
    this.#channel = this.#made()
    return this.open()
  }
  /** Resolves when `check` holds; asked again after each event. */
  async until(check: () => boolean): Promise<void> {
    while (!check()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
  /** Resolves when what `other` sent last has come here, and been read. */
  async hears(other: Member): Promise<void> {
    const last = other.sent.at(-1)
    await this.until(() => this.heard.some((frame) => last !== undefined && sameBytes(frame, last)))
    await turn()
  }
  async say(texts: readonly string[]): Promise<void> {
    await Promise.all(texts.map((text) => this.#channel.send(text)))
  }

  #made(): SecureChannel {
    const random = (length: number): Uint8Array<ArrayBuffer> => {
      const bytes = crypto.getRandomValues(new Uint8Array(length))
      if (length === 32 || length === 64) this.drawn.push(bytes.slice())
      return bytes
    }
    const { nowMs, ...time } = this.#time
    const channel = new SecureChannel(
      { ...this.#options, store: this.store },
      { ...time, deps: { random, nowMs } },
    )
    this.#listen(channel)
    return channel
  }
  #tapped(pipe: Transport): Transport {
    return {
      ...pipe,
      connect: async ({ signal, log, token, onClose, onFrame }) => {
        const hear = (frame: Uint8Array): void => {
          this.heard.push(frame)
          onFrame(frame)
          this.#wake()
        }
        const connection = await pipe.connect({ signal, log, token, onClose, onFrame: hear })
        return {
          get bufferedBytes() {
            return connection.bufferedBytes
          },
          send: (frame) => {
            this.sent.push(frame)
            return connection.send(frame)
          },
          close: (info) => connection.close(info),
        }
      },
    }
  }
  #listen(channel: SecureChannel): void {
    const keep = <T>(list: T[]): ((event: T) => void) => {
      return (event) => {
        list.push(event)
        this.#wake()
      }
    }
    channel.on("message", keep(this.messages))
    channel.on("security", keep(this.changes))
    channel.on("error", keep(this.errors))
    channel.on("third-party", ({ accountId }) => {
      keep(this.strangers)(accountId)
    })
    channel.on("gap", ({ missing }) => {
      this.missing += missing
      this.#wake()
    })
  }
  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}
