/** What is recorded when all has come to rest: losses that were told, what is held in common, how much is kept. */
import type { HistoryRecord, SentRecord } from "@securechat/testkit"
import { MAX_QUEUE } from "@securechat/core/limits"
import type { Device } from "./device.ts"
import type { Figures } from "./report.ts"
import type { World } from "./world.ts"

export const account = async (world: World): Promise<Figures> => {
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
  const missed = await misses(world.devices)
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

/** What each was told is missing: numbers count what the sender's own store holds for them, in its order. */
const misses = async (devices: readonly Device[]): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  for (const { name, eyes } of devices)
    for (const { from, first, last } of eyes.gaps) {
      const texts = (await devices.find((one) => one.name === from)?.ownTexts(name)) ?? []
      for (const text of texts.slice(first - 1, last)) found.add(JSON.stringify([name, text]))
    }
  return found
}

/**
 * Does anybody know? What could not be read is told in its place. Where somebody on the way changed, lost or made up
 * frames, or an older store came back, a loss may stay unmended as long as the sender does not take it for delivered.
 */
const wasTold = ({ mix, devices }: World, record: SentRecord, to: string): boolean => {
  if (devices.find(({ name }) => name === to)?.eyes.unreadable.has(record.actor) === true) return true
  const sender = devices.find(({ name }) => name === record.actor)
  // Until its peers have told it, it numbers anew what it has numbered before: docs/decisions/0024-simulation.md
  if (sender?.eyes.restored === true) return true
  const status = sender?.eyes.mine.get(record.digest)?.status
  return (mix.hostile || mix.restores) && status !== "delivered" && status !== "read"
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
