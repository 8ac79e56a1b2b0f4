/**
 * The connection to Redis: scripts by their hash, commands of one tick in one write, and an end instead
 * of a wait while Redis is away, so that a client is told `unavailable` and tries again. relay.md §10
 */
import { createHash } from "node:crypto"
import { RESP_TYPES, type RedisClientType, createClient } from "@redis/client"
import { SecureChatError } from "@securechat/core/errors"
import type { Logger } from "@securechat/core/transport"

export type Argument = string | number | Uint8Array

/** Lua with its hash. Written so that the same call twice, after a lost answer, does no harm. */
export interface Script {
  readonly text: string
  readonly hash: string
}
export const script = (text: string): Script => ({
  text,
  hash: createHash("sha1").update(text).digest("hex"),
})

export interface RedisOptions {
  /** `redis://…`, `rediss://…` or `unix:///…` */
  readonly url: string
  readonly log: Logger
}

/** A server that says nothing for this long is taken for gone; pings come in between. */
const SILENCE_MS = 5_000
const PING_MS = 1_500
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 1_000

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
const argument = (value: Argument): string | Buffer =>
  typeof value === "object" ? asBuffer(value) : String(value)
const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }

const unavailable = (cause: unknown): SecureChatError =>
  new SecureChatError("ERR_STORE_UNAVAILABLE", "Redis does not answer", { cause })

export class RedisLink {
  readonly #client: RedisClientType
  readonly #subscriber: RedisClientType
  readonly #scripts = new Map<string, string>()
  readonly #onConnect: (() => Promise<unknown>)[] = []
  readonly #channels = new Map<string, (message: Buffer) => void>()
  #connecting: Promise<void> | undefined
  #closed = false

  /** @throws ERR_CONFIG_INVALID for an address that is none. */
  constructor({ url, log }: RedisOptions) {
    const options = {
      url,
      // Answers are plain arrays, the same from every version of Redis.
      RESP: 2 as const,
      disableOfflineQueue: true,
      pingInterval: PING_MS,
      socket: {
        connectTimeout: SILENCE_MS,
        socketTimeout: SILENCE_MS,
        reconnectStrategy: (tries: number) => Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(tries, 10)),
      },
    }
    try {
      this.#client = createClient(options) as unknown as RedisClientType
      this.#subscriber = createClient(options) as unknown as RedisClientType
    } catch (error) {
      throw new SecureChatError("ERR_CONFIG_INVALID", "mailbox.redis: not an address of Redis", {
        cause: error,
        hint: "For example redis://127.0.0.1:6379/0.",
      })
    }
    for (const client of [this.#client, this.#subscriber])
      client.on("error", (error: unknown) => {
        log.warn("redis", { error: error instanceof Error ? error.name : "unknown" })
      })
  }

  get isReady(): boolean {
    return this.#client.isReady
  }

  /** Done with each new connection, before the commands of the relay. */
  onConnect(work: () => Promise<unknown>): void {
    this.#onConnect.push(work)
  }

  /** Resolves with the first connection; it comes back by itself after that. */
  connect(): Promise<void> {
    if (this.#closed) return Promise.reject(new SecureChatError("ERR_CLOSED", "Redis was let go"))
    this.#connecting ??= this.#connect()
    return this.#connecting
  }

  /** @throws ERR_STORE_UNAVAILABLE while Redis is away, whatever became of the command. */
  async command<T>(...args: readonly Argument[]): Promise<T> {
    try {
      return await this.#client.sendCommand<T>(args.map(argument), BYTES)
    } catch (error) {
      throw isReply(error) ? error : unavailable(error)
    }
  }

  async call<T>(lua: Script, keys: readonly string[], args: readonly Argument[]): Promise<T> {
    this.#scripts.set(lua.hash, lua.text)
    try {
      return await this.command<T>("EVALSHA", lua.hash, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error
      return this.command<T>("EVAL", lua.text, keys.length, ...keys, ...args)
    }
  }

  /** Messages of a channel, while connected. Those that come while Redis is away are lost: hints only. */
  async subscribe(channel: string, onMessage: (message: Buffer) => void): Promise<void> {
    this.#channels.set(channel, onMessage)
    await this.#subscriber.subscribe(channel, onMessage, true)
  }

  close(): Promise<void> {
    this.#closed = true
    for (const client of [this.#client, this.#subscriber]) if (client.isOpen) client.destroy()
    return Promise.resolve()
  }

  async #connect(): Promise<void> {
    this.#client.on("ready", () => {
      void this.#prepare().catch(() => undefined)
    })
    try {
      await Promise.all([this.#client.connect(), this.#subscriber.connect()])
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** A Redis that began anew knows no scripts; sent first, they are there before the first call. */
  async #prepare(): Promise<void> {
    const loads = [...this.#scripts.values()].map((text) => this.command("SCRIPT", "LOAD", text))
    await Promise.all([...loads, ...this.#onConnect.map((work) => work())])
  }
}

/** An answer of Redis, not the want of one. */
const isReply = (error: unknown): boolean => error instanceof Error && /^[A-Z]{2,}\b/.test(error.message)

/** Redis has no memory left, and evicts nothing. */
export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("OOM")
