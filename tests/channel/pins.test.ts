/**
 * Who is at the other end, over a server that cannot say: pins, levels and account ids, through the public API, with
 * real sockets and time by hand.
 */
import { randomBytes } from "node:crypto"
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type ChannelOptions, SecureChatError, type Store, memoryStore } from "@securechat/core"
import { createIdentity } from "@securechat/core/identity"
import { sqliteStore } from "@securechat/core/store/sqlite"
import { type ManualClock, canarySearch, manualClock } from "@securechat/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { wsRoom } from "./rooms/ws-room.ts"
import type { StrangersRoom } from "./rooms/room.ts"
import { Member } from "./support/member.ts"

/** How long the pinned account is waited for before another one counts as a change, and a little more. */
const CHANGE_MS = 31_000

let room: StrangersRoom
let clock: ManualClock
const members: Member[] = []

const enter = (options: Partial<ChannelOptions> = {}): Member => {
  const { nowMs, timers } = clock
  const one = new Member({ pipe: room.join(), ...options }, { nowMs, timers, elapsedMs: nowMs })
  members.push(one)
  return one
}
/** Comes in, and is content to wait for somebody. */
const wait = (options: Partial<ChannelOptions>): Member => {
  const one = enter(options)
  one.open().catch(() => undefined)
  return one
}
const meet = async (
  a: Partial<ChannelOptions>,
  b: Partial<ChannelOptions>,
): Promise<readonly [Member, Member]> => {
  const both = [enter(a), enter(b)] as const
  await Promise.all(both.map((one) => one.open()))
  return both
}
const part = async (...all: readonly Member[]): Promise<void> => {
  await Promise.all(all.map(({ channel }) => channel.close()))
}
const compare = async ([ada, bo]: readonly [Member, Member]): Promise<void> => {
  const [shown, scanned] = await Promise.all([ada.channel.safetyNumber(), bo.channel.safetyNumber()])
  expect(shown.digits).toBe(scanned.digits)
  expect(await ada.channel.verify(shown)).toBe(true)
  expect(await bo.channel.verify(shown.qr)).toBe(true)
}
/** Two people who have met as "bo" and "ada", compared or not, and parted. */
const acquainted = async (compared: boolean): Promise<{ readonly mine: Store; readonly theirs: Store }> => {
  const [mine, theirs] = [memoryStore(), memoryStore()]
  const both = await meet({ store: mine, peer: "bo" }, { store: theirs, peer: "ada" })
  if (compared) await compare(both)
  await part(...both)
  return { mine, theirs }
}
/** Somebody else stands where Bo stood, and has said something. */
const meetAnother = async (mine: Store): Promise<readonly [ada: Member, other: Member]> => {
  const ada = wait({ store: mine, peer: "bo" })
  const other = await enter().open()
  await other.say(["it is me, new phone"])
  await ada.hears(other)
  return [ada, other]
}

beforeEach(async () => {
  clock = manualClock()
  room = await wsRoom()
})
afterEach(async () => {
  await part(...members.splice(0))
  expect(clock.pending).toBe(0)
  await room[Symbol.asyncDispose]()
})

describe("the second meeting over a stranger's server", () => {
  it("is green on both sides if the first was verified, and so is what is said", async () => {
    const { mine, theirs } = await acquainted(true)
    const [ada, bo] = await meet({ store: mine, peer: "bo" }, { store: theirs, peer: "ada" })
    expect([ada.level, bo.level]).toEqual(["green: verified", "green: verified"])
    // Never yellow in between: what is stored counts from the start.
    expect(ada.changes.map(({ status }) => status.level)).toEqual(["red", "green"])
    await ada.say(["so it is you"])
    await bo.until(() => bo.messages.length === 1)
    expect(bo.messages[0]?.security).toMatchObject({ level: "green", reason: "verified" })
  })

  it("is yellow, with the same accounts, if the first was not", async () => {
    const { mine, theirs } = await acquainted(false)
    const [ada, bo] = await meet({ store: mine, peer: "bo" }, { store: theirs, peer: "ada" })
    expect([ada.level, bo.level]).toEqual(["yellow: unverified", "yellow: unverified"])
    expect(bo.changes.at(-1)?.status.subject).toBe(ada.channel.accountId)
  })

  it("is yellow, with other accounts, where nothing was kept", async () => {
    const both = await meet({ peer: "bo" }, { peer: "ada" })
    await compare(both)
    const known = both.map(({ channel }) => channel.accountId)
    await part(...both)
    const again = await meet({ peer: "bo" }, { peer: "ada" })
    expect(again.map(({ level }) => level)).toEqual(["yellow: unverified", "yellow: unverified"])
    expect(again.map(({ channel }) => channel.accountId)).not.toEqual(known)
  })

  it("takes no pin from one name to another", async () => {
    const { mine, theirs } = await acquainted(true)
    const [ada] = await meet({ store: mine, peer: "carol" }, { store: theirs, peer: "ada" })
    expect(ada.level).toBe("yellow: unverified")
  })
})

describe("the second meeting with stores that last", () => {
  let folder: string
  const open: Store[] = []
  const file = (name: string): Store => {
    const store = sqliteStore(join(folder, name))
    open.push(store)
    return store
  }
  const shut = async (): Promise<void> => {
    for (const store of open.splice(0)) await store.close?.()
  }
  const [adas, bos] = [randomBytes(32), randomBytes(32)]
  const NAME = "bo behind the old mill"
  const again = (): Promise<readonly [Member, Member]> =>
    meet(
      { store: file("ada.db"), storeKey: adas, peer: NAME },
      { store: file("bo.db"), storeKey: bos, peer: "ada" },
    )

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "channel-"))
  })
  afterEach(async () => {
    await part(...members)
    await shut()
    rmSync(folder, { recursive: true })
  })

  it("is green if the first was verified, from sealed files that show no name and no key", async () => {
    const first = await again()
    await compare(first)
    const known = first.map(({ channel }) => channel.accountId)
    const drawn = first.flatMap((one) => one.drawn)
    await part(...first)
    await shut()
    const [ada, bo] = await again()
    expect([ada.level, bo.level]).toEqual(["green: verified", "green: verified"])
    expect([ada, bo].map(({ channel }) => channel.accountId)).toEqual(known)
    await part(ada, bo)
    await shut()
    const search = canarySearch([
      { name: "a name", bytes: Buffer.from(NAME) },
      ...drawn.map((bytes) => ({ name: "a key", bytes })),
    ])
    const files = readdirSync(folder)
    expect(files).toContain("ada.db")
    for (const name of files) expect(search(readFileSync(join(folder, name)))).toEqual([])
  })

  it("is refused without the key, and with another one, and nothing has changed then", async () => {
    const first = await again()
    await compare(first)
    await part(...first)
    await shut()
    expect(() => enter({ store: file("ada.db"), peer: NAME })).toThrow(
      expect.objectContaining({ code: "ERR_STORE_KEY_REQUIRED" }),
    )
    const wrong = enter({ store: file("ada.db"), storeKey: randomBytes(32), peer: NAME })
    await expect(wrong.open()).rejects.toMatchObject({ code: "ERR_STORE_WRONG_KEY" })
    await part(wrong)
    await shut()
    const [ada] = await again()
    expect(ada.level).toBe("green: verified")
  })
})

describe("somebody else in the place of a pinned peer", () => {
  it("[A2] turns it red, can be sent nothing and shows nothing until they are accepted: then yellow", async () => {
    const { mine } = await acquainted(false)
    const [ada, other] = await meetAnother(mine)
    expect(ada.level).toBe("red: handshaking")
    await clock.advance(CHANGE_MS)
    const { accountId } = other.channel
    expect(ada.channel.security).toMatchObject({
      reason: "identity-changed",
      action: "accept",
      subject: accountId,
    })
    await expect(ada.say(["secret"])).rejects.toMatchObject({ code: "ERR_NOT_SECURE", retryable: false })
    expect(ada.messages).toEqual([])
    await ada.channel.accept(accountId)
    expect(ada.level).toBe("yellow: change-accepted")
    expect(ada.messages.map(({ text, security }) => [text, security.level])).toEqual([
      ["it is me, new phone", "red"],
    ])
    await ada.say(["welcome"])
    await other.until(() => other.texts.includes("welcome"))
  })

  it("[A2] turns a verified one red with comparison as the way out: then green", async () => {
    const { mine } = await acquainted(true)
    const [ada, other] = await meetAnother(mine)
    await clock.advance(CHANGE_MS)
    expect(ada.channel.security).toMatchObject({ reason: "verification-violation", action: "verify" })
    await compare([ada, other])
    expect(ada.level).toBe("green: verified")
    expect(ada.channel.peerId).toBe(other.channel.accountId)
  })

  it("[A2] stays red through a reload, and ends by itself when the pinned one comes back", async () => {
    const { mine, theirs } = await acquainted(true)
    const [ada, other] = await meetAnother(mine)
    await clock.advance(CHANGE_MS)
    await part(ada, other)
    const again = wait({ store: mine, peer: "bo" })
    await again.until(() => again.changes.length > 0)
    expect(again.changes.map(({ status }) => status.level)).toEqual(["red"])
    const bo = await enter({ store: theirs, peer: "ada" }).open()
    await again.until(() => again.channel.security.level !== "red")
    expect([again.level, bo.level]).toEqual(["green: verified", "green: verified"])
  })

  it("[A20] is not green for being verified under a name of their own", async () => {
    const { mine, theirs: mallorys } = await acquainted(true)
    const [met] = await meet({ store: mine, peer: "bob" }, { store: memoryStore(), peer: "ada" })
    expect(met.level).toBe("yellow: unverified")
    await part(...members)
    // Mallory, verified as "bo", comes where Bob is expected.
    const ada = wait({ store: mine, peer: "bob" })
    const mallory = await enter({ store: mallorys, peer: "ada" }).open()
    await mallory.say(["I am Bob"])
    await ada.hears(mallory)
    await clock.advance(CHANGE_MS)
    expect(ada.level).toBe("red: identity-changed")
    expect(ada.messages).toEqual([])
  })
})

describe("an account id as the peer", () => {
  const random = (length: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(length))
  const someone = (): ReturnType<typeof createIdentity> => createIdentity({ random, nowMs: Date.now })

  it("[A17] is not paired with whoever speaks sooner, and says so when only others answer", async () => {
    const identity = someone()
    const ada = enter({ peer: identity.accountId })
    const giveUp = new AbortController()
    const starting = ada.channel.start({ signal: giveUp.signal })
    const mallory = wait({})
    await ada.until(() => ada.strangers.length > 0)
    giveUp.abort()
    await expect(starting).rejects.toMatchObject({
      code: "ERR_IDENTITY_MISMATCH",
      details: { asked: identity.accountId },
    })
    expect(ada.strangers).toEqual([mallory.channel.accountId])
    expect(ada.channel.security.level).toBe("red")
    // Given up is the waiting, not the channel: whom it waits for may still come.
    const bo = await enter({ identity, peer: ada.channel.accountId }).open()
    await ada.open()
    expect([ada.channel.peerId, ada.level]).toEqual([bo.channel.accountId, "yellow: unverified"])
    expect(mallory.channel.security.level).toBe("red")
  })

  it("is pinned and verified under that id, and green again at the second meeting", async () => {
    const identity = someone()
    const mine = memoryStore()
    const both = await meet({ store: mine, peer: identity.accountId }, { identity, peer: "ada" })
    await compare(both)
    await part(...both)
    const [ada] = await meet({ store: mine, peer: identity.accountId }, { identity, peer: "ada" })
    expect(ada.level).toBe("green: verified")
  })

  it("is never exchanged for another one, however long only others are there", async () => {
    const identity = someone()
    const ada = wait({ peer: identity.accountId, store: memoryStore() })
    const mallory = wait({})
    await ada.until(() => ada.strangers.length > 0)
    await clock.advance(10 * CHANGE_MS)
    expect(ada.channel.security).toMatchObject({ level: "red", subject: identity.accountId })
    const taken = ada.channel.accept(mallory.channel.accountId)
    await expect(taken).rejects.toSatisfy((error) => SecureChatError.is(error))
    expect(ada.channel.security.level).toBe("red")
  })
})

describe("an open room", () => {
  it("[A17] gives first contact to whoever speaks sooner: yellow, other numbers, and Bo is told as a third party", async () => {
    const [ada, mallory] = await meet({ peer: "bo" }, {})
    const bo = wait({ peer: "ada" })
    await ada.until(() => ada.strangers.length > 0)
    expect([ada.channel.peerId, ada.level]).toEqual([mallory.channel.accountId, "yellow: unverified"])
    expect(ada.strangers).toEqual([bo.channel.accountId])
    // By the other way Bo would say: nobody has shown me a number.
    await expect(bo.channel.safetyNumber()).rejects.toMatchObject({ code: "ERR_NO_PREKEYS" })
    await ada.channel.reject(await ada.channel.safetyNumber())
    expect(ada.level).toBe("red: sas-mismatch")
    await expect(ada.say(["secret"])).rejects.toMatchObject({ code: "ERR_NOT_SECURE" })
  })
})
