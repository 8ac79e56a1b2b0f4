/**
 * Faults the simulation must find, each with a seed known to show it. A place that is no longer found fails: then the
 * code moved, and its fault has to follow.
 */
import type { Invariant } from "@securechat/testkit"

interface Edit {
  /** Below `packages`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}
export interface Fault {
  readonly name: string
  readonly edits: readonly Edit[]
  /** What breaks. */
  readonly breaks: Invariant
  /** One that shows it. */
  readonly seed: number
}

const inCore = (file: string, find: string, replace: string): Edit => ({
  ...{ file: `core/src/${file}`, find, replace },
})

export const FAULTS: readonly Fault[] = [
  {
    name: "promise-before-write",
    edits: [
      inCore(
        "client/outbox.ts",
        "await ledger.commit(change)\n      return message",
        "void ledger.commit(change).catch(() => undefined)\n      return message",
      ),
    ],
    ...{ breaks: "I5", seed: 1 },
  },
  {
    name: "told-before-commit",
    edits: [
      inCore(
        "client/inbox.ts",
        "    await ledger.commit(change)\n    relay.post",
        "    for (const tell of told) tell()\n    await ledger.commit(change)\n    relay.post",
      ),
      inCore("client/inbox.ts", "    changed()\n    for (const tell of told) tell()\n", "    changed()\n"),
    ],
    ...{ breaks: "I3", seed: 5 },
  },
  {
    name: "lost-answer-taken-for-failure",
    edits: [inCore("runtime/commit.ts", "if (await isStored(store, ops).catch(() => false)) return", "")],
    ...{ breaks: "I6", seed: 7 },
  },
  {
    name: "key-used-twice",
    edits: [
      inCore(
        "ratchet/ratchet.ts",
        "chainKey: next, count: sending.count + 1",
        "chainKey: sending.chainKey, count: sending.count",
      ),
    ],
    ...{ breaks: "I6", seed: 2 },
  },
  {
    name: "retry-seals-again",
    edits: [
      inCore(
        "client/outbox.ts",
        "await relay.submit({ ...entry, envelopeId",
        "await relay.submit({ ...entry, envelope: entry.envelope.map((byte, i, all) => (i === all.length - 1 ? byte ^ this.#context.deps.random(1)[0]! : byte)), envelopeId",
      ),
    ],
    ...{ breaks: "I6", seed: 2 },
  },
  {
    name: "two-writers",
    edits: [
      inCore(
        "runtime/queue.ts",
        "const result = this.#tail.then(work)",
        "const result = Promise.resolve().then(work)",
      ),
    ],
    ...{ breaks: "I6", seed: 1 },
  },
  {
    name: "outbox-trusts-the-relay",
    edits: [
      inCore(
        "client/outbox.ts",
        'await ledger.commit(new Change(ledger).setEntry({ ...current, state: "sent", problem: undefined }))',
        "await ledger.commit(new Change(ledger).dropEntry(current))",
      ),
    ],
    ...{ breaks: "I5", seed: 46 },
  },
  {
    name: "late-unmarked",
    edits: [inCore("client/show.ts", "record.late === true", "false")],
    ...{ breaks: "I4", seed: 5 },
  },
  {
    name: "silent-identity-change",
    edits: [
      inCore(
        "identity/trust.ts",
        ": { ...trust, candidate: pin }",
        ": { ...trust, pin, candidate: undefined }",
      ),
    ],
    ...{ breaks: "I8", seed: 1 },
  },
  {
    name: "not-encrypted",
    edits: [
      inCore(
        "fernet/token.ts",
        "const ciphertext = aesCbcEncrypt(key.encryption, head.iv, payload)",
        "const ciphertext = payload",
      ),
      inCore(
        "fernet/token.ts",
        "aesCbcDecrypt(key.encryption, token.iv, token.ciphertext)",
        "new Uint8Array(token.ciphertext)",
      ),
    ],
    ...{ breaks: "I1", seed: 1 },
  },
  {
    name: "to-somebody-else",
    edits: [
      inCore(
        "client/compose.ts",
        "const account = pinnedAccount(conversation.trust)",
        "const account = pinnedAccount([...ledger.conversations.values()][0]!.trust)",
      ),
    ],
    ...{ breaks: "I7", seed: 4 },
  },
  {
    name: "no-tie-break",
    edits: [
      inCore(
        "session/tie-break.ts",
        "return established.toSorted(bySessionId)[0]",
        "return established.at(0)",
      ),
    ],
    ...{ breaks: "I9", seed: 30 },
  },
  {
    name: "a-timer-stays",
    edits: [inCore("client/engine.ts", "    this.#cancelHousekeeping()\n", "")],
    ...{ breaks: "I11", seed: 1 },
  },
  {
    name: "a-refusal-resets-the-session",
    edits: [
      inCore(
        "client/inbox.ts",
        'if (error.code === "ERR_DUPLICATE") {\n      this.#oweAgain(step)',
        'step.change.setLink(formatAccountId(step.frame.fromAccountId), formatDeviceId(step.frame.fromDeviceId), emptyLink)\n    if (error.code === "ERR_DUPLICATE") {\n      this.#oweAgain(step)',
      ),
    ],
    ...{ breaks: "I10", seed: 5 },
  },
  {
    name: "long-texts-cut",
    edits: [inCore("client/received.ts", "text: content.text,", "text: content.text.slice(0, 1000),")],
    ...{ breaks: "I2", seed: 1 },
  },
]
