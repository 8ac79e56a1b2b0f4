import { type Message, SecureChat, type Store, type Unreadable } from "@securechat/core"
import { type FaultMoment, faultyStore } from "@securechat/testkit"
import { webSocket } from "@securechat/transport-ws"
import { describe, expect, it } from "vitest"
import { freshStore, until, world } from "../support/people.ts"

const texts = (items: readonly (Message | Unreadable)[]): string[] =>
  items.map((item) => ("text" in item ? (item.text ?? "?") : "unreadable")).sort()

const openAgain = async (url: string, user: string, store: Store): Promise<SecureChat> => {
  const chat = await SecureChat.open({
    user,
    store,
    transport: webSocket(url),
    retry: { minMs: 20, maxMs: 50 },
  })
  await chat.whenOnline()
  return chat
}

/** Everything a chat holds of its first conversation. */
const history = async (chat: SecureChat): Promise<readonly (Message | Unreadable)[]> => {
  const [conversation] = await chat.conversations()
  return conversation === undefined ? [] : (await conversation.page({ limit: 100 })).items
}

const MOMENTS: readonly FaultMoment[] = ["before", "after"]
const BATCHES = [1, 2, 3, 4, 5, 6]

/**
 * One side's store fails at the nth batch of a short exchange, before or after the write, and for good.
 * What a crash leaves is that store: it is opened again, and nothing may be missing or there twice.
 */
describe.each(MOMENTS)("a store that fails %s a write", (moment) => {
  it.each(BATCHES)(
    "at batch %i of the sender loses nothing that was promised and repeats nothing",
    async (nth) => {
      await using relay = await world()
      const url = relay.url.replace("http", "ws")
      const inner = freshStore()
      const store = faultyStore(inner)
      const bob = await relay.join("bob")
      const alice = await relay.join("alice", { store })
      const toBob = await alice.direct("bob")
      store.failAt(nth, moment)
      const promised: string[] = []
      for (const text of ["one", "two", "three"])
        await toBob.send(text).then(
          () => promised.push(text),
          (error: unknown) => {
            expect(error).toMatchObject({ code: "ERR_STORE_UNAVAILABLE" })
          },
        )
      await alice.close()

      const again = await openAgain(url, "alice", inner)
      const resumed = await again.direct("bob")
      const toAlice = await bob.direct("alice")
      const last = await resumed.send("last")
      await resumed.waitFor(last.id, "delivered")
      await until(again, () => again.getSnapshot().outbox === 0)
      const kept = texts(await history(again))
      const arrived = texts((await toAlice.page({ limit: 100 })).items)
      expect(arrived).toEqual(kept)
      expect(new Set(arrived).size).toBe(arrived.length)
      for (const text of promised) expect(arrived).toContain(text)
      await again.close()
    },
  )

  it.each(BATCHES)("at batch %i of the recipient loses no message and shows none twice", async (nth) => {
    await using relay = await world()
    const url = relay.url.replace("http", "ws")
    const inner = freshStore()
    const store = faultyStore(inner)
    const alice = await relay.join("alice")
    const bob = await relay.join("bob", { store })
    await bob.direct("alice")
    const toBob = await alice.direct("bob")
    store.failAt(nth, moment)
    for (const text of ["one", "two", "three"]) await toBob.send(text)
    await alice.flush()
    await bob.close()

    const again = await openAgain(url, "bob", inner)
    await again.direct("alice")
    const last = await toBob.send("last")
    await toBob.waitFor(last.id, "delivered")
    await until(alice, () => alice.getSnapshot().outbox === 0)
    expect(texts(await history(again))).toEqual(["last", "one", "three", "two"])
    await again.close()
  })
})
