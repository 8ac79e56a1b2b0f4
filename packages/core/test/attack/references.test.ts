/** What a peer says a message answers: an id, kept as it came and followed by nobody. */
import { describe, expect, it } from "vitest"
import { fromBase64url, toBase64url } from "../../src/bytes/text.ts"
import type { Bytes } from "../../src/deps.ts"
import { Change } from "../../src/client/ledger.ts"
import { readAll } from "../../src/client/pages.ts"
import type { MessageRecord } from "../../src/client/records.ts"
import { seal } from "../../src/client/seal.ts"
import { encodeText } from "../../src/content/kinds.ts"
import { memoryStore } from "../../src/store/memory.ts"
import { parseAccountId } from "../../src/wire/address.ts"
import { Offline } from "../support/engines.ts"
import { Seeded, seededDeps } from "../support/seeded.ts"

const CHAIN = 300

/** A text under an id of the sender's choice: an app draws it, a hostile client need not. */
const sealed = async (from: Offline, to: Offline, id: Bytes, replyTo: Bytes): Promise<void> => {
  const { ledger } = from.engine
  const change = new Change(ledger)
  const account = to.found.account
  const [conversation] = ledger.conversations.keys()
  const content = encodeText({ text: toBase64url(id), replyTo, handle: undefined })
  const out = { id: conversation!, account, messageId: id, sentAtMs: 0, content }
  const { envelope } = seal(ledger, change, "message", out)
  await ledger.commit(change)
  await to.take({
    ...{ type: "deliver", request: 0, cursor: id, envelopeId: id, acceptedAtMs: 0, body: envelope },
    ...{ fromAccountId: parseAccountId(from.found.account) },
    fromDeviceId: ledger.identity.certificate.deviceId,
  })
}

describe("references between messages", () => {
  it("[C10] in cycles, to itself, to nothing and in a long chain are data: each message is shown and read once", async () => {
    const random = new Seeded(1)
    const eve = await new Offline(memoryStore(), seededDeps(2)).load()
    const bob = await new Offline(memoryStore(), seededDeps(3)).load()
    await eve.meet(bob.found, await bob.bundle())
    const id = (): Bytes => random.bytes(16)
    const [self, one, two] = [id(), id(), id()]
    const chain = Array.from({ length: CHAIN }, id)
    const all: (readonly [Bytes, Bytes])[] = [
      ...([
        [self, self],
        [one, two],
        [two, one],
        [id(), id()],
      ] as const),
      ...chain.map((each, i) => [each, chain[(i + 1) % CHAIN]!] as const),
    ]
    for (const [message, replyTo] of all) await sealed(eve, bob, message, replyTo)
    expect(bob.texts).toEqual(all.map(([message]) => toBase64url(message)))
    const { ledger } = bob.engine
    const [conversation] = ledger.conversations.keys()
    const read: MessageRecord[] = []
    for await (const record of readAll(ledger.store, conversation!, {})) read.push(record)
    expect(read.map(({ id: own, replyTo }) => [own, replyTo])).toEqual(
      all.map(([message, replyTo]) => [toBase64url(message), toBase64url(replyTo)]),
    )
    expect(fromBase64url(read[0]!.replyTo!)).toEqual(self)
  })
})
