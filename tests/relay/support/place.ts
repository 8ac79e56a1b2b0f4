/**
 * Where relays of a test file keep their mailboxes: in memory by themselves, elsewhere where a file of its own says so and
 * imports it.
 */
import type { RelayOptions } from "@securechat/server"

let current = (): RelayOptions["mailbox"] => "memory"

/** A place that no relay has used, each time. */
export const place = (): RelayOptions["mailbox"] => current()

/** From here on, in this file. */
export const keepIn = (next: () => RelayOptions["mailbox"]): void => {
  current = next
}
