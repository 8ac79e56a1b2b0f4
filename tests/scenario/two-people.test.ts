import { describe, expect, it } from "vitest"
import { collect, freshStore, until, world } from "../support/people.ts"

describe("two people", () => {
  it("chat both ways, with delivered and read receipts", async () => {
    await using relay = await world()
    const alice = await relay.join("alice")
    const bob = await relay.join("bob")
    const toBob = await alice.direct("bob")
    expect(toBob.security).toMatchObject({
      level: "yellow",
      reason: "unverified",
      action: "verify",
      subject: bob.accountId,
    })
    const atBob = collect(bob, 1)
    const sent = await toBob.send("Hello, privately.")
    expect(sent).toMatchObject({ mine: true, text: "Hello, privately.", security: { level: "yellow" } })
    const [received] = await atBob
    expect(received).toMatchObject({ text: "Hello, privately.", mine: false, id: sent.id })
    expect(received?.sender).toMatchObject({ accountId: alice.accountId, handle: "alice" })
    await toBob.waitFor(sent.id, "sent")

    const toAlice = await bob.direct("alice")
    expect(toAlice.id).toBe(toBob.id)
    expect(toAlice.unread).toBe(1)
    await toBob.waitFor(sent.id, "delivered")
    const atAlice = collect(alice, 1)
    await toAlice.send({ text: "Hi!", replyTo: sent.id })
    expect((await atAlice)[0]).toMatchObject({ text: "Hi!", replyTo: sent.id })
    await toAlice.markRead()
    expect(await toBob.waitFor(sent.id, "read")).toMatchObject({ status: "read" })
    expect(toAlice.unread).toBe(0)
    expect(toBob.receipts.get(bob.accountId)).toEqual({ deliveredUpTo: sent.id, readUpTo: sent.id })
    expect(alice.getSnapshot().outbox).toBe(0)
  })

  it("meet without handles, by account id", async () => {
    await using relay = await world()
    const alice = await relay.open()
    const bob = await relay.open()
    await Promise.all([alice.whenOnline(), bob.whenOnline()])
    expect(alice.user).toBe(alice.accountId)
    const atBob = collect(bob, 1)
    const toBob = await alice.direct(bob.accountId)
    await toBob.send("It is me.")
    const [received] = await atBob
    expect(received?.sender).toEqual({ accountId: alice.accountId, deviceId: alice.deviceId })
    expect((await bob.conversations())[0]?.title).toBe(alice.accountId)
  })

  it("keep order over many messages, each once", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const toBob = await alice.direct("bob")
    const texts = Array.from({ length: 60 }, (_, i) => `message ${i}`)
    const atBob = collect(bob, texts.length)
    await Promise.all(texts.map((text) => toBob.send(text)))
    expect((await atBob).map((message) => message.text)).toEqual(texts)
    const toAlice = await bob.direct("alice")
    const page = await toAlice.page({ limit: 25 })
    expect(page.items.map((item) => ("text" in item ? item.text : ""))).toEqual(texts.slice(35))
    const before = await toAlice.page({ limit: 25, before: page.older })
    expect(before.items.map((item) => ("text" in item ? item.text : ""))).toEqual(texts.slice(10, 35))
    const all: (string | undefined)[] = []
    for await (const item of toAlice.history()) all.push("text" in item ? item.text : "")
    expect(all).toEqual(texts)
    const reversed: (string | undefined)[] = []
    for await (const item of toAlice.history({ newestFirst: true }))
      reversed.push("text" in item ? item.text : "")
    expect(reversed).toEqual([...texts].reverse())
  })

  it("begin at the same moment and end on one session each way", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const [toBob, toAlice] = await Promise.all([alice.direct("bob"), bob.direct("alice")])
    const [atBob, atAlice] = [collect(bob, 4), collect(alice, 4)]
    await Promise.all([toBob.send("a1"), toAlice.send("b1"), toBob.send("a2"), toAlice.send("b2")])
    await Promise.all([toBob.send("a3"), toAlice.send("b3")])
    await Promise.all([toBob.send("a4"), toAlice.send("b4")])
    expect((await atBob).map((message) => message.text)).toEqual(["a1", "a2", "a3", "a4"])
    expect((await atAlice).map((message) => message.text)).toEqual(["b1", "b2", "b3", "b4"])
    await until(alice, () => alice.getSnapshot().outbox === 0)
    await until(bob, () => bob.getSnapshot().outbox === 0)
    expect([toBob.security.level, toAlice.security.level]).toEqual(["yellow", "yellow"])
  })

  it("see each other typing, and the end of it", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const [toBob, toAlice] = await Promise.all([alice.direct("bob"), bob.direct("alice")])
    const first = collect(bob, 1)
    await toBob.send("one")
    await first
    const back = collect(alice, 1)
    await toAlice.send("two")
    await back
    const seen = bob.events("typing")
    toBob.typing()
    expect((await seen.next()).value).toMatchObject({ accountId: alice.accountId, active: true })
    toBob.typing(false)
    expect((await seen.next()).value).toMatchObject({ active: false })
  })

  it("show a message's Fernet token and header when asked to keep them", async () => {
    await using relay = await world()
    const alice = await relay.join("alice", { inspect: 2 })
    const bob = await relay.join("bob", { inspect: 2 })
    const toBob = await alice.direct("bob")
    const atBob = collect(bob, 3)
    const sent = [await toBob.send("one"), await toBob.send("two"), await toBob.send("three")]
    await atBob
    const [own] = await toBob.inspect(sent[2]?.id ?? "")
    const toAlice = await bob.direct("alice")
    const [theirs] = await toAlice.inspect(sent[2]?.id ?? "")
    expect(own?.token).toBe(theirs?.token)
    expect(own).toMatchObject({ direction: "out", header: { type: "first", count: 2, kem: "offer" } })
    expect(theirs).toMatchObject({ direction: "in", fields: { version: 0x80, timestamp: 0 } })
    expect(await toBob.inspect(sent[0]?.id ?? "")).toEqual([])
    expect(await toAlice.sessions()).toMatchObject([
      { device: alice.deviceId, postQuantum: true, forwardSecrecy: "full" },
    ])
  })
})

describe("names and limits", () => {
  it("say what is wrong: unknown handle, taken handle, oneself, no name at all", async () => {
    await using relay = await world()
    const alice = await relay.join("alice")
    await expect(alice.direct("nobody")).rejects.toMatchObject({ code: "ERR_USER_NOT_FOUND" })
    await expect(alice.direct("alice")).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    await expect(alice.direct(alice.accountId)).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    await expect(alice.direct("Not A Handle")).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    const other = await relay.open({ user: "alice" })
    await expect(other.whenOnline()).rejects.toMatchObject({ code: "ERR_HANDLE_TAKEN" })
    expect(other.connection).toBe("offline")
    await expect(relay.open({ user: "sc1abc" })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })

  it("refuse what is too large, a full queue, and a durable store that nothing can seal", async () => {
    await using relay = await world()
    const bob = await relay.join("bob")
    const alice = await relay.join("alice", { maxQueue: 2 })
    const toBob = await alice.direct("bob")
    await expect(toBob.send("x".repeat(64 * 1024))).rejects.toMatchObject({ code: "ERR_MESSAGE_TOO_LARGE" })
    const atBob = collect(bob, 1)
    await toBob.send("y".repeat(60 * 1024))
    expect((await atBob)[0]?.text?.length).toBe(60 * 1024)
    await alice.flush()
    await relay.killRelay()
    await toBob.send("second")
    await toBob.send("third")
    await expect(toBob.send("fourth")).rejects.toMatchObject({ code: "ERR_QUEUE_FULL", retryable: true })
    await expect(relay.open({ store: { ...freshStore(), durable: true } })).rejects.toMatchObject({
      code: "ERR_STORE_KEY_REQUIRED",
    })
    await expect(toBob.send({ text: "\ud800" })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    await expect(toBob.waitFor("unknown", "sent")).rejects.toMatchObject({ code: "ERR_MESSAGE_NOT_FOUND" })
  })
})
