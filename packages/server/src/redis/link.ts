/**
 * The connection to Redis: scripts by their hash, commands of one tick in one write, and an end instead
 * of a wait while Redis is away, so that a client is told `unavailable` and tries again. relay.md §10
 */
import { createHash } from "node:crypto"
import type { RedisClientType } from "@redis/client"
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

const unavailable = (cause: unknown): SecureChatError =>
  new SecureChatError("ERR_STORE_UNAVAILABLE", "Redis does not answer", { cause })

const optionsFor = (url: string) => ({
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
})

export class RedisLink {
  readonly #url: string
  readonly #log: Logger
  #client: RedisClientType | undefined
  #subscriber: RedisClientType | undefined
  #asBytes: Parameters<RedisClientType["sendCommand"]>[1]
  readonly #scripts = new Map<string, string>()
  readonly #onConnect: (() => void)[] = []
  readonly #channels = new Map<string, (message: Buffer) => void>()
  #connecting: Promise<void> | undefined
  #closed = false

  /** @throws ERR_CONFIG_INVALID for an address that is none. */
  constructor({ url, log }: RedisOptions) {
    if (!/^(rediss?|unix):\/\//.test(url) || !URL.canParse(url))
      throw new SecureChatError("ERR_CONFIG_INVALID", "mailbox.redis: not an address of Redis", {
        hint: "For example redis://127.0.0.1:6379/0.",
      })
    this.#url = url
    this.#log = log
  }

  get isReady(): boolean {
    return this.#client?.isReady ?? false
  }

  /** Called with each new connection, before the commands of the relay. */
  onConnect(work: () => void): void {
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
      if (this.#client === undefined) throw new SecureChatError("ERR_STATE", "not connected yet")
      return await this.#client.sendCommand<T>(args.map(argument), this.#asBytes)
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
  subscribe(channel: string, onMessage: (message: Buffer) => void): void {
    this.#channels.set(channel, onMessage)
  }

  close(): Promise<void> {
    this.#closed = true
    for (const client of [this.#client, this.#subscriber]) if (client?.isOpen === true) client.destroy()
    return Promise.resolve()
  }

  async #connect(): Promise<void> {
    // 190 ms and 28 MB that only a relay with Redis pays.
    const redis = await import("@redis/client")
    this.#asBytes = { typeMapping: { [redis.RESP_TYPES.BLOB_STRING]: Buffer } }
    const open = (): RedisClientType =>
      redis.createClient(optionsFor(this.#url)) as unknown as RedisClientType
    const [client, subscriber] = [open(), open()]
    this.#client = client
    this.#subscriber = subscriber
    for (const one of [client, subscriber])
      one.on("error", (error: unknown) => {
        this.#log.warn("redis", { error: error instanceof Error ? error.name : "unknown" })
      })
    client.on("ready", () => {
      this.#prepare()
    })
    try {
      await Promise.all([client.connect(), subscriber.connect()])
      // Kept by the client over every later connection.
      for (const [channel, onMessage] of this.#channels) await subscriber.subscribe(channel, onMessage, true)
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** A Redis that began anew knows no scripts; sent first, they are there before the first call. */
  #prepare(): void {
    for (const work of this.#onConnect) work()
    for (const text of this.#scripts.values()) this.command("SCRIPT", "LOAD", text).catch(() => undefined)
  }
}

/** An answer of Redis, not the want of one. */
const isReply = (error: unknown): boolean => error instanceof Error && /^[A-Z]{2,}\b/.test(error.message)

/** Redis has no memory left, and evicts nothing. */
export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("OOM")
