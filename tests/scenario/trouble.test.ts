import type { SecureChat, Store } from "@securechat/core"
import { describe, expect, it } from "vitest"
import { collect, freshStore, until, world } from "../support/people.ts"

describe("while somebody is away", () => {
  it("messages wait at the relay, and arrive in order once", async () => {
    await using relay = await world()
    const alice = await relay.join("alice")
    const store = freshStore()
    const bob = await relay.join("bob", { store })
    const toBob = await alice.direct("bob")
    await bob.close()
    const sent = [await toBob.send("one"), await toBob.send("two"), await toBob.send("three")]
    await alice.flush()
    expect(alice.getSnapshot().outbox).toBe(3)
    const again = await relay.open({ user: "bob", store })
    const atBob = collect(again, 3)
    expect((await atBob).map((message) => message.text)).toEqual(["one", "two", "three"])
    await again.direct("alice")
    await toBob.waitFor(sent[2]?.id ?? "", "delivered")
    expect(again.accountId).toBe(bob.accountId)
    expect(alice.getSnapshot().outbox).toBe(0)
  })

  it("what was written offline leaves when the relay is there again", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const toBob = await alice.direct("bob")
    await relay.killRelay()
    await until(alice, () => alice.connection === "reconnecting")
    const offline = await toBob.send("written on a train")
    expect(offline.status).toBe("queued")
    expect(toBob.security.level).toBe("yellow")
    const atBob = collect(bob, 1)
    await relay.startRelay()
    expect((await atBob)[0]?.text).toBe("written on a train")
    await toBob.waitFor(offline.id, "sent")
  })

  it("a closed client resumes identity, sessions, outbox and history from its store", async () => {
    await using relay = await world()
    const [aliceStore, bobStore] = [freshStore(), freshStore()]
    const alice = await relay.join("alice", { store: aliceStore })
    const bob = await relay.join("bob", { store: bobStore })
    const toBob = await alice.direct("bob")
    const first = collect(bob, 1)
    await toBob.send("before")
    await first
    await bob.direct("alice")
    await relay.killRelay()
    await until(alice, () => alice.connection !== "online")
    const waiting = await toBob.send("written before the restart")
    await alice.close()
    const again = await relay.open({ user: "alice", store: aliceStore })
    expect([again.accountId, again.deviceId]).toEqual([alice.accountId, alice.deviceId])
    const resumed = await again.direct("bob")
    expect(resumed.id).toBe(toBob.id)
    expect((await resumed.page()).items.map((item) => ("text" in item ? item.text : ""))).toEqual([
      "before",
      "written before the restart",
    ])
    expect(again.getSnapshot().outbox).toBeGreaterThanOrEqual(1)
    const atBob = collect(bob, 1)
    await relay.startRelay()
    expect((await atBob)[0]).toMatchObject({ id: waiting.id, text: "written before the restart" })
    await resumed.waitFor(waiting.id, "delivered")
  })
})

describe("when the relay loses its memory", () => {
  it("messages in flight arrive all the same, each once and in order", async () => {
    await using relay = await world()
    const alice = await relay.join("alice")
    const store = freshStore()
    const bob = await relay.join("bob", { store })
    const toBob = await alice.direct("bob")
    const opened = collect(bob, 1)
    await toBob.send("hello")
    await opened
    const toAlice = await bob.direct("alice")
    await toBob.waitFor((await toBob.page()).items[0]?.id ?? "", "delivered")
    await bob.close()
    // Accepted by a relay that dies with them.
    const lost = [await toBob.send("lost 1"), await toBob.send("lost 2")]
    await alice.flush()
    await relay.killRelay()
    await relay.startRelay()
    const again = await relay.open({ user: "bob", store })
    const atBob = collect(again, 3)
    await alice.whenOnline()
    await toBob.send("after")
    expect((await atBob).map((message) => message.text)).toEqual(["lost 1", "lost 2", "after"])
    await again.direct("alice")
    await toBob.waitFor(lost[1]?.id ?? "", "delivered")
    await until(alice, () => alice.getSnapshot().outbox === 0)
    const page = await (await again.conversation(toAlice.id)).page()
    expect(page.items.length).toBe(4)
  })

  it("a busy conversation goes through repeated restarts without loss or repeats", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const [toBob, toAlice] = await Promise.all([alice.direct("bob"), bob.direct("alice")])
    const total = 24
    const [atBob, atAlice] = [collect(bob, total), collect(alice, total)]
    for (let i = 0; i < total; i++) {
      await Promise.all([toBob.send(`a${i}`), toAlice.send(`b${i}`)])
      if (i % 6 !== 5) continue
      await relay.killRelay()
      await relay.startRelay()
    }
    expect((await atBob).map((message) => message.text).sort()).toEqual(
      Array.from({ length: total }, (_, i) => `a${i}`).sort(),
    )
    expect((await atAlice).map((message) => message.text).sort()).toEqual(
      Array.from({ length: total }, (_, i) => `b${i}`).sort(),
    )
    await until(alice, () => alice.getSnapshot().outbox === 0)
    await until(bob, () => bob.getSnapshot().outbox === 0)
    expect((await toBob.page({ limit: 100 })).items.length).toBe(2 * total)
    expect((await toAlice.page({ limit: 100 })).items.length).toBe(2 * total)
  })
})

/** Bob goes, and somebody else takes the free handle. */
const replaced = async (relay: Awaited<ReturnType<typeof world>>, bob: SecureChat): Promise<SecureChat> => {
  await bob.close()
  return relay.join("bob")
}

describe("when a name means another identity", () => {
  it("nothing is sent to it until it is accepted, and its words wait", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const toBob = await alice.direct("bob")
    const hello = await toBob.send("for the first bob")
    await alice.flush()
    const changes = alice.events("security")
    const other = await replaced(relay, bob)
    let shown = 0
    alice.on("message", () => (shown += 1))
    const toAlice = await other.direct("alice")
    await toAlice.send("It is me, with a new phone.")
    expect((await changes.next()).value).toMatchObject({
      status: { level: "red", reason: "identity-changed", action: "accept", subject: other.accountId },
      previous: { level: "yellow" },
    })
    await expect(toBob.send("secret")).rejects.toMatchObject({ code: "ERR_NOT_SECURE", retryable: false })
    expect(shown).toBe(0)
    expect(await alice.conversations()).toHaveLength(1)

    const [contact] = toBob.members
    await expect(contact?.accept(bob.accountId)).rejects.toMatchObject({ code: "ERR_VERIFICATION_STALE" })
    const quarantined = collect(alice, 1)
    await contact?.accept(other.accountId)
    expect((await quarantined)[0]?.text).toBe("It is me, with a new phone.")
    expect(toBob.security).toMatchObject({ level: "yellow", reason: "change-accepted" })

    // What the first identity never received waits for a person's word.
    const held = (await toBob.page()).items.find((item) => item.id === hello.id)
    expect(held).toMatchObject({ status: "held", problem: { code: "ERR_NOT_SECURE" } })
    const atOther = collect(other, 2)
    await toBob.retry(hello.id)
    await toBob.send("welcome back")
    expect((await atOther).map((message) => message.text)).toEqual(["for the first bob", "welcome back"])
  })

  it("a verified peer turns red, and only a new comparison makes it green", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const [toBob, toAlice] = await Promise.all([alice.direct("bob"), bob.direct("alice")])
    const [atAlice, atBob] = [toBob.members[0], toAlice.members[0]]
    const number = await atAlice?.safetyNumber()
    expect(number?.digits).toBe((await atBob?.safetyNumber())?.digits)
    if (number === undefined) throw new Error("no number")
    expect(await atAlice?.verify(number)).toBe(true)
    expect(toBob.security).toMatchObject({ level: "green", reason: "verified" })
    expect(await atBob?.verify((await atAlice?.safetyNumber())?.qr ?? new Uint8Array())).toBe(true)
    expect(toAlice.security.level).toBe("green")

    const red = alice.once("security")
    const other = await replaced(relay, bob)
    await (await other.direct("alice")).send("hi")
    expect((await red).status).toMatchObject({
      level: "red",
      reason: "verification-violation",
      action: "verify",
    })
    await expect(atAlice?.verify(number)).rejects.toMatchObject({ code: "ERR_VERIFICATION_STALE" })
    const next = await atAlice?.safetyNumber()
    expect(next?.subject).toBe(other.accountId)
    if (next === undefined) throw new Error("no number")
    expect(await atAlice?.verify(next)).toBe(true)
    expect(toBob.security).toMatchObject({ level: "green", reason: "verified" })
    await atAlice?.unverify()
    expect(toBob.security).toMatchObject({ level: "yellow", reason: "verification-revoked" })
  })

  it("numbers that do not match make it red until a reset", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const toBob = await alice.direct("bob")
    const [contact] = toBob.members
    const first = collect(bob, 1)
    await toBob.send("before")
    await first
    const toAlice = await bob.direct("alice")
    expect(await contact?.verify(new Uint8Array(65))).toBe(false)
    expect(toBob.security).toMatchObject({ level: "red", reason: "sas-mismatch", action: "reset" })
    await expect(toBob.send("no")).rejects.toMatchObject({ code: "ERR_NOT_SECURE" })
    await contact?.reset()
    expect(toBob.security).toMatchObject({ level: "yellow", reason: "unverified" })
    const [atBob, atAlice] = [collect(bob, 1), collect(alice, 1)]
    await toBob.send("after")
    expect((await atBob)[0]?.text).toBe("after")
    await toAlice.send("still here")
    expect((await atAlice)[0]?.text).toBe("still here")
  })

  it("a conversation opened by account id accepts no other", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const toBob = await alice.direct(bob.accountId)
    const other = await replaced(relay, bob)
    await (await other.direct("alice")).send("hi")
    const stranger = await alice.once("message")
    expect(stranger.conversationId).not.toBe(toBob.id)
    expect(toBob.security.level).toBe("yellow")
    await expect(toBob.members[0]?.accept(other.accountId)).rejects.toMatchObject({
      code: "ERR_VERIFICATION_STALE",
    })
  })
})

/** The store as it is now: what somebody with the disk could put back later. */
const copyOf = async (store: Store): Promise<Store> => {
  const copied = freshStore()
  for await (const [key, value] of store.list([])) await copied.batch([{ type: "set", key, value }])
  return copied
}

describe("when an older copy of a store is put back", () => {
  it("the peer's view shows it, new keys are made before the next send, and the chat goes on", async () => {
    await using relay = await world()
    const store = freshStore()
    const alice = await relay.join("alice", { store })
    const bob = await relay.join("bob", { receipts: { delivered: false, read: false } })
    const toBob = await alice.direct("bob")
    const atBob = collect(bob, 3)
    await toBob.send("one")
    await alice.flush()
    const older = await copyOf(store)
    await toBob.send("two")
    await toBob.send("three")
    await atBob
    const [before] = await toBob.sessions()
    await alice.close()

    const again = await relay.join("alice", { store: older })
    const resumed = await again.direct("bob")
    const reply = collect(again, 1)
    await (await bob.direct("alice")).send("seen all three")
    expect((await reply)[0]?.text).toBe("seen all three")
    await until(again, () => resumed.security.level === "yellow")
    const next = collect(bob, 1)
    await resumed.send("after")
    expect((await next)[0]?.text).toBe("after")
    expect((await resumed.sessions())[0]?.establishedAt).not.toEqual(before?.establishedAt)
  })
})
