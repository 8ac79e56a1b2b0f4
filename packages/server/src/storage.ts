/** Where a relay keeps what it must not lose: the option `mailbox` to the drivers behind it. */
import { SecureChatError } from "@securechat/core/errors"
import type { Logger } from "@securechat/core/transport"
import type { RelayConfig, RelayOptions } from "./config.ts"
import type { Directory } from "./directory/directory.ts"
import { memoryDirectory } from "./directory/memory.ts"
import type { Mailbox } from "./mailbox/mailbox.ts"
import { memoryMailbox } from "./mailbox/memory.ts"
import { redisDirectory } from "./redis/directory.ts"
import { RedisLink } from "./redis/link.ts"
import { redisMailbox } from "./redis/mailbox.ts"
import { redisNeighbours } from "./redis/neighbours.ts"
import { type RelayDeps, platformDeps } from "./relay/deps.ts"
import type { Neighbours } from "./relay/neighbours.ts"
import { toText } from "./relay/text.ts"
import { sqliteDirectory } from "./sqlite/directory.ts"
import { SqliteFile } from "./sqlite/file.ts"
import { sqliteMailbox } from "./sqlite/mailbox.ts"

export interface Storage {
  readonly mailbox: Mailbox
  readonly directory: Directory
  readonly neighbours: Neighbours | undefined
  /** @throws ERR_STORE_UNAVAILABLE */
  connect(): Promise<void>
}

/** A relay that cannot reach its Redis when it starts says so and ends; one that runs waits for it. */
const CONNECT_MS = 5_000

const here = (): Promise<void> => Promise.resolve()

interface Setting {
  readonly config: RelayConfig
  readonly deps: RelayDeps
  readonly logger: Logger
}

const connected = async (link: RedisLink, { timers }: RelayDeps): Promise<void> => {
  let cancel = (): void => undefined
  const late = new Promise<never>((_, reject) => {
    cancel = timers.after(CONNECT_MS, () => {
      reject(
        new SecureChatError("ERR_STORE_UNAVAILABLE", "mailbox.redis: nobody answers", {
          hint: "Is Redis running, at this address and with this password?",
        }),
      )
    })
  })
  try {
    await Promise.race([link.connect(), late])
  } finally {
    cancel()
  }
}

const redisStorage = (url: string, options: RelayOptions, { config, deps, logger }: Setting): Storage => {
  const { limits } = config
  const relay = toText(deps.random(8))
  const link = new RedisLink({ url, log: logger })
  // Several relays go by one clock, Redis' own, unless a test holds theirs.
  const nowMs = deps === platformDeps ? undefined : deps.nowMs
  const { mailboxMessages: messages, mailboxBytes: bytes, dedupMs } = limits
  const { allowVolatile = false } = options
  return {
    mailbox: redisMailbox(link, { nowMs, random: deps.random, relay, messages, bytes, dedupMs }),
    directory: redisDirectory(link, { limits, relay, allowVolatile }),
    neighbours: redisNeighbours(link, { relay, limits, nowMs }),
    connect: () => connected(link, deps),
  }
}

/** @throws ERR_CONFIG_INVALID, ERR_STORE_UNAVAILABLE, ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW from a SQLite file */
export const openStorage = (options: RelayOptions, setting: Setting): Storage => {
  const { mailbox = "memory", durability = "process" } = options
  const { deps, config } = setting
  const { limits } = config
  const common = {
    nowMs: deps.nowMs,
    epoch: deps.random(16),
    messages: limits.mailboxMessages,
    bytes: limits.mailboxBytes,
    dedupMs: limits.dedupMs,
  }
  const alone = { neighbours: undefined, connect: here }
  if (mailbox === "memory") {
    const inMemory = memoryMailbox({ ...common, totalBytes: limits.memoryBytes })
    return { ...alone, mailbox: inMemory, directory: memoryDirectory(limits) }
  }
  if ("redis" in mailbox) return redisStorage(mailbox.redis, options, setting)
  if ("sqlite" in mailbox) {
    const file = new SqliteFile({ path: mailbox.sqlite, durability })
    return { ...alone, mailbox: sqliteMailbox(file, common), directory: sqliteDirectory(file, limits) }
  }
  // Mailboxes of the host's own: what else there is to keep stays in memory.
  return { ...alone, mailbox, directory: memoryDirectory(limits, true) }
}
