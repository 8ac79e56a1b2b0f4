/** What time alone does: silence, slow readers, tokens, handles, forgotten accounts, full buckets. */
import { RELAY_CODE } from "@securechat/core/wire"
import { checkExpiry } from "../auth/decision.ts"
import { isFull } from "../limit/bucket.ts"
import type { BucketName } from "../limit/limits.ts"
import { end, forgetPresence } from "../routing/routes.ts"
import type { Ready } from "./state.ts"
import { entries, remove, set, values } from "./table.ts"
import type { Turn } from "./turn.ts"

/** How often the directory is told that an account is still here. */
const SEEN_MS = 3_600_000

const checkReady = (turn: Turn, ready: Ready): void => {
  const { idleMs, slowMs } = turn.limits
  const { blockedSinceMs } = ready.delivery
  if (turn.nowMs - ready.heardAtMs >= idleMs) end(turn, ready.id, RELAY_CODE.timeout)
  else if (blockedSinceMs !== undefined && turn.nowMs - blockedSinceMs >= slowMs)
    end(turn, ready.id, RELAY_CODE.slow)
  else checkExpiry(turn, ready)
}

/** Every second. */
export const onTick = (turn: Turn): void => {
  for (const connection of values(turn.state.connections))
    if (connection.phase === "ready") checkReady(turn, connection)
  for (const [account, presence] of entries(turn.state.presence)) {
    if (presence.freeAtMs === undefined || presence.freeAtMs > turn.nowMs) continue
    forgetPresence(turn, account, presence)
  }
}

/** Every minute: what nobody will miss. */
export const onSweep = (turn: Turn): void => {
  let { buckets, recipients } = turn.state
  for (const [key, bucket] of entries(buckets)) {
    const name = key.slice(0, key.indexOf(":")) as BucketName
    if (isFull(bucket, turn.limits.buckets[name], turn.nowMs)) buckets = remove(buckets, key)
  }
  for (const [key, untilMs] of entries(recipients))
    if (untilMs <= turn.nowMs) recipients = remove(recipients, key)
  turn.update({ buckets, recipients })
  markSeen(turn)
  turn.do({ type: "forget", beforeMs: turn.nowMs - turn.limits.messageTtlMs })
}

/** Accounts that have been here for long were not forgotten by anybody. */
const markSeen = (turn: Turn): void => {
  const due = entries(turn.state.presence).filter(([, { seenAtMs }]) => turn.nowMs - seenAtMs >= SEEN_MS)
  if (due.length === 0) return
  let { presence } = turn.state
  for (const [account, entry] of due) presence = set(presence, account, { ...entry, seenAtMs: turn.nowMs })
  turn.update({ presence })
  turn.do({ type: "seen", accounts: due.map(([account]) => account) })
}
