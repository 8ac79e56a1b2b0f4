/**
 * Attacks on a channel by the server it goes through and by strangers in the room, over real sockets: the room is a
 * plain WebSocket broadcast whose owner holds every frame in hand. Time by hand. The pure machine has the same rows,
 * with its whole state compared, in `packages/core/src/channel`.
 */
import { randomBytes } from "node:crypto"
import { ENVELOPE_TYPE, decodeEnvelope, helloCodec } from "@securechat/core/wire"
import { type ManualClock, type RecordedEnd, manualClock, recordedEnd, turn } from "@securechat/testkit"
import type { ChannelOptions, Transport } from "@securechat/core"
import { webSocket } from "@securechat/transport-ws"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { RoomWorld } from "../../packages/core/test/channel/room-world.ts"
import { Member } from "../channel/support/member.ts"
import { type Room, room } from "../support/room.ts"

let where: Room
let clock: ManualClock
let mallory: RecordedEnd
const members: Member[] = []

const way = (): Transport => webSocket(where.url)
const enter = (options: Partial<ChannelOptions> = {}): Member => {
  const { nowMs, timers } = clock
  const one = new Member({ pipe: way(), ...options }, { nowMs, timers, elapsedMs: nowMs })
  members.push(one)
  return one
}
const pair = async (): Promise<readonly [ada: Member, bo: Member]> => {
  const [ada, bo] = [enter(), enter()]
  await Promise.all([ada.open(), bo.open()])
  return [ada, bo]
}
/** Mallory says these; resolves when `who` has read them all. */
const says = async (frames: readonly Uint8Array[], ...who: readonly Member[]): Promise<void> => {
  const last = randomBytes(16)
  for (const frame of [...frames, last]) await mallory.connection.send(frame)
  await Promise.all(who.map((one) => one.until(() => one.heard.some((frame) => last.equals(frame)))))
  await turn()
}
/** They write to each other, each once; nothing else was ever shown, told or counted. */
const unharmed = async ([ada, bo]: readonly [Member, Member], missing = 0): Promise<void> => {
  const before = [ada.messages.length, bo.messages.length] as const
  await Promise.all([ada.say(["to bo"]), bo.say(["to ada"])])
  await ada.until(() => ada.messages.length > before[0])
  await bo.until(() => bo.messages.length > before[1])
  expect([ada.texts.slice(before[0]), bo.texts.slice(before[1])]).toEqual([["to ada"], ["to bo"]])
  for (const one of [ada, bo]) expect([one.level, one.errors]).toEqual(["yellow: unverified", []])
  expect(ada.missing + bo.missing).toBe(missing)
}
const isType = (type: number) => (frame: Uint8Array) => frame[1] === type
const isFirst = isType(ENVELOPE_TYPE.first)
const isHello = isType(ENVELOPE_TYPE.hello)
/** The frame in which the next message goes out, which the room keeps for itself. */
const kept = async (from: Member, text: string): Promise<Buffer> => {
  const taken = new Promise<Buffer>((resolve) => {
    where.onFrame = (frame) => {
      where.onFrame = (next) => next
      resolve(frame)
      return undefined
    }
  })
  await from.say([text])
  return taken
}
const flipped = (frame: Uint8Array, at: number): Uint8Array => {
  const changed = new Uint8Array(frame)
  changed[at]! ^= 1 << (at % 8)
  return changed
}

beforeEach(async () => {
  clock = manualClock()
  where = await room()
  mallory = await recordedEnd(way())
})
afterEach(async () => {
  await Promise.all(members.splice(0).map(({ channel }) => channel.close()))
  await mallory.connection.close()
  expect(clock.pending).toBe(0)
  await where[Symbol.asyncDispose]()
})

describe("a handshake in a stranger's room", () => {
  /** Ada has answered Bo's hello, and the room holds her first message. */
  const begun = async (): Promise<{ readonly both: readonly [Member, Member]; readonly first: Buffer }> => {
    const first = new Promise<Buffer>((resolve) => {
      where.onFrame = (frame) => {
        if (!isFirst(frame)) return frame
        resolve(frame)
        return undefined
      }
    })
    const both = [enter({ role: "initiator" }), enter({ role: "responder" })] as const
    for (const one of both) one.open().catch(() => undefined)
    const held = await first
    where.onFrame = (frame) => frame
    return { both, first: held }
  }

  it("[A21] is not taken over by a third party who speaks under another's hello", async () => {
    const {
      both: [ada, bo],
      first,
    } = await begun()
    // Mallory has both hellos before her, and answers Bo's in Ada's place with a certificate of her own.
    const posing = new RoomWorld(21).enter({ role: "initiator" })
    const own = posing.state.own.at(-1)!
    posing.state = { ...posing.state, own: [{ ...own, hello: helloCodec.decode(ada.sent.find(isHello)!) }] }
    posing.hear(bo.sent.find(isHello)!)
    const forged = posing.state.attempts[0]!.frame
    const nonces = [forged, first].map((frame) => decodeEnvelope(frame).handshake?.channelNonces)
    expect(nonces[0]).toEqual(nonces[1])
    await says([forged, forged], ada, bo)
    for (const one of [ada, bo]) expect([one.level, one.errors]).toEqual(["red: handshaking", []])
    await says([first])
    await Promise.all([ada.open(), bo.open()])
    expect([ada.channel.peerId, bo.channel.peerId]).toEqual([bo.channel.accountId, ada.channel.accountId])
    expect([ada.strangers, bo.strangers]).toEqual([[], []])
    await unharmed([ada, bo])
  })

  it("[A4] is never made with oneself, whatever of one's own comes back", async () => {
    const alone = enter()
    alone.open().catch(() => undefined)
    await mallory.arrived(1)
    await says([...mallory.frames, ...mallory.frames], alone)
    await clock.advance(20_000)
    await says([...mallory.frames], alone)
    expect([alone.level, alone.channel.peerId, alone.strangers]).toEqual(["red: handshaking", undefined, []])
    expect(where.said.filter((frame) => !isHello(frame) && frame.length > 16)).toEqual([])
  })

  it("[A12] is not weakened by a room that strips or adds offers: it fails until the offers pass whole", async () => {
    // After 01 06 00, nonce and context: how many suites, then each. Another one stands before the one we know.
    const SUITES = 3 + 32 + 32
    where.onFrame = (frame) =>
      isHello(frame)
        ? Buffer.concat([frame.subarray(0, SUITES), Uint8Array.of(2, 0, 9), frame.subarray(SUITES + 1)])
        : frame
    const both = [enter(), enter()] as const
    for (const one of both) one.open().catch(() => undefined)
    await Promise.all(both.map((one) => one.until(() => one.heard.some(isFirst))))
    await turn()
    expect(both.map(({ level }) => level)).toEqual(["red: handshaking", "red: handshaking"])
    where.onFrame = (frame) => frame
    // The next hello is due within the back-off.
    await clock.advance(31_000)
    await Promise.all(both.map((one) => one.open()))
    await unharmed(both)
  })

  it("[B1] fails with any byte of the first message changed, and opens with the genuine one, which is repeated", async () => {
    const { both, first } = await begun()
    const [ada, bo] = both
    const forgeries = Array.from({ length: first.length }, (_, at) => flipped(first, at))
    await says(forgeries, ada, bo)
    for (const one of both) expect([one.level, one.messages]).toEqual(["red: handshaking", []])
    expect(bo.sent.every(isHello)).toBe(true)
    // So many cost their receiver ten handshakes; the next may be tried after 5 s, and the genuine one is repeated.
    await clock.advance(10_000)
    await Promise.all(both.map((one) => one.open()))
    await unharmed(both)
  })
})

describe("messages in a stranger's room", () => {
  it("[B1] [B13] changed in any byte are not shown and harm nothing; the genuine one opens", async () => {
    const both = await pair()
    const [ada, bo] = both
    const frame = await kept(ada, "genuine")
    await says(
      Array.from({ length: frame.length }, (_, at) => flipped(frame, at)),
      bo,
      ada,
    )
    expect([bo.messages, bo.errors, bo.missing]).toEqual([[], [], 0])
    await says([frame], bo)
    expect(bo.texts).toEqual(["genuine"])
    await unharmed(both)
  })

  it("[B2] cut short or extended are not shown", async () => {
    const both = await pair()
    const [ada, bo] = both
    const frame = await kept(ada, "whole")
    const cuts = Array.from({ length: 40 }, (_, i) => frame.subarray(0, frame.length - i - 1))
    await says([...cuts, Buffer.concat([frame, Uint8Array.of(0)])], bo)
    expect(bo.messages).toEqual([])
    await says([frame], bo)
    expect(bo.texts).toEqual(["whole"])
    await unharmed(both)
  })

  it("[B4] of one room are not shown in another, nor under another session of the same two", async () => {
    const [ada, bo] = await pair()
    const frame = await kept(ada, "over the old keys")
    await bo.reload()
    await bo.say(["new keys"])
    await ada.until(() => ada.texts.includes("new keys"))
    const fresh = await kept(ada, "over the new keys")
    const underNew = Buffer.from(frame)
    fresh.copy(underNew, 3, 3, 3 + 16)
    const underOld = Buffer.from(fresh)
    frame.copy(underOld, 3, 3, 3 + 16)
    await says([frame, underNew, underOld], ada, bo)
    expect(bo.texts).toEqual([])
    const garden = [enter({ context: "garden" }), enter({ context: "garden" })] as const
    await Promise.all(garden.map((one) => one.open()))
    await says([fresh], bo, ...garden)
    expect([bo.texts, garden[0].texts, garden[1].texts]).toEqual([["over the new keys"], [], []])
    await unharmed([ada, bo])
    await unharmed(garden)
  })

  it("[B5] played again are shown once, however often and however old", async () => {
    const both = await pair()
    const [ada, bo] = both
    for (let turns = 0; turns < 100; turns++) await unharmed(both)
    const recorded = [...where.said]
    for (let times = 0; times < 3; times++) await says(recorded, ada, bo)
    expect([ada.messages.length, bo.messages.length]).toEqual([100, 100])
    await unharmed(both)
  })

  it("[B6] in any order are shown once each, and what is late is no gap for ever", async () => {
    const both = await pair()
    const [ada, bo] = both
    const held: Buffer[] = []
    where.onFrame = (frame) => (held.push(frame), undefined)
    const texts = Array.from({ length: 200 }, (_, i) => `letter ${i}`)
    await ada.say(texts)
    while (held.length < texts.length) await turn()
    where.onFrame = (frame) => frame
    await says(
      held.toSorted(() => randomBytes(1)[0]! - 128),
      bo,
    )
    expect([...bo.texts].toSorted()).toEqual(texts.toSorted())
    await unharmed(both, bo.missing)
  })

  it("[B7] that are lost are told as a gap, with their number, at the next one that comes", async () => {
    const both = await pair()
    const [ada, bo] = both
    for (const text of ["lost", "lost too", "and this"]) await kept(ada, text)
    expect(bo.missing).toBe(0)
    await unharmed(both, 3)
  })

  it("[B9] [B10] of strangers are shown to nobody, in whosever session they claim to be", async () => {
    const both = await pair()
    const [ada, bo] = both
    const frame = await kept(ada, "from ada")
    // Mallory has a session of her own with a friend in the same room, and moves hers under Ada's id.
    const strangers = [enter({ context: "mallory" }), enter({ context: "mallory" })] as const
    await Promise.all(strangers.map((one) => one.open()))
    const hers = await kept(strangers[0], "from mallory")
    const posing = Buffer.concat([frame.subarray(0, 3 + 16 + 32 + 8), hers.subarray(3 + 16 + 32 + 8)])
    const under = Buffer.concat([hers.subarray(0, 3), frame.subarray(3, 3 + 16), hers.subarray(3 + 16)])
    await says([posing, under, hers, frame], bo, strangers[1])
    expect([bo.texts, strangers[1].texts]).toEqual([["from ada"], ["from mallory"]])
    await unharmed(both)
  })

  it("[B20] forged by the thousand under a live session begin nothing, and the next genuine one opens", async () => {
    const both = await pair()
    const [ada, bo] = both
    const frame = await kept(ada, "genuine")
    const before = where.said.length
    const forged = Array.from({ length: 2_000 }, () =>
      Buffer.concat([frame.subarray(0, 3 + 16), randomBytes(frame.length - 3 - 16)]),
    )
    await says(forged, ada, bo)
    // Nobody answered: no hello, no handshake.
    expect(where.said.length - before).toBe(forged.length + 1)
    await says([frame], bo)
    await unharmed(both)
  })
})
