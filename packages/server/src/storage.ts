/** Where a relay keeps what it must not lose: the option `mailbox` to the drivers behind it. */
import type { RelayConfig, RelayOptions } from "./config.ts"
import type { Directory } from "./directory/directory.ts"
import { memoryDirectory } from "./directory/memory.ts"
import type { Mailbox } from "./mailbox/mailbox.ts"
import { memoryMailbox } from "./mailbox/memory.ts"
import type { RelayDeps } from "./relay/deps.ts"
import { sqliteDirectory } from "./sqlite/directory.ts"
import { SqliteFile } from "./sqlite/file.ts"
import { sqliteMailbox } from "./sqlite/mailbox.ts"

export interface Storage {
  readonly mailbox: Mailbox
  readonly directory: Directory
}

/** @throws ERR_CONFIG_INVALID, ERR_STORE_UNAVAILABLE, ERR_STORE_CORRUPT, ERR_STORE_TOO_NEW from a SQLite file */
export const openStorage = (options: RelayOptions, { limits }: RelayConfig, deps: RelayDeps): Storage => {
  const { mailbox = "memory", durability = "process" } = options
  const common = {
    nowMs: deps.nowMs,
    epoch: deps.random(16),
    messages: limits.mailboxMessages,
    bytes: limits.mailboxBytes,
    dedupMs: limits.dedupMs,
  }
  if (mailbox === "memory") {
    const inMemory = memoryMailbox({ ...common, totalBytes: limits.memoryBytes })
    return { mailbox: inMemory, directory: memoryDirectory(limits) }
  }
  // Mailboxes of the host's own: what else there is to keep stays in memory.
  if (!("sqlite" in mailbox)) return { mailbox, directory: memoryDirectory(limits, true) }
  const file = new SqliteFile({ path: mailbox.sqlite, durability })
  return { mailbox: sqliteMailbox(file, common), directory: sqliteDirectory(file, limits) }
}
