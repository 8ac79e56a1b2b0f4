import { SecureChat } from "@securechat/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { collect, freshStore, world } from "../support/people.ts"
import { way } from "../support/transports.ts"

const handles = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => name === "Timeout" || name.startsWith("TCPSocket"))

describe("a chat's life", () => {
  it("has a constructor without I/O or timer, and says so when it is used too early", async () => {
    const before = handles()
    const chat = new SecureChat({ user: "alice", transport: way().dial("http://127.0.0.1:9") })
    expect(handles()).toEqual(before)
    expect(chat.connection).toBe("idle")
    expect(() => chat.accountId).toThrow(expect.objectContaining({ code: "ERR_STATE" }))
    await expect(chat.direct("bob")).rejects.toMatchObject({ code: "ERR_CLOSED" })
    await chat.close()
    await chat.close()
  })

  it("starts without a relay: open resolves, and what needs the relay can be aborted", async () => {
    const chat = await SecureChat.open({ user: "alice", transport: way().dial("http://127.0.0.1:9") })
    expect(chat.accountId).toMatch(/^sc1/)
    const signal = AbortSignal.timeout(20)
    await expect(chat.whenOnline({ signal })).rejects.toMatchObject({ code: "ERR_ABORTED" })
    await expect(chat.direct("bob", { signal })).rejects.toMatchObject({ code: "ERR_ABORTED" })
    const waiting = chat.whenOnline()
    const pending = chat.once("message")
    const rejected = expect(waiting).rejects.toMatchObject({ code: "ERR_CLOSED" })
    const rejectedToo = expect(pending).rejects.toMatchObject({ code: "ERR_CLOSED" })
    await chat.close()
    await rejected
    await rejectedToo
    await expect(
      SecureChat.open({ transport: way().dial("http://127.0.0.1:9"), signal }),
    ).rejects.toMatchObject({
      code: "ERR_ABORTED",
    })
  })

  it("gives pending calls ERR_CLOSED, keeps what was queued, and goes on after another start", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    const toBob = await alice.direct("bob")
    await relay.killRelay()
    const sent = await toBob.send("kept")
    const waiting = toBob.waitFor(sent.id, "delivered")
    const rejected = expect(waiting).rejects.toMatchObject({ code: "ERR_CLOSED" })
    await alice.close()
    await rejected
    expect(alice.connection).toBe("closed")
    await expect(toBob.send("too late")).rejects.toMatchObject({ code: "ERR_CLOSED" })
    await relay.startRelay()
    const atBob = collect(bob, 1)
    await alice.start()
    expect((await atBob)[0]).toMatchObject({ id: sent.id, text: "kept" })
    expect((await alice.direct("bob")) === toBob).toBe(true)
  })

  it("has one snapshot while nothing changed, and tells subscribers when something does", async () => {
    await using relay = await world()
    const [alice] = [await relay.join("alice"), await relay.join("bob")]
    const before = alice.getSnapshot()
    expect(alice.getSnapshot()).toBe(before)
    let told = 0
    const stop = alice.subscribe(() => {
      told += 1
    })
    const toBob = await alice.direct("bob")
    expect(told).toBeGreaterThan(0)
    expect(alice.getSnapshot()).not.toBe(before)
    expect(alice.getSnapshot().conversations).toEqual([toBob])
    stop()
    const count = told
    await toBob.send("hi")
    expect(told).toBe(count)
  })

  it("goes on when a listener throws", async () => {
    await using relay = await world()
    const [alice, bob] = [await relay.join("alice"), await relay.join("bob")]
    bob.on("message", () => {
      throw new Error("listener")
    })
    bob.subscribe(() => {
      throw new Error("subscriber")
    })
    const atBob = collect(bob, 2)
    const toBob = await alice.direct("bob")
    await toBob.send("one")
    await toBob.send("two")
    expect((await atBob).length).toBe(2)
  })

  it("ends with one connection or none after any order of start and close, and leaves no handle", async () => {
    await using relay = await world()
    const before = handles().length
    const steps = fc.array(fc.constantFrom("start", "close", "tick", "online"), {
      minLength: 1,
      maxLength: 8,
    })
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (order, endOpen) => {
        const chat = new SecureChat({
          transport: way().dial(relay.url),
          store: freshStore(),
        })
        const pending: Promise<unknown>[] = []
        for (const step of order) {
          if (step === "start") pending.push(chat.start().catch(() => undefined))
          if (step === "close") pending.push(chat.close())
          if (step === "tick") await Promise.resolve()
          if (step === "online") pending.push(chat.whenOnline().catch(() => undefined))
        }
        if (endOpen) {
          await chat.start()
          await chat.whenOnline()
          expect(relay.relay.stats().connections).toBe(1)
        }
        await chat.close()
        await Promise.all(pending)
        expect(["idle", "closed"]).toContain(chat.connection)
      }),
      { numRuns: 25 },
    )
    await new Promise((resolve) => setImmediate(resolve))
    expect(handles().length).toBeLessThanOrEqual(before)
  })
})
