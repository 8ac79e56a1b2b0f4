/** What time alone does: silence, slow readers, tokens, handles, forgotten accounts, full buckets. */
import { RELAY_CODE } from "@securechat/core/wire"
import { checkExpiry } from "../auth/decision.ts"
import { isFull } from "../limit/bucket.ts"
import type { BucketName } from "../limit/limits.ts"
import { end, releaseHandles } from "../routing/routes.ts"
import type { Ready } from "./state.ts"
import { entries, has, remove, values } from "./table.ts"
import type { Turn } from "./turn.ts"

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
    releaseHandles(turn, presence)
    turn.update({ presence: remove(turn.state.presence, account) })
  }
}

/** Every minute: what nobody will miss. */
export const onSweep = (turn: Turn): void => {
  let { buckets, accounts } = turn.state
  for (const [key, bucket] of entries(buckets)) {
    const name = key.slice(0, key.indexOf(":")) as BucketName
    if (isFull(bucket, turn.limits.buckets[name], turn.nowMs)) buckets = remove(buckets, key)
  }
  for (const [name, account] of entries(accounts)) {
    const away = !has(turn.state.presence, name)
    if (away && turn.nowMs - account.seenAtMs > turn.limits.messageTtlMs) accounts = remove(accounts, name)
  }
  turn.update({ buckets, accounts })
}
