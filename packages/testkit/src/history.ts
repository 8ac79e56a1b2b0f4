/** The one judge of runs: reads a history and names what broke, invariant by invariant. */
import { canarySearch } from "./canary.ts"
import { checkOrder } from "./history-order.ts"
import type {
  DeliveredRecord,
  HistoryRecord,
  Invariant,
  MessageRef,
  SentRecord,
  Violation,
} from "./history-records.ts"

export type * from "./history-records.ts"

export interface HistoryOptions {
  /** Time after a quiet record until which a loss may still be named. */
  readonly graceMs?: number | undefined
}

type Report = (at: number, message: string) => void
type Check = (history: readonly HistoryRecord[], report: Report, options: HistoryOptions) => void

const nameOf = ({ sender, counter }: MessageRef): string => `${sender}#${counter}`

/** I1. What was seen contains no canary in any spelling, whenever either was recorded. */
const confidentiality: Check = (history, report) => {
  const search = canarySearch(history.filter((one) => one.kind === "canary"))
  history.forEach((one, at) => {
    if (one.kind !== "saw") return
    for (const name of search(one.bytes)) report(at, `${one.actor} saw ${name} in its ${one.where}`)
  })
}

/** I2. What is delivered was sent before, by that sender, with that content. */
const authenticity: Check = (history, report) => {
  const sent = new Map<string, SentRecord>()
  history.forEach((one, at) => {
    if (one.kind === "sent") sent.set(nameOf(one), one)
    if (one.kind !== "delivered") return
    const origin = sent.get(nameOf(one))
    if (origin === undefined) report(at, `${nameOf(one)} was delivered to ${one.actor} and never sent`)
    else if (origin.digest !== one.digest)
      report(at, `${nameOf(one)} arrived at ${one.actor} with other content`)
  })
}

/** What an older copy of the actor's store does not know of. */
const forget = <T extends { readonly actor: string; readonly at: number }>(
  known: Map<string, T>,
  { actor, upTo }: { readonly actor: string; readonly upTo: number },
): void => {
  for (const [key, one] of known) if (one.actor === actor && one.at > upTo) known.delete(key)
}

/** I3. No message twice on one device, as far as its store can know. */
const atMostOnce: Check = (history, report) => {
  const seen = new Map<string, { actor: string; at: number }>()
  history.forEach((one, at) => {
    if (one.kind === "restored") forget(seen, one)
    if (one.kind !== "delivered") return
    const { actor } = one
    const key = JSON.stringify([actor, one.sender, one.counter])
    if (seen.has(key)) report(at, `${nameOf(one)} was delivered to ${actor} twice`)
    seen.set(key, { actor, at })
  })
}

/** I5. At a quiet record every message sent before it is delivered to each device, or named as lost, at the latest a grace later. */
const completeness: Check = (history, report, { graceMs = 0 }) => {
  /** When each (message, device) was accounted for, first. */
  const settled = new Map<string, number>()
  const key = (ref: MessageRef, device: string): string => JSON.stringify([ref.sender, ref.counter, device])
  const settle = (ref: MessageRef, device: string, atMs: number): void => {
    const known = settled.get(key(ref, device))
    if (known === undefined || atMs < known) settled.set(key(ref, device), atMs)
  }
  const sent = new Map<string, SentRecord>()
  for (const one of history) {
    if (one.kind === "sent") sent.set(nameOf(one), one)
    if (one.kind === "delivered") settle(one, one.actor, one.atMs)
    if (one.kind === "gap") for (const ref of one.missing) settle(ref, one.actor, one.atMs)
    if (one.kind === "failed")
      for (const device of one.to ?? sent.get(nameOf(one))?.to ?? []) settle(one, device, one.atMs)
  }
  /** Each loss is reported at the first quiet record that shows it. */
  let open: { readonly message: SentRecord; readonly at: number }[] = []
  history.forEach((one, at) => {
    if (one.kind === "sent") open.push({ message: one, at })
    // A promise goes with the store that held it.
    if (one.kind === "restored")
      open = open.filter(({ message, at: sentAt }) => message.actor !== one.actor || sentAt <= one.upTo)
    if (one.kind !== "quiet") return
    for (const { message } of open.splice(0))
      for (const device of message.to)
        if (!((settled.get(key(message, device)) ?? Infinity) <= one.atMs + graceMs))
          report(at, `${nameOf(message)} neither reached ${device} nor was named as lost`)
  })
}

/** I6. One key with one IV or counter seals one plaintext, as far as the store that holds the key can know. */
const nonceReuse: Check = (history, report) => {
  const sealed = new Map<string, { actor: string; at: number; digest: string }>()
  history.forEach((one, at) => {
    if (one.kind === "restored") forget(sealed, one)
    if (one.kind !== "encrypted") return
    const { actor, digest } = one
    const key = JSON.stringify([one.key, one.nonce])
    const earlier = sealed.get(key)
    if (earlier !== undefined && earlier.digest !== digest)
      report(at, `${actor} sealed a second plaintext under key ${one.key}, nonce ${one.nonce}`)
    sealed.set(key, { actor, at: earlier?.at ?? at, digest })
  })
}

/** I7. Only devices it was meant for get a message. */
const membership: Check = (history, report) => {
  const allowed = new Map<string, readonly string[]>()
  history.forEach((one, at) => {
    if (one.kind === "sent") allowed.set(nameOf(one), one.allowed ?? one.to)
    if (one.kind !== "delivered") return
    if (allowed.get(nameOf(one))?.includes(one.actor) === false)
      report(at, `${nameOf(one)} was not meant for ${one.actor}`)
  })
}

const underIdentity = (
  one: HistoryRecord,
): one is (SentRecord | DeliveredRecord) & { readonly peer: string; readonly identity: string } =>
  (one.kind === "sent" || one.kind === "delivered") && one.peer !== undefined && one.identity !== undefined

/** I8. Nothing is sent or shown under a peer's new identity before a red level has told of it, as far as its store can know. */
const noSilentKeyChange: Check = (history, report) => {
  /** The identities gone on with, by who holds them of whom, the latest last. */
  const known = new Map<
    string,
    { readonly actor: string; readonly at: number; readonly identity: string }[]
  >()
  const warned = new Map<string, { readonly actor: string; readonly at: number }>()
  history.forEach((one, at) => {
    const { actor } = one
    if (one.kind === "restored") {
      forget(warned, one)
      for (const [place, all] of known)
        known.set(
          place,
          all.filter((before) => before.actor !== actor || before.at <= one.upTo),
        )
    }
    if (one.kind === "security" && one.level === "red")
      warned.set(JSON.stringify([actor, one.peer, one.identity]), { actor, at })
    if (!underIdentity(one)) return
    const place = JSON.stringify([actor, one.peer])
    const all = known.get(place) ?? []
    const before = all.at(-1)?.identity
    if (before === one.identity) return
    known.set(place, [...all, { actor, at, identity: one.identity }])
    if (before === undefined) return
    if (!warned.has(JSON.stringify([actor, one.peer, one.identity])))
      report(at, `${actor} went on with a new identity of ${one.peer} without red`)
    // A warning serves once: changing back is a change again.
    for (const identity of [before, one.identity]) warned.delete(JSON.stringify([actor, one.peer, identity]))
  })
}

/** I9. When all has come to rest, everybody holds the same of what is shared, or somebody was told of two truths. */
const convergence: Check = (history, report) => {
  const forked = new Set<string>()
  let views = new Map<string, Map<string, string>>()
  const viewsOf = (about: string): Map<string, string> => views.get(about) ?? new Map<string, string>()
  history.forEach((one, at) => {
    if (one.kind === "fork") forked.add(one.about)
    if (one.kind === "view") views.set(one.about, viewsOf(one.about).set(one.actor, one.head))
    if (one.kind !== "quiet") return
    for (const [about, heads] of views)
      if (new Set(heads.values()).size > 1 && !forked.has(about))
        report(at, `${[...heads.keys()].join(" and ")} hold different ${about}`)
    views = new Map()
  })
}

/** I11. Nothing grows past its limit. */
const bounded: Check = (history, report) => {
  history.forEach((one, at) => {
    if (one.kind === "size" && one.size > one.limit)
      report(at, `${one.actor} keeps ${one.size} ${one.what}, at most ${one.limit}`)
  })
}

/** I10. A refusal leaves the state as it was. */
const untouchedByRefusal: Check = (history, report) => {
  history.forEach((one, at) => {
    if (one.kind === "refused" && one.before !== one.after)
      report(at, `${one.actor} changed its state by a refusal`)
  })
}

const CHECKS: Readonly<Record<Invariant, Check>> = {
  I1: confidentiality,
  I2: authenticity,
  I3: atMostOnce,
  I4: checkOrder,
  I5: completeness,
  I6: nonceReuse,
  I7: membership,
  I8: noSilentKeyChange,
  I9: convergence,
  I10: untouchedByRefusal,
  I11: bounded,
}

/** @returns every violation found, by invariant, then by place; empty when the history is sound. */
export const checkHistory = (
  history: readonly HistoryRecord[],
  options: HistoryOptions = {},
): readonly Violation[] =>
  (Object.keys(CHECKS) as Invariant[]).flatMap((invariant) => {
    const found: Violation[] = []
    CHECKS[invariant](history, (at, message) => found.push({ invariant, at, message }), options)
    return found
  })

/** @throws Error that lists what broke, with the run's replay line first. */
export const assertHistory = (
  history: readonly HistoryRecord[],
  replay: string,
  options: HistoryOptions = {},
): void => {
  const found = checkHistory(history, options)
  if (found.length === 0) return
  const lines = found.slice(0, 20).map((one) => `${one.invariant} at record ${one.at}: ${one.message}`)
  throw new Error([`replay: ${replay}`, ...lines, `${found.length} violations in all`].join("\n"))
}
