/** Each invariant has a history that breaks just that one: a checker that cannot fail is worse than none. */
import { describe, expect, it } from "vitest"
import {
  type DeliveredRecord,
  type HistoryRecord,
  type SentRecord,
  assertHistory,
  checkHistory,
} from "./history.ts"
import { unsafeSeeded } from "./random.ts"

let nowMs = 0
const at = (actor: string) => ({ actor, atMs: ++nowMs })
const sent = (actor: string, counter: number, more: Partial<SentRecord> = {}): SentRecord => ({
  kind: "sent",
  ...at(actor),
  sender: actor,
  counter,
  digest: `${actor}${counter}`,
  to: [actor === "ada" ? "bo" : "ada"],
  ...more,
})
const delivered = (
  actor: string,
  sender: string,
  counter: number,
  more: Partial<DeliveredRecord> = {},
): DeliveredRecord => ({
  kind: "delivered",
  ...at(actor),
  sender,
  counter,
  digest: `${sender}${counter}`,
  ...more,
})
const gap = (actor: string, ...missing: (readonly [string, number])[]): HistoryRecord => ({
  kind: "gap",
  ...at(actor),
  missing: missing.map(([sender, counter]) => ({ sender, counter })),
})
const red = (actor: string, peer: string, identity: string): HistoryRecord => ({
  kind: "security",
  ...at(actor),
  peer,
  level: "red",
  identity,
})
const quiet = (): HistoryRecord => ({ kind: "quiet", ...at("run") })
const secret = unsafeSeeded(1).random(32)
const canary = (bytes: Uint8Array = secret): HistoryRecord => ({
  kind: "canary",
  ...at("ada"),
  name: "a private key",
  bytes,
})
const saw = (bytes: Uint8Array): HistoryRecord => ({ kind: "saw", ...at("relay"), where: "frame", bytes })
const sealed = (key: string, nonce: string, digest: string): HistoryRecord => ({
  kind: "encrypted",
  ...at("ada"),
  key,
  nonce,
  digest,
})
const refused = (before: string, after: string): HistoryRecord => ({
  kind: "refused",
  ...at("bo"),
  before,
  after,
})
const restored = (actor: string, upTo: number): HistoryRecord => ({ kind: "restored", ...at(actor), upTo })
const view = (actor: string, head: string): HistoryRecord => ({
  kind: "view",
  ...at(actor),
  about: "the log of ada",
  head,
})
const fork = (actor: string): HistoryRecord => ({ kind: "fork", ...at(actor), about: "the log of ada" })
const size = (amount: number): HistoryRecord => ({
  kind: "size",
  ...at("ada"),
  what: "sessions",
  size: amount,
  limit: 5,
})

/** A run in which everything happens and nothing is wrong. */
const sound = (): HistoryRecord[] => [
  canary(),
  sent("ada", 1, { peer: "bo", identity: "bo-1" }),
  saw(unsafeSeeded(2).random(500)),
  sealed("k1", "0", "ada1"),
  sealed("k1", "0", "ada1"),
  sealed("k1", "1", "ada2"),
  delivered("bo", "ada", 1, { peer: "ada", identity: "ada-1" }),
  sent("ada", 2),
  sent("ada", 3),
  sent("ada", 4),
  refused("s", "s"),
  delivered("bo", "ada", 4),
  gap("bo", ["ada", 3]),
  delivered("bo", "ada", 2, { marked: true }),
  sent("bo", 1),
  { kind: "failed", ...at("bo"), sender: "bo", counter: 1 },
  red("ada", "bo", "bo-2"),
  sent("ada", 5, { peer: "bo", identity: "bo-2" }),
  delivered("bo", "ada", 5),
  view("ada", "h5"),
  view("bo", "h5"),
  size(5),
  quiet(),
]

const broken = (history: readonly HistoryRecord[]): readonly string[] => [
  ...new Set(checkHistory(history).map((one) => one.invariant)),
]

describe("checkHistory", () => {
  it("finds nothing in a sound history, nor in an empty one", () => {
    expect(checkHistory(sound())).toEqual([])
    expect(checkHistory([])).toEqual([])
    expect(() => {
      assertHistory(sound(), "seed 1")
    }).not.toThrow()
  })

  it.each<[string, string, () => HistoryRecord[]]>([
    ["I1", "the relay saw a secret among other bytes", () => [canary(), saw(Uint8Array.of(1, ...secret, 2))]],
    ["I1", "the secret was named after it was seen", () => [saw(secret), canary()]],
    ["I2", "a message nobody sent", () => [delivered("bo", "ada", 1)]],
    [
      "I2",
      "a message with other content",
      () => [sent("ada", 1), delivered("bo", "ada", 1, { digest: "x" })],
    ],
    [
      "I2",
      "a message of somebody else",
      () => [sent("ada", 1), delivered("bo", "eve", 1, { digest: "ada1" })],
    ],
    ["I2", "a message before it was sent", () => [delivered("bo", "ada", 1), sent("ada", 1)]],
    ["I3", "a message twice", () => [sent("ada", 1), delivered("bo", "ada", 1), delivered("bo", "ada", 1)]],
    [
      "I4",
      "two messages of one sender the wrong way round",
      () => [sent("ada", 1), sent("ada", 2), delivered("bo", "ada", 2), delivered("bo", "ada", 1)],
    ],
    [
      "I4",
      "an answer before what it answers",
      () => [
        sent("ada", 1, { to: ["bo", "cy"] }),
        delivered("bo", "ada", 1),
        sent("bo", 1, { to: ["ada", "cy"] }),
        delivered("cy", "bo", 1),
        delivered("cy", "ada", 1),
      ],
    ],
    ["I5", "a message that vanished", () => [sent("ada", 1), quiet()]],
    [
      "I5",
      "a message that reached one device of two",
      () => [sent("ada", 1, { to: ["bo", "cy"] }), delivered("bo", "ada", 1), quiet()],
    ],
    [
      "I5",
      "a failure that names another device",
      () => [
        sent("ada", 1, { to: ["bo", "cy"] }),
        { kind: "failed", ...at("ada"), sender: "ada", counter: 1, to: ["bo"] },
        quiet(),
      ],
    ],
    ["I6", "two plaintexts under one key and nonce", () => [sealed("k", "0", "a"), sealed("k", "0", "b")]],
    [
      "I8",
      "a new identity without a word",
      () => [
        sent("ada", 1, { peer: "bo", identity: "bo-1" }),
        sent("ada", 2, { peer: "bo", identity: "bo-2" }),
      ],
    ],
    [
      "I8",
      "a message shown under a new identity before the level turned red",
      () => [
        sent("bo", 1),
        sent("bo", 2),
        delivered("ada", "bo", 1, { peer: "bo", identity: "bo-1" }),
        delivered("ada", "bo", 2, { peer: "bo", identity: "bo-2" }),
        red("ada", "bo", "bo-2"),
      ],
    ],
    [
      "I8",
      "a warning about one identity used for another",
      () => [
        sent("ada", 1, { peer: "bo", identity: "bo-1" }),
        red("ada", "bo", "bo-2"),
        sent("ada", 2, { peer: "bo", identity: "bo-3" }),
      ],
    ],
    [
      "I8",
      "a change back under the old warning",
      () => [
        red("ada", "bo", "bo-1"),
        sent("ada", 1, { peer: "bo", identity: "bo-1" }),
        red("ada", "bo", "bo-2"),
        sent("ada", 2, { peer: "bo", identity: "bo-2" }),
        sent("ada", 3, { peer: "bo", identity: "bo-1" }),
      ],
    ],
    [
      "I7",
      "a message shown by somebody else's device",
      () => [sent("ada", 1), delivered("bo", "ada", 1), delivered("cy", "ada", 1)],
    ],
    [
      "I7",
      "a message that may go to one more device, shown by a third",
      () => [sent("ada", 1, { to: [], allowed: ["bo"] }), delivered("cy", "ada", 1)],
    ],
    ["I9", "two truths of which nobody was told", () => [view("ada", "h1"), view("bo", "h2"), quiet()]],
    ["I10", "a refusal that left a trace", () => [refused("s1", "s2")]],
    ["I11", "one more than the limit", () => [size(6)]],
  ])("finds %s alone: %s", (invariant, _, history) => {
    expect(broken(history())).toEqual([invariant])
    expect(broken([...sound(), ...history().map(elsewhere)])).toEqual([invariant])
  })

  it("takes an effect whose cause was named as missing, marked or meant for others", () => {
    const cause = sent("ada", 1, { to: ["bo", "cy"] })
    const answer = [cause, delivered("bo", "ada", 1), sent("bo", 1, { to: ["cy"] })]
    expect(broken([...answer, gap("cy", ["ada", 1]), delivered("cy", "bo", 1)])).toEqual([])
    expect(broken([...answer, delivered("cy", "bo", 1, { marked: true })])).toEqual([])
    expect(broken([{ ...cause, to: ["bo"] }, ...answer.slice(1), delivered("cy", "bo", 1)])).toEqual([])
  })

  it("takes what may arrive without a promise, and two truths somebody was told of", () => {
    expect(broken([sent("ada", 1, { to: [], allowed: ["bo"] }), delivered("bo", "ada", 1)])).toEqual([])
    expect(broken([view("ada", "h1"), view("bo", "h2"), fork("bo"), quiet()])).toEqual([])
    expect(broken([view("ada", "h1"), quiet(), view("bo", "h2"), quiet()])).toEqual([])
  })

  it("expects nothing of a store put back but what the copy knows", () => {
    const run = [sent("ada", 1), delivered("bo", "ada", 1), sealed("k", "0", "a")]
    expect(broken([...run, restored("bo", 0), delivered("bo", "ada", 1)])).toEqual([])
    expect(broken([...run, restored("bo", 1), delivered("bo", "ada", 1)])).toEqual(["I3"])
    expect(broken([...run, restored("ada", 1), sealed("k", "0", "b")])).toEqual([])
    expect(broken([...run, restored("ada", 2), sealed("k", "0", "b")])).toEqual(["I6"])
    expect(broken([sent("ada", 1), restored("ada", -1), quiet()])).toEqual([])
    expect(broken([sent("ada", 1), restored("ada", 0), quiet()])).toEqual(["I5"])
    const late = [sent("ada", 1), sent("ada", 2), delivered("bo", "ada", 2)]
    expect(broken([...late, restored("bo", 1), delivered("bo", "ada", 1)])).toEqual([])
    expect(broken([...late, restored("bo", 2), delivered("bo", "ada", 1)])).toEqual(["I4"])
    const under = (number: number): HistoryRecord =>
      sent("ada", number, { peer: "bo", identity: `bo-${number}` })
    const changed = [under(1), red("ada", "bo", "bo-2"), under(2)]
    expect(broken([...changed, restored("ada", 0), under(1)])).toEqual([])
    expect(broken([...changed, restored("ada", 2), under(1)])).toEqual(["I8"])
    expect(broken([...changed, restored("ada", 0), under(2)])).toEqual(["I8"])
  })

  it("gives a loss its grace, and reports it once", () => {
    const message = sent("ada", 1)
    const still = quiet()
    const late = { ...gap("bo", ["ada", 1]), atMs: still.atMs + 10 }
    expect(checkHistory([message, still, late], { graceMs: 10 })).toEqual([])
    expect(checkHistory([message, still, late, quiet()], { graceMs: 9 })).toHaveLength(1)
  })

  it("prints what broke with the line that replays it", () => {
    expect(() => {
      assertHistory([delivered("bo", "ada", 1)], "seed 7 step 12")
    }).toThrow("replay: seed 7 step 12\nI2 at record 0: ada#1 was delivered to bo and never sent")
  })
})

/** The same record among other actors, so that it meets nothing of the history before it. */
const elsewhere = (one: HistoryRecord): HistoryRecord => {
  const move = (name: string): string => `${name}'`
  const actor = move(one.actor)
  switch (one.kind) {
    case "sent":
      return {
        ...{ ...one, actor, sender: move(one.sender), to: one.to.map(move) },
        ...(one.allowed === undefined ? {} : { allowed: one.allowed.map(move) }),
      }
    case "delivered":
      return { ...one, actor, sender: move(one.sender) }
    case "failed":
      return { ...one, actor, sender: move(one.sender), to: (one.to ?? []).map(move) }
    case "encrypted":
      return { ...one, actor, key: move(one.key) }
    case "view":
      return { ...one, actor, about: move(one.about) }
    default:
      return { ...one, actor }
  }
}
