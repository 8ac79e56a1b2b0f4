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
    name: "a receipt settles one too many",
    file: "packages/core/src/client/engine.ts",
    find: "if (entry.sequence <= upTo) change.dropEntry(entry)",
    replace: "if (entry.sequence <= upTo + 1) change.dropEntry(entry)",
    test: "tests/attack/withheld.test.ts",
    caughtBy: "[B7] takes out of the outbox what it names, and nothing that is held back behind it",
  },
  {
    name: "what a name's look-up lets out is let out in a batch of its own",
    file: "packages/core/src/client/quarantine.ts",
    find: "for (const message of freed) storeMessage(change.batch, id, { ...message, quarantined: false })",
    replace: `const later = new Change(context.ledger)
  for (const message of freed) storeMessage(later.batch, id, { ...message, quarantined: false })
  change.after(() => void context.ledger.queue.run(() => context.ledger.commit(later)))`,
    test: "tests/crash/quarantine.test.ts",
    caughtBy:
      "[D2] is let out of quarantine by whoever comes back, before whichever step of the look-up they died",
  },
  {
    name: "the conversation of a stranger too many stays",
    file: "packages/core/src/client/strangers.ts",
    find: "  change.batch.delete(at.conversation(id))\n",
    replace: "",
    test: "packages/core/test/attack/strangers.test.ts",
    caughtBy: "[D11] keeps the newest of them, drops the oldest whole, says so, and goes on with her friend",
  },
  {
    name: "work of one store does not wait for each other",
    file: "packages/core/src/runtime/queue.ts",
    find: "const result = this.#tail.then(work)",
    replace: "const result = Promise.resolve().then(work)",
    test: "packages/core/src/runtime/queue.test.ts",
    caughtBy: "runs work one after another under any schedule, and a failure stops nobody else",
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
