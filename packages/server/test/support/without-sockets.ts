/** The relay's runtime, put together without HTTP and sockets: whoever uses it brings connections of its own. */
import { silentLogger } from "@securechat/core/transport"
import type { Directory } from "../../src/directory/directory.ts"
import { memoryDirectory } from "../../src/directory/memory.ts"
import { originPolicy } from "../../src/http/origins.ts"
import { BUCKET_NAMES, resolveLimits } from "../../src/limit/limits.ts"
import type { Mailbox } from "../../src/mailbox/mailbox.ts"
import { memoryMailbox } from "../../src/mailbox/memory.ts"
import { observerOf } from "../../src/observe/observer.ts"
import type { RelayDeps } from "../../src/relay/deps.ts"
import { RelayRuntime } from "../../src/relay/runtime.ts"

/** As wide as a run needs: what buckets do is a test of its own. */
const WIDE = { size: 100_000, perSecond: 100_000 }

/** What outlives a runtime, where it is handed to the next one. */
export interface Kept {
  readonly mailbox: Mailbox
  readonly directory: Directory
}

/** @param messages most of one mailbox. */
export const relayWithoutSockets = (
  deps: RelayDeps,
  { messages, kept }: { readonly messages: number; readonly kept?: Kept | undefined },
): Kept & { readonly runtime: RelayRuntime } => {
  const buckets = Object.fromEntries(BUCKET_NAMES.map((name) => [name, WIDE]))
  const limits = resolveLimits({ buckets, connectionsPerAddress: 0, beforeAuthMs: 15_000 })
  const mailbox =
    kept?.mailbox ??
    memoryMailbox({
      ...{ nowMs: deps.nowMs, epoch: deps.random(16), messages, bytes: limits.mailboxBytes },
      ...{ totalBytes: limits.memoryBytes, dedupMs: limits.dedupMs },
    })
  const directory = kept?.directory ?? memoryDirectory(limits)
  const key = deps.random(32)
  const runtime = new RelayRuntime({
    ...{ deps, mailbox, directory, auth: undefined, log: silentLogger },
    context: { ...deps, limits, hook: false, keepsHandles: directory.keepsHandles },
    policy: originPolicy(() => ({ loopbackPort: 5000, tls: false, origins: [], pages: [] })),
    observer: observerOf({ logger: silentLogger, metrics: undefined, key, logAddresses: false }),
  })
  return { runtime, mailbox, directory }
}
