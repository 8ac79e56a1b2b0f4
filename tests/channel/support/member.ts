/** One person in a stranger's room, through reloads: a real channel, real time, and everything that happened. */
import {
  type AccountId,
  type ChannelMessage,
  type ChannelOptions,
  SecureChannel,
  type SecureChatError,
  type SecurityChange,
  memoryStore,
} from "@securechat/core"

export type MemberOptions = Omit<ChannelOptions, "store">

export class Member {
  readonly store = memoryStore()
  readonly messages: ChannelMessage[] = []
  readonly changes: SecurityChange[] = []
  readonly strangers: AccountId[] = []
  readonly errors: SecureChatError[] = []
  /** Messages that were told as missing. */
  missing = 0
  /** What came out of the generator as keys and seeds are drawn, 32 and 64 bytes at once. */
  readonly drawn: Uint8Array[] = []
  readonly #options: MemberOptions
  #channel: SecureChannel
  #waiting: (() => void)[] = []

  constructor(options: MemberOptions) {
    this.#options = options
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
  async say(texts: readonly string[]): Promise<void> {
    await Promise.all(texts.map((text) => this.#channel.send(text)))
  }

  #made(): SecureChannel {
    const random = (length: number): Uint8Array<ArrayBuffer> => {
      const bytes = crypto.getRandomValues(new Uint8Array(length))
      if (length === 32 || length === 64) this.drawn.push(bytes.slice())
      return bytes
    }
    const channel = new SecureChannel(
      { ...this.#options, store: this.store },
      {
        deps: { random, nowMs: Date.now },
        elapsedMs: () => performance.now(),
        timers: {
          after: (ms, work) => {
            const timer = setTimeout(work, ms)
            return () => {
              clearTimeout(timer)
            }
          },
        },
      },
    )
    this.#listen(channel)
    return channel
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
