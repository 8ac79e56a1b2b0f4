/**
 * Two pages, and a third party, on a pipe that loses, repeats, reorders and echoes, with reloads at any moment:
 * whatever happened, once the pipe heals both are open with each other on one session. protocol.md §5
 */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { createIdentity } from "../../src/identity/keys.ts"
import { decodeEnvelope, peekType } from "../../src/wire/envelope.ts"
import { type Member, RoomWorld, type Spoken } from "./room-world.ts"

type Who = "ada" | "bo" | "mallory"
type Move =
  | { readonly act: "deliver" | "drop" | "repeat" | "tamper"; readonly at: number }
  | { readonly act: "deliver-all" }
  | { readonly act: "pass"; readonly ms: number }
  | { readonly act: "reload" | "send" | "reset"; readonly who: Who }
  | { readonly act: "replay"; readonly at: number }
  | { readonly act: "offline" | "online"; readonly who: Who }

const who = fc.constantFrom<Who>("ada", "bo", "ada", "bo", "mallory")
const at = fc.nat(1_000)
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ act: fc.constant("deliver" as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constantFrom("drop" as const, "repeat" as const, "tamper" as const), at }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("deliver-all" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constantFrom("reload" as const, "send" as const, "send" as const), who }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constantFrom("reset" as const, "offline" as const, "online" as const),
      who,
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("replay" as const), at }) },
)

interface Cast {
  readonly room: RoomWorld
  readonly pages: Partial<Record<Who, Member>>
  /** What each account said, as text. */
  readonly sent: { readonly account: string; readonly body: string }[]
  readonly everyone: Member[]
}

const send = (cast: Cast, from: Member): void => {
  if (from.peer === undefined) return
  const body = `${from.account} ${cast.sent.length}`
  cast.sent.push({ account: from.account, body })
  from.take({ type: "send", body })
}

const takeAt = (room: RoomWorld, index: number): Spoken | undefined =>
  room.pending.length === 0 ? undefined : room.pending.splice(index % room.pending.length, 1)[0]

const tampered = (frame: Uint8Array, seed: number): Uint8Array => {
  const out = frame.slice()
  const place = seed % out.length
  out[place] = (out[place] ?? 0) ^ (1 << (seed % 8))
  return out
}

const onFrame = (cast: Cast, act: "deliver" | "drop" | "repeat" | "tamper", index: number): void => {
  const { room } = cast
  const spoken = takeAt(room, index)
  if (spoken === undefined || act === "drop") return
  if (act === "repeat") room.pending.push(spoken)
  if (act === "tamper") for (const member of [...room.members]) member.hear(tampered(spoken.frame, index))
  else room.deliver(spoken)
}

const play = (cast: Cast, move: Move): void => {
  const { room, pages } = cast
  switch (move.act) {
    case "deliver-all":
      room.settle()
      return
    case "pass":
      room.pass(move.ms, () => undefined)
      return
    case "replay": {
      const spoken = room.said[move.at % Math.max(1, room.said.length)]
      if (spoken !== undefined) room.deliver(spoken)
      return
    }
    case "reload":
    case "send":
    case "reset":
    case "offline":
    case "online": {
      const page = pages[move.who]
      if (page === undefined) return
      if (move.act === "send") send(cast, page)
      else if (move.act === "reload") cast.everyone.push((pages[move.who] = room.reload(page)))
      else page.take({ type: move.act })
      return
    }
    default:
      onFrame(cast, move.act, move.at)
  }
}

/** Nobody reads what was not sent, or twice, or as somebody else's; and content travels on open sessions only. */
const holds = (cast: Cast): void => {
  for (const member of cast.everyone) {
    const ids = member.arrived.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const message of member.arrived)
      expect(cast.sent).toContainEqual({ account: message.account, body: message.body })
    expect(member.unreadable).toEqual([])
  }
}

const heal = (cast: Cast): void => {
  const { room, pages } = cast
  for (const page of [pages.ada, pages.bo, pages.mallory]) page?.take({ type: "online" })
  room.settle()
  room.pass(180_000)
  for (let round = 0; round < 4; round++)
    for (const page of [pages.ada, pages.bo]) {
      if (page !== undefined) send(cast, page)
      room.settle()
      room.pass(5_000)
    }
}

const openTogether = (cast: Cast): void => {
  const { ada, bo } = cast.pages
  if (ada === undefined || bo === undefined) throw new Error("nobody there")
  expect(ada.peer).toBe(bo.account)
  expect(bo.peer).toBe(ada.account)
  expect(ada.session).toBe(bo.session)
  expect(ada.arrived.at(-1)?.body).toBe(cast.sent.findLast(({ account }) => account === bo.account)?.body)
  expect(bo.arrived.at(-1)?.body).toBe(cast.sent.findLast(({ account }) => account === ada.account)?.body)
}

const cast = (seed: number, third: boolean): Cast => {
  const room = new RoomWorld(seed)
  const [adas, bos] = [createIdentity(room.deps), createIdentity(room.deps)]
  const ada = room.enter({ identity: adas, ...(third ? { only: bos.accountId } : {}) })
  const bo = room.enter({ identity: bos, ...(third ? { only: adas.accountId } : {}) })
  const mallory = third ? room.enter() : undefined
  const pages = { ada, bo, ...(mallory === undefined ? {} : { mallory }) }
  return { room, pages, sent: [], everyone: [ada, bo, ...(mallory === undefined ? [] : [mallory])] }
}

const RUNS = Number(process.env["SECURECHAT_RUNS"] ?? 25)

describe("pairing on a hostile pipe", () => {
  for (const third of [false, true])
    it(`converges to one open pair ${third ? "with a third party in the room" : "of two"}`, () => {
      fc.assert(
        fc.property(fc.integer(), fc.array(move, { maxLength: 60 }), (seed, moves) => {
          const scene = cast(seed, third)
          for (const each of moves) {
            play(scene, each)
            holds(scene)
            const { ada, bo } = scene.pages
            if (third) {
              expect([undefined, bo?.account]).toContain(ada?.peer)
              expect([undefined, ada?.account]).toContain(bo?.peer)
            }
          }
          heal(scene)
          holds(scene)
          openTogether(scene)
        }),
        { numRuns: RUNS, seed: 20_260_101 },
      )
    }, 120_000)

  it("never sends content before it is open: all that leaves are hellos, openings and sealed messages", () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(move, { maxLength: 30 }), (seed, moves) => {
        const scene = cast(seed, false)
        for (const each of moves) {
          const before = [scene.pages.ada?.peer, scene.pages.bo?.peer]
          const already = scene.room.said.length
          play(scene, each)
          if (before.every((peer) => peer === undefined) && each.act === "send")
            expect(scene.room.said).toHaveLength(already)
        }
        for (const { frame } of scene.room.said)
          if (peekType(frame) !== 6) expect(decodeEnvelope(frame).token.length).toBeGreaterThan(0)
      }),
      { numRuns: Math.ceil(RUNS / 4), seed: 7 },
    )
  }, 60_000)
})
