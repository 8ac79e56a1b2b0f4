/**
 * What a channel promises in a room of strangers, told once for every kind of room: a thousand messages each way, in
 * order, though the room echoes, a parrot repeats everything, others talk, one side reloads and old frames come again.
 */
import { canarySearch } from "@securechat/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { StrangersRoom } from "../rooms/room.ts"
import { Member } from "./member.ts"
import { type Parrot, isFirst, isHello, nonceOf, parrot } from "./parrot.ts"

const HALF = 500
/** A bound for a machine that does much else, not an expectation. */
const STORY_MS = 240_000
const LONG_BYTES = 64 * 1024
const SECRET = "meet me behind the old mill"
const APP_TALK = "does anybody know when lunch is"

/** Numbered; some as long as a message may be. */
const letters = (who: string, from: number): readonly string[] =>
  Array.from({ length: HALF }, (_, i) => {
    const letter = `${who} ${from + i}: ${SECRET}`
    return i % 250 === 249 ? letter.padEnd(LONG_BYTES, ".") : letter
  })

interface Cast {
  readonly ada: Member
  readonly bo: Member
  readonly mallory: Member
  readonly bird: Parrot
}

/** Everybody's next letters, both ways at once, until both have all of them. */
const exchange = async (room: StrangersRoom, { ada, bo }: Cast, from: number): Promise<void> => {
  const [adas, bos] = [letters("ada", from), letters("bo", from)]
  const [before, told] = [ada.messages.length, bo.messages.length]
  await Promise.all([ada.say(adas), bo.say(bos), room.chat(APP_TALK)])
  await ada.until(() => ada.messages.length >= before + HALF)
  await bo.until(() => bo.messages.length >= told + HALF)
  expect(ada.texts.slice(before)).toEqual(bos)
  expect(bo.texts.slice(told)).toEqual(adas)
}

const undisturbed = ({ ada, bo, mallory }: Cast): void => {
  for (const one of [ada, bo]) {
    expect([one.level, one.missing, one.errors]).toEqual(["yellow: unverified", 0, []])
    expect(one.strangers).toEqual([mallory.channel.accountId])
  }
  expect([mallory.channel.security.level, mallory.texts]).toEqual(["red", []])
}

/** Keys and seeds, and a phrase of every letter. Nonces of hellos are drawn like keys and are public. */
const secretsOf = ({ ada, bo, bird }: Cast): Parameters<typeof canarySearch>[0] => {
  const nonces = new Set(bird.heard.filter(isHello).map(nonceOf))
  const keys = [ada, bo].flatMap(({ drawn }) => drawn)
  return [
    { name: "a letter", bytes: Buffer.from(SECRET) },
    ...keys
      .filter((key) => !nonces.has(Buffer.from(key).toString("hex")))
      .map((bytes) => ({ name: "a key", bytes })),
  ]
}

export const strangersRoomSuite = (
  name: string,
  open: () => Promise<StrangersRoom>,
  { missing = false }: { readonly missing?: boolean } = {},
): void => {
  describe.skipIf(missing)(`a SecureChannel over ${name}`, () => {
    let room: StrangersRoom
    let cast: Cast
    beforeEach(async () => {
      room = await open()
      const bird = await parrot(room)
      const member = (peer?: string): Member =>
        new Member({ pipe: room.join(), context: "room-42", peer, retry: { minMs: 20, maxMs: 100 } })
      const [ada, bo] = await Promise.all([member("bo").open(), member("ada").open()])
      cast = { ada, bo, bird, mallory: member() }
      // Never opens: both already speak with somebody.
      cast.mallory.open().catch(() => undefined)
      await Promise.all([ada, bo].map((one) => one.until(() => one.strangers.length > 0)))
    })
    afterEach(async () => {
      const { ada, bo, mallory, bird } = cast
      await Promise.all([...[ada, bo, mallory].map(({ channel }) => channel.close()), bird.leave()])
      await room[Symbol.asyncDispose]()
    })

    const title = "carries a thousand messages each way, in order, through a reload and a replayed hello"
    it(title, { timeout: STORY_MS }, async () => {
      const { ada, bo, bird } = cast
      await exchange(room, cast, 0)
      undisturbed(cast)

      const older = bird.heard
      await bo.reload()
      expect(bo.channel.peerId).toBe(ada.channel.accountId)
      expect(new Set(bo.sent.filter(isHello).map(nonceOf)).size).toBeGreaterThan(1)

      // Bo first: it is open a moment before Ada, who would still speak on the session Bo has forgotten.
      await bo.say(["I am back"])
      await ada.until(() => ada.texts.at(-1) === "I am back")

      await bird.replay(older.filter((frame) => isHello(frame) || isFirst(frame)))
      const changes = ada.changes.length
      await exchange(room, cast, HALF)
      // Some are a thousand messages old: nothing is shown twice.
      await bird.replay(older.filter((_, i) => i % 5 === 0))
      await Promise.all([ada.say(["and good night"]), bo.say(["and good night"])])
      await Promise.all([ada, bo].map((one) => one.until(() => one.texts.at(-1) === "and good night")))
      expect([ada.messages.length, bo.messages.length]).toEqual([2 * HALF + 2, 2 * HALF + 1])
      expect(ada.changes.slice(changes)).toEqual([])

      const seen = await room.seen()
      expect(seen.length).toBeGreaterThan(4 * HALF * 200)
      expect(seen.includes(APP_TALK)).toBe(true)
      const secrets = secretsOf(cast)
      expect(secrets.length).toBeGreaterThan(20)
      expect(canarySearch(secrets)(seen)).toEqual([])
    })
  })
}
