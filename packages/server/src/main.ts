#!/usr/bin/env node
/** `securechat-relay`: runs a relay until it is told to stop. */
import { SecureChatError } from "@securechat/core/errors"
import { readCommandLine } from "./cli.ts"
import { createRelay } from "./create-relay.ts"
import { jsonLogger } from "./observe/log.ts"
import { stopper } from "./stop.ts"

const run = async (): Promise<void> => {
  const { options, logLevel, drainMs, readTls } = readCommandLine(process.argv.slice(2))
  const logger = jsonLogger(logLevel)
  const relay = createRelay({ ...options, logger })
  const exit = (code: number): void => {
    process.exit(code)
  }
  const stop = stopper({ relay, drainMs, nowMs: () => Date.now(), exit })
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
  process.on("SIGHUP", () => {
    if (readTls === undefined) return
    try {
      relay.renewTls(readTls())
      logger.info("tls renewed")
    } catch (error) {
      // The certificate in use goes on; an unreadable file must not end the relay.
      logger.error("tls not renewed", { error: error instanceof Error ? error.name : "unknown" })
    }
  })
  const { url } = await relay.listen()
  if (options.mailbox === "memory") logger.warn("mailboxes are kept in memory: nothing outlives this process")
  console.log(`listening on ${url}`)
}

run().catch((error: unknown) => {
  if (!SecureChatError.is(error)) throw error
  console.error(`securechat-relay: ${error.message}${error.hint === undefined ? "" : `\n  ${error.hint}`}`)
  // At once: a Redis that does not answer would be tried for ever.
  process.exit(2)
})
