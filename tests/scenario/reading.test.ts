import { describe, expect, it } from "vitest"
import { collect, until, world } from "../support/people.ts"

describe("what somebody has read", () => {
  it("reaches up to the message that was named, and an own message stands for what came before it", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const toBob = await alice.direct("bob")
    const atBob = collect(bob, 3)
    const first = await toBob.send("one")
    const toAlice = await bob.direct("alice")
    await until(bob, () => toAlice.unread === 1)
    const atAlice = collect(alice, 1)
    const reply = await toAlice.send("two")
    await atAlice
    const last = [await toBob.send("three"), await toBob.send("four")].at(-1)
    await atBob

    // Nothing of Alice's lies before Bob's reply but her first.
    await toAlice.markRead(reply.id)
    expect(await toBob.waitFor(first.id, "read")).toMatchObject({ status: "read" })
    expect(toBob.receipts.get(bob.accountId)).toMatchObject({ readUpTo: first.id })
    expect(toAlice.unread).toBe(2)
    await toAlice.markRead(last!.id)
    expect(await toBob.waitFor(last!.id, "read")).toMatchObject({ status: "read" })
    // Read does not go back.
    await toAlice.markRead(first.id)
    expect(toAlice.unread).toBe(0)
    expect(toBob.receipts.get(bob.accountId)).toMatchObject({ readUpTo: last!.id })
  })

  it("is nothing before the peer has spoken", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const toBob = await alice.direct("bob")
    await toBob.markRead()
    const mine = await toBob.send("hello?")
    await toBob.markRead(mine.id)
    expect(toBob.receipts.get(alice.accountId)).toBeUndefined()
    expect(bob.getSnapshot().outbox).toBe(0)
    expect(toBob.unread).toBe(0)
  })

  it("cannot be said of a message that is not there", async () => {
    await using relay = await world()
    const [alice] = [await relay.join("alice"), await relay.join("bob")]
    const toBob = await alice.direct("bob")
    const unknown = "00000000-0000-4000-8000-000000000000"
    await expect(toBob.markRead(unknown as never)).rejects.toMatchObject({ code: "ERR_MESSAGE_NOT_FOUND" })
  })
})

describe("the devices of a conversation", () => {
  it("are those of the peer's signed list, each with its date", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const toBob = await alice.direct("bob")
    const [contact] = toBob.members
    expect(contact?.devices.map(({ id }) => id)).toEqual([bob.deviceId])
    expect(contact?.devices[0]?.addedAt).toBeInstanceOf(Date)
    await toBob.send("x")
    const [session] = await toBob.sessions()
    expect(session).toMatchObject({ device: bob.deviceId, postQuantum: true })
  })
})
