/** Faults of whole clients: the order of storing, sending and acknowledging. */
import type { Fault } from "./fault.ts"

const test = "tests/crash/store.test.ts"

export const CLIENT_FAULTS: readonly Fault[] = [
  {
    name: "a delivery is acknowledged before it is stored",
    file: "packages/core/src/client/inbox.ts",
    find: 'await ledger.commit(change)\n    relay.post({ type: "ack", cursor: frame.cursor })',
    replace: 'relay.post({ type: "ack", cursor: frame.cursor })\n    await ledger.commit(change)',
    test,
    caughtBy:
      "a store that fails before a write > at batch 1 of the recipient loses no message and shows none twice",
  },
  {
    name: "a message is promised and sent before it is stored",
    file: "packages/core/src/client/outbox.ts",
    find: "await ledger.commit(change)\n      return message",
    replace: "void ledger.commit(change).catch(() => undefined)\n      return message",
    test,
    caughtBy:
      "a store that fails before a write > at batch 2 of the sender loses nothing that was promised and repeats nothing",
  },
]
