/** A forged delivery, by itself: whatever else goes on stands still, so that what it changed can be seen. */
import type { Device } from "./device.ts"
import { SOUND } from "./disk.ts"
import { idle } from "./time.ts"
import { flipped } from "./tricks.ts"
import type { World } from "./world.ts"

/** Sessions and prekeys: what only something authentic may touch. */
const GUARDED = ["link", "prekey", "first", "own-identity"]

export const probe = async (world: World, victim: Device): Promise<void> => {
  const { evil, random, history, time } = world
  const genuine = evil.seen.filter(
    ({ frame, way, who }) => way === "down" && frame.type === "deliver" && who === victim.name,
  )
  if (genuine.length === 0 || victim.chat?.connection !== "online") return
  const { frame } = random.pick(genuine)
  if (frame.type !== "deliver") return
  const { faults } = victim
  victim.faults = SOUND
  await idle()
  const before = victim.disk.digest(...GUARDED)
  const envelopeId = random.random(16)
  try {
    evil.say(victim.name, { ...frame, envelopeId, body: flipped(frame.body, random) })
  } catch {
    return
  }
  await idle()
  const after = victim.disk.digest(...GUARDED)
  history.push({ kind: "refused", actor: victim.name, atMs: time.nowMs, before, after })
  victim.faults = faults
}
