/** What is recorded when all has come to rest: losses that were told, what is held in common, how much is kept. */
import type { HistoryRecord, SentRecord } from "@securechat/testkit"
import { MAX_QUEUE } from "@securechat/core/limits"
import type { Device } from "./device.ts"
import type { Eyes } from "./eyes.ts"
import type { Figures } from "./report.ts"
import type { World } from "./world.ts"

export const account = (world: World): Figures => {
  const atMs = world.time.nowMs
  const add = (record: HistoryRecord): void => {
    world.history.push(record)
  }
  const delivered = new Set(
    world.history.flatMap((one) =>
      one.kind === "delivered" ? [JSON.stringify([one.actor, one.digest])] : [],
    ),
  )
  const sent = world.history.filter((one): one is SentRecord => one.kind === "sent" && one.to.length > 0)
  const missed = misses(world.devices)
  let lost = 0
  for (const record of sent) {
    const to = record.to[0]!
    if (delivered.has(JSON.stringify([to, record.digest]))) continue
    lost += 1
    const { sender, counter } = record
    const actor = record.actor
    if (missed.has(JSON.stringify([to, record.digest])) || wasTold(world, record, to))
      add({ kind: "failed", actor, atMs, sender, counter })
  }
  for (const device of world.devices) sizes(device, atMs, add)
  views(world, add)
  add({ kind: "canary", actor: "run", atMs, name: "the text of messages", bytes: Buffer.from(world.marker) })
  const seen = world.evil.seen.filter((one) => one.way === "up").map((one) => one.bytes)
  add({ kind: "saw", actor: "relay", atMs, where: "frames", bytes: Buffer.concat(seen) })
  add({ kind: "quiet", actor: "run", atMs })
  return { promised: sent.length, delivered: sent.length - lost, told: lost, frames: world.evil.seen.length }
}

/** What each was told is missing: the numbers are its sender's, for whom it wrote to. */
const misses = (devices: readonly Device[]): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const { name, account: recipient, eyes } of devices)
    for (const { from, first, last } of eyes.gaps) {
      const own = devices.find((one) => one.name === from)?.ownMessages() ?? []
      const missed = own.filter(
        ({ peer, sequence }) => peer === recipient && sequence >= first && sequence <= last,
      )
      for (const { text } of missed) found.add(JSON.stringify([name, text]))
    }
  return found
}

/**
 * Does its sender know, who was told that it failed or waits for a decision? All else has to be delivered, or named to its
 * recipient by number. Of what a put-back store cost, docs/decisions/0024-simulation.md says what stays: what was sent
 * before its recipient showed it that it is an old one carries numbers that recipient had already, and what its old sessions cannot open may stay
 * undelivered, as long as nobody takes it for delivered.
 */
const wasTold = ({ devices }: World, record: SentRecord, to: string): boolean => {
  const eyesOf = (name: string): Eyes | undefined => devices.find((one) => one.name === name)?.eyes
  const [sender, recipient] = [eyesOf(record.actor), eyesOf(to)]
  const status = sender?.mine.get(record.digest)?.status
  if (status === "failed" || status === "held") return true
  if (sender?.restored === true && !sender.knewPutBack(record.peer ?? "", record.atMs)) return true
  const hasOldSessions = sender?.restored === true || recipient?.restored === true
  return hasOldSessions && status !== "delivered" && status !== "read"
}

const sizes = (device: Device, atMs: number, add: (record: HistoryRecord) => void): void => {
  const size = (what: string, table: string, limit: number): void => {
    add({ kind: "size", actor: device.name, atMs, what, size: device.disk.under([table]).length, limit })
  }
  size("remembered envelopes", "envelope", 2_048)
  size("waiting messages", "outbox", MAX_QUEUE)
  size("prekeys", "prekey", 400)
}

/**
 * The session both speak on, once both have spoken after the last fault. After an older store came back the end of
 * that is further away than a run: keys are made anew once an hour.
 */
const views = ({ devices, lastSessions, time, mix }: World, add: (record: HistoryRecord) => void): void => {
  if (mix.restores) return
  for (const one of devices)
    for (const other of devices) {
      const head = lastSessions.get(`${one.name}>${other.account}`)
      const back = lastSessions.get(`${other.name}>${one.account}`)
      if (one === other || head === undefined || back === undefined) continue
      const about = `sessions of ${[one.name, other.name].toSorted().join(" and ")}`
      add({ kind: "view", actor: one.name, atMs: time.nowMs, about, head })
    }
}
