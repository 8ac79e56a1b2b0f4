/** What a relay without keys can do to its clients, one trick at a time, drawn from a seed. Each returns its end. */
import type { UnsafeSeeded } from "@securechat/testkit"
import { type Frame, RELAY_CODE, stockCodec } from "@securechat/core/wire"
import type { Crossing, EvilRelay } from "../support/evil-relay.ts"
import type { Mallory } from "../support/mallory.ts"

interface Scene {
  readonly evil: EvilRelay
  readonly random: UnsafeSeeded
  readonly names: readonly string[]
  readonly mallory: Mallory
  readonly count: (what: string) => void
  /** Whoever is cut off signs in again, and asks again. */
  readonly cut: (who: string) => void
}
type End = () => void
type Trick = (scene: Scene) => End

/** What the relay says it still has: high enough that nothing is refilled, or low with nearly nothing missing. */
const PLENTY = { oneTimeLeft: 97, kemLeft: 17 }
const LOW = { oneTimeLeft: 97, kemLeft: 4 }

const ANY: readonly Frame["type"][] = [
  "submit",
  "deliver",
  "accepted",
  "ack",
  "ok",
  "ready",
  "caughtUp",
  "signal",
]

export const flipped = (bytes: Uint8Array, random: UnsafeSeeded): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(bytes)
  if (out.length > 0) out[random.below(out.length)]! ^= 1 << random.below(8)
  return out
}

const older = (scene: Scene, type: Frame["type"], who?: string): Crossing | undefined => {
  const fitting = scene.evil.seen.filter(
    (one) => one.frame.type === type && one.way === "down" && (who === undefined || one.who === who),
  )
  return fitting.length === 0 ? undefined : scene.random.pick(fitting)
}
const answersTo = ({ evil, random }: Scene, asked: Frame["type"]): Crossing | undefined => {
  const fitting = evil.seen.filter((one) => one.asked?.type === asked && one.frame.type === "ok")
  return fitting.length === 0 ? undefined : random.pick(fitting)
}

/** Some frames of one kind do not arrive. */
const drop: Trick = ({ evil, random }) => {
  const type = random.pick(ANY)
  const chance = random.fraction()
  return evil.drop(({ frame }) => frame.type === type && random.chance(chance))
}
/** Some arrive more than once. */
const repeat: Trick = ({ evil, random }) => {
  const type = random.pick(["submit", "deliver", "accepted", "ack", "signalled"] as const)
  return evil.rule(({ frame }) => (frame.type === type && random.chance(0.5) ? [frame, frame] : undefined))
}
/** Deliveries wait, and come in another order or never. */
const hold: Trick = ({ evil, random, names }) => {
  const who = random.pick(names)
  const held = evil.hold((one) => one.who === who && one.way === "down" && one.frame.type === "deliver")
  return () => {
    try {
      held.release((all) => (random.chance(0.2) ? [] : all.toSorted(() => random.fraction() - 0.5)))
    } catch {
      // Its connection has gone meanwhile.
    }
  }
}
/** Bits of what is carried change. */
const mutate: Trick = ({ evil, random }) => {
  const way = random.pick(["up", "down"] as const)
  const chance = random.fraction() * 0.3
  return evil.rule((one) => {
    const { frame } = one
    if (one.way !== way || !random.chance(chance)) return undefined
    if (frame.type === "submit" || frame.type === "deliver" || frame.type === "ok")
      return [{ ...frame, body: flipped(frame.body, random) }]
    return undefined
  })
}
/** Bits of whole frames change, heads included. */
const garble: Trick = ({ evil, random }) => {
  const chance = random.fraction() * 0.05
  return evil.rule(({ bytes, way }) =>
    way === "down" && random.chance(chance) ? [flipped(bytes, random)] : undefined,
  )
}
/** Envelopes go to somebody else, or come from somebody else. */
const redirect: Trick = (scene) => {
  const { evil, random } = scene
  const chance = random.fraction()
  return evil.rule(({ frame, way }) => {
    if (!random.chance(chance)) return undefined
    const from = older(scene, "deliver")?.frame
    if (frame.type === "deliver" && way === "down" && from?.type === "deliver")
      return [{ ...frame, fromAccountId: from.fromAccountId, fromDeviceId: from.fromDeviceId }]
    const to = evil.seen.find((one) => one.frame.type === "hello" && random.chance(0.3))?.frame
    if (frame.type === "submit" && to?.type === "hello")
      return [{ ...frame, accountId: to.accountId, deviceId: to.deviceId }]
    return undefined
  })
}
/** Old deliveries come again, under a new cursor and to anybody. */
const replay: Trick = (scene) => {
  const { evil, random, names } = scene
  return evil.rule(({ who, way, frame }) => {
    if (way !== "down" || frame.type !== "deliver" || !random.chance(0.3)) return undefined
    const old = older(scene, "deliver", random.chance(0.7) ? who : random.pick(names))?.frame
    return old?.type === "deliver" ? [{ ...old, cursor: frame.cursor }, frame] : undefined
  })
}
/** Keys and device lists that were handed out before, for whoever asks. */
const swapAnswers: Trick = (scene) => {
  const { evil, random, names } = scene
  const who = random.pick(names)
  const kind = random.pick(["claim", "devices", "handleGet"] as const)
  return evil.amend(who, kind, (answer) => {
    const old = answersTo(scene, kind)?.frame
    return old?.type === "ok" && answer.type === "ok" ? { ...answer, body: old.body } : answer
  })
}
/** One person is shown another directory than the rest. */
const splitView: Trick = ({ random, names, mallory, cut }) => {
  const victim = random.pick(names)
  const end = mallory.posesAs(random.pick(names.filter((name) => name !== victim)), victim)
  cut(victim)
  return end
}

/** The relay says it took an envelope, and throws it away. */
const swallow: Trick = ({ evil, random, names }) =>
  evil.answer(random.pick(names), "submit", ({ request, envelopeId }) =>
    random.chance(0.5) ? { type: "accepted", request, envelopeId, repeated: random.chance(0.3) } : undefined,
  )
/** Cursors that mean nothing, or everything. */
const lieAboutCursor: Trick = ({ evil, random, names }) =>
  evil.amend(random.pick(names), "proof", (answer) =>
    answer.type === "ready" ? { ...answer, ...PLENTY, resumed: random.chance(0.5) } : answer,
  )

const CODES = Object.values(RELAY_CODE)
/** Control frames nobody asked for, and answers to requests that are open or are not. */
const forge: Trick = ({ evil, random, names }) => {
  const makers: readonly ((request: number) => Frame)[] = [
    (request) => ({ type: "nack", request, code: random.pick(CODES), retryAfterMs: random.below(5_000) }),
    () => ({ type: "bye", request: 0, code: random.pick(CODES) }),
    () => ({ type: "drain", request: 0, closesInMs: 1_000, reconnectWithinMs: random.below(3_000) }),
    () => ({ type: "stock", request: 0, oneTimeLeft: 97, kemLeft: 17, lastResortUses: random.below(9) }),
    () => ({ type: "caughtUp", request: 0 }),
    () => ({ type: "token", request: 0, token: new Uint8Array(0) }),
    (request) => ({ type: "ok", request, body: random.random(random.below(40)) }),
    (request) => ({ type: "accepted", request, envelopeId: random.random(16), repeated: false }),
    () => ({ type: "ping", request: 0, nonce: random.random(8) }),
  ]
  const who = random.pick(names)
  try {
    for (let count = random.below(3); count >= 0; count--)
      evil.say(who, random.pick(makers)(random.below(20)))
  } catch {
    // Nobody is connected.
  }
  return () => undefined
}

const TRICKS: readonly Trick[] = [
  ...[drop, repeat, hold, mutate, garble, redirect, replay],
  ...[swapAnswers, splitView, splitView, swallow, lieAboutCursor, forge, forge],
]

/** The adversary of one run: draws tricks, keeps a few going, and can be made to stop. */
export class Tricks {
  readonly #scene: Scene
  readonly #ends: End[] = []

  constructor(scene: Scene) {
    this.#scene = scene
  }
  begin(): void {
    const trick = this.#scene.random.pick(TRICKS)
    this.#scene.count(trick.name)
    this.#ends.push(trick(this.#scene))
  }
  stop(): void {
    this.#ends.shift()?.()
  }
  stopAll(): void {
    while (this.#ends.length > 0) this.stop()
  }
}

/**
 * The relay tells of a better stock than it has: a client then makes few keys, and a run is fast. A relay may lie
 * about it as it likes, and what runs out is served with the last-resort keys.
 */
export const boastOfStock = (evil: EvilRelay): void => {
  const published = new Set<string>()
  evil.rule(({ who, way, frame, asked }) => {
    if (frame.type === "publish") published.add(who)
    if (way !== "down") return undefined
    if (frame.type === "ready")
      return [{ ...frame, ...(frame.oneTimeLeft === 0 && published.has(who) ? LOW : PLENTY) }]
    if (frame.type === "stock") return [{ ...frame, ...PLENTY }]
    if (frame.type === "ok" && asked?.type === "publish")
      return [{ ...frame, body: stockCodec.encode({ ...PLENTY, lastResortUses: 0 }) }]
    return undefined
  })
}
