/** Rows A of the catalogue over the wire: real clients, a real relay, and a hostile one in between. */
import { RELAY_CODE, formatAccountId } from "@securechat/core/wire"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { mallory } from "../support/mallory.ts"
import { flipped, freshId, isDelivery } from "../support/tamper.ts"
import { type Person, type World, createWorld } from "../support/world.ts"

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

const to = (account: string) => (frame: { readonly accountId: Uint8Array }) =>
  formatAccountId(frame.accountId) === account
const scannedFrom = async (one: Person, peer: Person): Promise<Uint8Array> =>
  (await (await one.with(peer)).members[0]!.safetyNumber()).qr
const verifyEachOther = async (one: Person, other: Person): Promise<void> => {
  expect(await (await one.with(other)).members[0]!.verify(await scannedFrom(other, one))).toBe(true)
  expect(await (await other.with(one)).members[0]!.verify(await scannedFrom(one, other))).toBe(true)
}

describe("a relay that lies about who somebody is", () => {
  it("[A1] gets yellow and never green at first contact, other numbers, and red when a code is scanned", async () => {
    const [alice, bob] = await Promise.all([world.person("alice"), world.person("bob")])
    mallory(world.evil, world.clock.nowMs).posesAs("bob", "alice")
    const toBob = await alice.with("bob")
    const toAlice = await bob.with("alice")
    await toBob.send("for Mallory's eyes")
    expect(toBob.security).toMatchObject({ level: "yellow", reason: "unverified" })
    const [shown, real] = [await toBob.members[0]!.safetyNumber(), await toAlice.members[0]!.safetyNumber()]
    expect(shown.digits).not.toBe(real.digits)
    expect(await toBob.members[0]!.verify(real.qr)).toBe(false)
    expect(toBob.security).toMatchObject({ level: "red", reason: "sas-mismatch", action: "reset" })
    await expect(toBob.send("more")).rejects.toMatchObject({ code: "ERR_NOT_SECURE" })
    expect(alice.changes.filter(({ status }) => status.level === "green")).toEqual([])
  })

  it("[A1] answers a look-up by account id with another account, and is refused", async () => {
    const [alice, bob] = await Promise.all([world.person("alice"), world.person("bob")])
    const impostor = mallory(world.evil, world.clock.nowMs)
    impostor.answersFor(bob.chat.accountId, "alice")
    await expect(alice.chat.direct(bob.chat.accountId)).rejects.toMatchObject({
      code: "ERR_IDENTITY_MISMATCH",
    })
    expect(alice.chat.getSnapshot().conversations).toEqual([])
    expect(world.evil.frames("alice", "submit")).toEqual([])
  })

  it("[A2] turns the conversation red in its middle: nothing leaves, what waits is held, and both identities are told", async () => {
    const [alice, bob] = await world.pair()
    const toBob = await alice.with(bob)
    const impostor = mallory(world.evil, world.clock.nowMs)
    const slow = world.evil.hold(
      ({ who, way, frame }) => who === "alice" && way === "up" && frame.type === "submit",
    )
    const waiting = await toBob.send("written before the change")
    await world.evil.until(
      ({ who, frame }) => who === "alice" && frame.type === "submit",
      world.evil.seen.length - 1,
    )
    impostor.posesAs("bob", "alice")
    await world.evil.cut("alice")
    await alice.until(() => toBob.security.level === "red")
    expect(toBob.security).toMatchObject({
      reason: "identity-changed",
      action: "accept",
      subject: impostor.accountId,
    })
    expect(alice.changes.at(-1)).toMatchObject({
      previous: { level: "yellow", subject: bob.chat.accountId },
      status: { level: "red", subject: impostor.accountId },
    })
    await alice.until(() => alice.updates.some(({ id, status }) => id === waiting.id && status === "held"))
    await expect(toBob.send("to whom?")).rejects.toMatchObject({
      code: "ERR_NOT_SECURE",
      details: { reason: "identity-changed" },
    })
    slow.release(() => [])
    const sentToHer = (): number => world.evil.frames("alice", "submit").filter(to(impostor.accountId)).length
    expect(sentToHer()).toBe(0)
    // Only the user's word, twice: for the identity, and for the message.
    await toBob.members[0]!.accept(impostor.accountId)
    await alice.until(() => toBob.security.level === "yellow")
    expect(toBob.security.reason).toBe("change-accepted")
    expect(sentToHer()).toBe(0)
    await toBob.retry(waiting.id)
    await world.evil.until(({ frame }) => frame.type === "submit" && to(impostor.accountId)(frame))
  })

  it("[A2] takes the green light from a verified contact", async () => {
    const [alice, bob] = await world.pair()
    await verifyEachOther(alice, bob)
    const toBob = await alice.with(bob)
    expect(toBob.security).toMatchObject({ level: "green", reason: "verified" })
    const before = await toBob.members[0]!.safetyNumber()
    const impostor = mallory(world.evil, world.clock.nowMs)
    const end = impostor.posesAs("bob", "alice")
    await world.evil.cut("alice")
    await alice.until(() => toBob.security.level === "red")
    expect(toBob.security).toMatchObject({ reason: "verification-violation", action: "verify" })
    const after = await toBob.members[0]!.safetyNumber()
    expect(after.digits).not.toBe(before.digits)
    await expect(toBob.members[0]!.verify(before)).rejects.toMatchObject({ code: "ERR_VERIFICATION_STALE" })
    // The name is back at the pinned identity: it was the relay's doing alone.
    end()
    await world.evil.cut("alice")
    await alice.until(() => toBob.security.level === "green")
    await alice.says(bob, "still us")
  })

  it("[A3] cannot give Alice's handshake out as Mallory's own", async () => {
    const [alice, bob] = await Promise.all([world.person("alice"), world.person("bob")])
    const impostor = mallory(world.evil, world.clock.nowMs)
    const keys = await bob.stored("prekey")
    const held = world.evil.hold(isDelivery("bob"))
    await (await alice.with(bob)).send("hello from Alice")
    await world.evil.until(isDelivery("bob"))
    const [first] = world.evil.frames("bob", "deliver")
    await world.evil.feed("bob", [{ ...first!, envelopeId: freshId(), fromAccountId: impostor.account }])
    expect(await bob.stored("prekey")).toEqual(keys)
    held.release()
    const { sender } = await bob.hears("hello from Alice")
    expect(sender.accountId).toBe(alice.chat.accountId)
    expect(bob.chat.getSnapshot().conversations.map(({ title }) => title)).toEqual(["alice"])
  })

  it("[A4] cannot send Alice's own handshake and messages back to her as Bob's", async () => {
    const [alice, bob] = await world.pair()
    await alice.says(bob, "second")
    const from = world.evil.frames("alice", "deliver")[0]!
    const links = await alice.stored("link")
    const own = world.evil.frames("alice", "submit")
    await world.evil.feed(
      "alice",
      own.map(({ body }) => ({ ...from, envelopeId: freshId(), body })),
    )
    expect(await alice.stored("link")).toEqual(links)
    await bob.says(alice, "genuine")
    expect(alice.texts).toEqual(["first of bob", "genuine"])
    expect((await alice.with(bob)).security.level).toBe("yellow")
  })

  it("[A20] points at verified Mallory under Bob's name: yellow at first contact, never green", async () => {
    const alice = await world.person("alice")
    const impostor = mallory(world.evil, world.clock.nowMs)
    impostor.posesAs("mallory", "alice")
    const toMallory = await alice.with("mallory")
    const number = await toMallory.members[0]!.safetyNumber()
    await toMallory.members[0]!.verify(number)
    expect(toMallory.security.level).toBe("green")
    impostor.posesAs("bob", "alice")
    const toBob = await alice.with("bob")
    expect(toBob.title).toBe("bob")
    expect(toBob.security).toMatchObject({ level: "yellow", reason: "unverified" })
  })

  it("[A20] points at verified Mallory where Bob was pinned: red there, and Mallory's own conversation stays", async () => {
    const [alice, bob] = await world.pair()
    const impostor = mallory(world.evil, world.clock.nowMs)
    impostor.posesAs("mallory", "alice")
    const toMallory = await alice.with("mallory")
    await toMallory.members[0]!.verify(await toMallory.members[0]!.safetyNumber())
    await toMallory.send("to Mallory, by that name")
    const end = impostor.posesAs("bob", "alice")
    await world.evil.cut("alice")
    const toBob = await alice.with(bob)
    await alice.until(() => toBob.security.level === "red")
    expect(toBob.security).toMatchObject({ reason: "identity-changed", subject: impostor.accountId })
    await expect(toBob.members[0]!.accept(impostor.accountId)).rejects.toMatchObject({
      code: "ERR_IDENTITY_MISMATCH",
    })
    expect(toMallory.security.level).toBe("green")
    expect((await toMallory.page()).items).toMatchObject([{ text: "to Mallory, by that name" }])
    expect((await alice.with("mallory")).id).toBe(toMallory.id)
    await alice.restart()
    const titles = (await alice.chat.conversations()).map(({ title, security }) => [title, security.level])
    expect(titles).toEqual(
      expect.arrayContaining([
        ["bob", "red"],
        ["mallory", "green"],
      ]),
    )
    end()
    await world.evil.cut("alice")
    const again = await alice.with(bob)
    await alice.until(() => again.security.level === "yellow")
    await alice.says(bob, "still you")
  })
})

describe("a first message", () => {
  it("[A9] opens once: not again after a restart, nor under another envelope id", async () => {
    const [alice, bob] = await Promise.all([world.person("alice"), world.person("bob")])
    await alice.says(bob, "once")
    const first = world.evil.frames("bob", "deliver")[0]!
    await bob.restart()
    const before = await bob.stored("link")
    await world.evil.feed("bob", [
      first,
      { ...first, envelopeId: freshId() },
      { ...first, envelopeId: freshId() },
    ])
    expect(await bob.stored("link")).toEqual(before)
    await alice.says(bob, "twice")
    expect(bob.texts).toEqual(["once", "twice"])
    expect(await (await bob.with(alice)).sessions()).toHaveLength(1)
  })

  it("[A9] that is broken spends no key: the good one behind it opens", async () => {
    const [alice, bob] = await Promise.all([world.person("alice"), world.person("bob")])
    const keys = await bob.stored("prekey")
    const held = world.evil.hold(isDelivery("bob"))
    await (await alice.with(bob)).send("good")
    await world.evil.until(isDelivery("bob"))
    const [good] = world.evil.frames("bob", "deliver")
    const broken = [20, 70, 400, good!.body.length - 1].map((at) => flipped(good!.body, at))
    await world.evil.feed(
      "bob",
      broken.map((body) => ({ ...good!, envelopeId: freshId(), body })),
    )
    expect(await bob.stored("prekey")).toEqual(keys)
    expect(await bob.stored("link")).toEqual(new Map())
    held.release()
    await bob.hears("good")
    // One of each kind went with it.
    expect(keys.size - (await bob.stored("prekey")).size).toBe(2)
  })
})

describe("a relay of another version", () => {
  it("[A12] that chose an older one is left without a proof, and says why", async () => {
    const alice = await world.person("alice")
    const proofs = world.evil.frames("alice", "proof").length
    world.evil.amend("alice", "hello", (answer) =>
      answer.type === "challenge" ? { ...answer, version: 0 } : answer,
    )
    await world.evil.cut("alice")
    await alice.until(() => alice.errors.length > 0)
    expect(alice.errors[0]).toMatchObject({ code: "ERR_VERSION_UNSUPPORTED" })
    expect(world.evil.frames("alice", "proof")).toHaveLength(proofs)
    expect(alice.chat.connection).toBe("offline")
  })

  it("[A12] that calls a request unsupported leaves no lasting red: only a proven bundle is a downgrade", async () => {
    const [alice] = await Promise.all([world.person("alice"), world.person("bob")])
    const toBob = await alice.with("bob")
    const end = world.evil.answer("alice", "claim", ({ request }) => ({
      type: "nack",
      request,
      code: RELAY_CODE.unsupported,
      retryAfterMs: 0,
    }))
    await expect(toBob.members[0]!.reset()).rejects.toMatchObject({ code: "ERR_VERSION_UNSUPPORTED" })
    expect(toBob.security.reason).not.toBe("downgrade")
    end()
    await toBob.members[0]!.reset()
    expect(toBob.security).toMatchObject({ level: "yellow", reason: "unverified" })
  })

  it("[A12] that offers a bundle of another version gets no session", async () => {
    const [alice] = await Promise.all([world.person("alice"), world.person("bob")])
    world.evil.amend("alice", "claim", (answer) => {
      if (answer.type !== "ok") return answer
      const body = answer.body.slice()
      // The version byte of the certificate, behind n, device and length: a statement of another version.
      body[1 + 16 + 2] = 0
      return { ...answer, body }
    })
    await expect(alice.with("bob")).rejects.toMatchObject({ code: "ERR_DECODE" })
    expect(world.evil.frames("alice", "submit")).toEqual([])
  })
})
